package keys

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// step is called before each change of the disk; tests stop there.
var step = func(string) {}

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
	step("fsync " + temp)
	if err := f.Sync(); err != nil {
		return err
	}
	step("rename " + temp)
	if err := os.Rename(temp, filepath.Join(folder, name)); err != nil {
		return err
	}
	step("fsync " + folder)
	return syncFolder(folder)
}

// syncFolder makes the names in a folder durable.
func syncFolder(folder string) error {
	d, err := os.Open(folder)
	if err != nil {
		return err
	}
	defer d.Close()
	if err := d.Sync(); err != nil {
		return fmt.Errorf("fsync %s: %w", folder, err)
	}
	return nil
}

// makeFolder makes a folder for our eyes only, where there is none.
func makeFolder(path string) error {
	if _, err := os.Stat(path); err == nil {
		return nil
	}
	step("mkdir " + path)
	if err := os.Mkdir(path, 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	step("fsync " + filepath.Dir(path))
	return syncFolder(filepath.Dir(path))
}

// lock waits until nobody else changes the keys of folder; unlock lets the next one in. A
// process that dies unlocks.
func lock(folder string) (unlock func(), err error) {
	path := filepath.Join(folder, lockName)
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|unix.O_NOFOLLOW, 0o600)
	if err != nil {
		return nil, err
	}
	for {
		err = unix.Flock(int(f.Fd()), unix.LOCK_EX)
		if err != unix.EINTR {
			break
		}
	}
	if err != nil {
		f.Close()
		return nil, fmt.Errorf("lock %s: %w", path, err)
	}
	return func() { f.Close() }, nil
}

// exists reports whether there is something of that name in folder.
func exists(folder, name string) (bool, error) {
	_, err := os.Lstat(filepath.Join(folder, name))
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	return err == nil, err
}
