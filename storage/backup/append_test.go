package backup

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
	"time"

	"linevault/storage/storagetest"
)

// everything is each file of a folder.
func everything(t *testing.T, folder string) map[string]string {
	t.Helper()
	files := map[string]string{}
	must(t, filepath.WalkDir(folder, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := os.ReadFile(path)
		files[path] = string(b)
		return err
	}))
	return files
}

// TestAppendOnly: no run changes or removes what another wrote, and what did not change is
// not copied again.
func TestAppendOnly(t *testing.T) {
	dir, folder := storagetest.New(t), filepath.Join(t.TempDir(), "backup")
	var before map[string]string
	for i := range 4 {
		w := writer(t, dir)
		record(t, w, i, i+1)
		must(t, w.Close())
		enter(t, dir, "test")
		back(t, dir, folder)
		if r := back(t, dir, folder); r.Copied != 0 {
			t.Errorf("nothing changed and %d bytes were copied", r.Copied)
		}
		now := everything(t, folder)
		for path, b := range before {
			if now[path] != b {
				t.Errorf("%s changed", path)
			}
		}
		before = now
	}
	runs, broken, err := Runs(folder)
	must(t, err)
	if len(runs) != 8 || len(broken) != 0 {
		t.Errorf("%d runs, %d broken", len(runs), len(broken))
	}
	if f := runs[7].find("ledger/entries"); f == nil || len(f.Blobs) != 4 {
		t.Errorf("the ledger grew three times: %+v", f)
	}
}

// TestResume: a run that was cut off anywhere leaves what the next one goes on from; a blob
// that it left damaged is made again.
func TestResume(t *testing.T) {
	dir, folder := storagetest.New(t), filepath.Join(t.TempDir(), "backup")
	w := writer(t, dir)
	record(t, w, 0, 3)
	must(t, w.Close())
	stop := errors.New("cut off")
	for cut := range 6 {
		func() {
			defer func() { _ = recover() }() // stands for the process's death
			steps := 0
			_, err := Make(dir, folder, time.Now(), func(int64, int64) {
				if steps++; steps > cut {
					panic(stop)
				}
			})
			must(t, err)
		}()
		if runs, _, err := Runs(folder); err != nil || len(runs) != 0 {
			t.Fatalf("cut off after %d steps: %d runs, %v", cut, len(runs), err)
		}
	}
	blobs, err := filepath.Glob(filepath.Join(folder, blobsDir, "*", "*"))
	must(t, err)
	if len(blobs) < 2 {
		t.Fatalf("%d blobs", len(blobs))
	}
	must(t, os.WriteFile(blobs[0], []byte("torn"), 0o600))
	r := back(t, dir, folder)
	if r.Copied == 0 || r.Copied >= r.Bytes {
		t.Errorf("%+v", r)
	}
	again := filepath.Join(t.TempDir(), "again")
	if _, _, err := Restore(folder, again, nil); err != nil {
		t.Error(err)
	}
}
