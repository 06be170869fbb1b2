package keys

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"

	"linevault/storage/durable"
	"linevault/storage/internal/crash"
)

// step is called before each change of the disk; tests stop there.
var step = crash.At

// write puts b in the place of the named file of folder, so that after a crash there is
// either the old file or the new one, whole: temporary file, fsync, rename, fsync of the
// folder. Writers hold the lock, so the temporary file is theirs alone.
func write(folder, name string, b []byte) error {
	temp := filepath.Join(folder, name+".tmp")
	step("make " + temp)
	f, err := os.OpenFile(temp, os.O_WRONLY|os.O_CREATE|os.O_TRUNC|unix.O_NOFOLLOW, 0o600)
	if err != nil {
		return err
	}
	defer f.Close()
	if err := f.Chmod(0o600); err != nil { // an old temporary file may have been looser
		return err
	}
	step("write " + temp)
	if _, err := f.Write(b); err != nil {
		return err
	}
	if err := fsync(f); err != nil {
		return err
	}
	step("rename " + temp)
	if err := os.Rename(temp, filepath.Join(folder, name)); err != nil {
		return err
	}
	step("fsync " + folder)
	return durable.SyncFolder(folder)
}

func fsync(f *os.File) error {
	step("fsync " + f.Name())
	return f.Sync()
}

// exists reports whether there is something of that name in folder.
func exists(folder, name string) (bool, error) {
	_, err := os.Lstat(filepath.Join(folder, name))
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	return err == nil, err
}
