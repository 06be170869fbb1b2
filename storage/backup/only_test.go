package backup

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"linevault/storage/storagetest"
)

// setAppendOnly lets the folders of a backup be added to and nothing else (chattr +a), or not so.
func setAppendOnly(folder string, on bool) error {
	return filepath.WalkDir(folder, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.IsDir() {
			return err
		}
		f, err := os.Open(path)
		if err != nil {
			return err
		}
		defer f.Close()
		flags, err := unix.IoctlGetInt(int(f.Fd()), unix.FS_IOC_GETFLAGS)
		if err != nil {
			return err
		}
		const appendOnly = 0x20 // FS_APPEND_FL
		if flags &^= appendOnly; on {
			flags |= appendOnly
		}
		return unix.IoctlSetPointerInt(int(f.Fd()), unix.FS_IOC_SETFLAGS, flags)
	})
}

// A folder from which the system lets nothing be removed or renamed takes a backup.
func TestAppendOnlyFolder(t *testing.T) {
	dir, folder := storagetest.New(t), t.TempDir()
	for i := range 3 {
		w := writer(t, dir)
		record(t, w, 2*i, 2*i+2)
		must(t, w.Close())
		_, err := Make(dir, folder, time.Now(), nil)
		must(t, err)
		err = setAppendOnly(folder, true)
		if i == 0 {
			t.Cleanup(func() { must(t, setAppendOnly(folder, false)) })
		}
		if errors.Is(err, unix.EPERM) || errors.Is(err, unix.ENOTTY) || errors.Is(err, unix.EOPNOTSUPP) {
			t.Skipf("NOT PROVED: %s cannot be made append-only here: %v", folder, err)
		}
		must(t, err)
		if err := os.Rename(filepath.Join(folder, readme), filepath.Join(folder, "x")); err == nil {
			t.Fatal("the folder is not append-only")
		}
	}
	again := filepath.Join(t.TempDir(), "again")
	_, _, err := Restore(folder, again, nil)
	must(t, err)
	must(t, os.WriteFile(rootPath(again), must1(os.ReadFile(rootPath(dir))), 0o600))
	if got, want := sounds(t, again), sounds(t, dir); len(got) != 6 || len(want) != 6 {
		t.Errorf("%d calls of %d", len(got), len(want))
	}
}

func must1(b []byte, err error) []byte {
	if err != nil {
		panic(err)
	}
	return b
}
