package storage_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"linevault/storage"
	"linevault/storage/storagetest"
)

// TestSegmentRenamed puts another box's segment into the folder under a name of another day, and
// one of this box: neither passes for a segment that this box made, and it is said what to do.
func TestSegmentRenamed(t *testing.T) {
	other, dir := storagetest.New(t), t.TempDir()
	must(t, storage.Create(dir, []string{storagetest.Class}))
	for _, d := range []string{other, dir} {
		w, err := storage.OpenWriter(d, storage.WriterOptions{OnProblem: func(err error) { t.Error(err) }})
		must(t, err)
		record(t, w, 1, 2)
		must(t, w.Close())
	}
	for i, from := range []string{other, dir} {
		whole, err := filepath.Glob(filepath.Join(from, "segments", "*.seg"))
		if err != nil || len(whole) != 1 {
			t.Fatalf("%q, %v", whole, err)
		}
		b, err := os.ReadFile(whole[0])
		must(t, err)
		name := "2026-01-0" + string(rune('1'+i)) + "." + storagetest.Class + ".0001.seg"
		put := filepath.Join(dir, "segments", name)
		must(t, os.WriteFile(put, b, 0o600))
		r, err := storage.Check(dir, nil, storage.CheckOptions{})
		must(t, err)
		if len(r.Problems) != 1 || r.Problems[0].Breaks != storage.Ours || !strings.Contains(r.Problems[0].Text, name) ||
			!strings.Contains(r.Problems[0].Text, "move it out of the folder segments") {
			t.Errorf("%+v", r.Problems)
		}
		must(t, os.Remove(put))
	}
	storagetest.Check(t, dir, nil)
}
