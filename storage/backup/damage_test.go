package backup

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"linevault/storage/storagetest"
)

// TestDamage: what is damaged in a backup is named, and all else is made.
func TestDamage(t *testing.T) {
	dir, folder := storagetest.New(t), filepath.Join(t.TempDir(), "backup")
	for i := range 2 {
		w := writer(t, dir)
		record(t, w, i, i+1)
		must(t, w.Close())
	}
	whole := back(t, dir, folder)
	runs, _, err := Runs(folder)
	must(t, err)
	bad := runs[0].Files[len(runs[0].Files)-1]
	path := blobPath(folder, bad.Blobs[0].SHA256)
	b, err := os.ReadFile(path)
	must(t, err)
	b[len(b)/2] ^= 1
	must(t, os.WriteFile(path, b, 0o600))
	again := filepath.Join(t.TempDir(), "again")
	_, files, err := Restore(folder, again, nil)
	if err == nil || !strings.Contains(err.Error(), bad.Path+": the backup of it is damaged") || files != whole.Files-1 {
		t.Errorf("%d files, %v", files, err)
	}
	if _, err := os.Stat(filepath.Join(again, filepath.FromSlash(bad.Path))); err == nil {
		t.Error("the damaged file was made")
	}
	if _, _, err := Restore(folder, again, nil); err == nil || !strings.Contains(err.Error(), "not empty") {
		t.Error(err)
	}
	list, err := filepath.Glob(filepath.Join(folder, runsDir, "*"))
	must(t, err)
	b, err = os.ReadFile(list[0])
	must(t, err)
	must(t, os.WriteFile(list[0], b[:len(b)-1], 0o600))
	if _, _, err := Restore(folder, filepath.Join(t.TempDir(), "x"), nil); !errors.Is(err, ErrNoRun) {
		t.Error(err)
	}
}

func FuzzDecode(f *testing.F) {
	r := Run{Format: Format, Number: 3, Files: []File{{Path: "a/b", Size: 1, SHA256: strings.Repeat("0", 64), Blobs: []Blob{{strings.Repeat("a", 64), 1}}}}}
	b, err := r.encode()
	must(f, err)
	f.Add(b[:len(b)-65])
	f.Add([]byte(`{"files":[{"path":"../x"}]}` + "\n"))
	f.Add([]byte(`{"number":-1}` + "\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		r, err := decode(fmt.Appendf(bytes.Clone(b), "%x\n", sha256.Sum256(b)))
		if err != nil {
			return
		}
		if r.Number < 0 {
			t.Fatalf("number %d", r.Number)
		}
		for _, file := range r.Files {
			if path := filepath.Join("store", filepath.FromSlash(file.Path)); !strings.HasPrefix(path, "store") {
				t.Fatalf("%q leads out of the store", file.Path)
			}
			for _, blob := range file.Blobs {
				if !strings.HasPrefix(blobPath("folder", blob.SHA256), filepath.Join("folder", blobsDir)) {
					t.Fatalf("%q leads out of the folder", blob.SHA256)
				}
			}
		}
	})
}
