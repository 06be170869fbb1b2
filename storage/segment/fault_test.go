package segment

import (
	"os"
	"path/filepath"
	"testing"

	"linevault/storage/seal"
)

// Pages that vanish under the writer's mapping, as a bad sector's do, are errors: neither
// reading nor committing ends the process, nothing waits for ever, and readers get the file.
func TestFault(t *testing.T) {
	dir := t.TempDir()
	w, err := Create(dir, name, 1<<20)
	if err != nil {
		t.Fatal(err)
	}
	_, entries := fill(t, w, 100, func(int) int { return 1500 })
	if err := w.Commit(); err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(filepath.Join(dir, name.String()), 2*pageSize); err != nil {
		t.Fatal(err)
	}
	if _, _, err := w.Read(entries[0].Offsets[:1], 1); err == nil {
		t.Error("a page that is not there was read")
	}
	w.Append(Head{Number: 1, Box: 50, Kind: seal.Sound}, []byte("box"))
	if err := w.Commit(); err == nil {
		t.Error("a commit on pages that are not there went well")
	}
	if err := w.Abandon(); err != nil {
		t.Error(err)
	}
	if r, err := Open(dir, name.String()); err == nil {
		r.Verify(func(error) {})
		if err := r.Close(); err != nil {
			t.Error(err)
		}
	}
}
