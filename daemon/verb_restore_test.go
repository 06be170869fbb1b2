package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// TestRestoreDamaged: of a backup of which the one segment is damaged all that is whole comes back
// with the root key, and opens: it is said which file is missing.
func TestRestoreDamaged(t *testing.T) {
	tmp := t.TempDir()
	dir, to, root := filepath.Join(tmp, "data"), filepath.Join(tmp, "backup"), filepath.Join(tmp, "root")
	lost := strings.Fields(must(t, "replay", "--data", dir, speechFile(t, 3)))
	must(t, "replay", "--data", dir, speechFile(t, 1))
	must(t, "backup", "--data", dir, "--to", to, "--with-root", root)
	blobs, err := filepath.Glob(filepath.Join(to, "blobs", "*", "*"))
	if err != nil {
		t.Fatal(err)
	}
	size := func(path string) int64 {
		info, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		return info.Size()
	}
	segment := slices.MaxFunc(blobs, func(a, b string) int { return int(size(a) - size(b)) })
	b, err := os.ReadFile(segment)
	if err != nil {
		t.Fatal(err)
	}
	b[len(b)/2] ^= 1
	if err := os.WriteFile(segment, b, 0o600); err != nil {
		t.Fatal(err)
	}
	if said := fails(t, exitFailed, "restore", "--from", to, "--data", dir+"2", "--root", root); !strings.Contains(said, "the backup of it is damaged") {
		t.Error(said)
	}
	if said := must(t, "calls", "--data", dir+"2"); strings.Count(said, "file end") != 1 || strings.Contains(said, lost[len(lost)-1]) {
		t.Errorf("what was not damaged: %s", said)
	}
}
