// Package durable writes files that a crash or a power cut leaves whole: as they were before, or
// as they were to become.
package durable

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"
)

// Suffix ends the name under which a file is made, beside its own. A crash leaves such a file,
// which nobody reads; the next write of the same file takes its place.
const Suffix = ".tmp"

// Write puts b in the place of a file, for its owner's eyes.
func Write(path string, b []byte) error {
	return Fill(path, 0o600, func(f *os.File) error {
		_, err := f.Write(b)
		return err
	})
}

// Fill puts what fill writes in the place of a file. After an error the file is as it was, and
// nothing lies beside it; but where only the fsync of its folder failed, the new one is there.
// Nobody else may write the same file meanwhile.
func Fill(path string, mode fs.FileMode, fill func(f *os.File) error) error {
	temp := path + Suffix
	f, err := create(temp, mode)
	if err != nil {
		return err
	}
	if err = fill(f); err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err == nil {
		err = os.Rename(temp, path)
	}
	if err != nil {
		_ = os.Remove(temp) // what matters is said by err
		return err
	}
	return SyncFolder(filepath.Dir(path))
}

// create makes a temporary file in the place of what a crash left, whatever that is.
func create(temp string, mode fs.FileMode) (*os.File, error) {
	const flags = os.O_RDWR | os.O_CREATE | os.O_EXCL
	f, err := os.OpenFile(temp, flags, mode)
	if errors.Is(err, fs.ErrExist) {
		if err := unix.Unlink(temp); err != nil { // which removes no folder
			return nil, &fs.PathError{Op: "remove", Path: temp, Err: err}
		}
		f, err = os.OpenFile(temp, flags, mode)
	}
	return f, err
}

// New makes a file that is not there yet, for its owner's eyes, and leaves alone one that is: the
// error is fs.ErrExist then. After any other error there is none.
func New(path string, b []byte) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(b)
	if err = errors.Join(err, f.Sync(), f.Close(), SyncFolder(filepath.Dir(path))); err != nil {
		_ = os.Remove(path) // what was written of it is worth nothing
	}
	return err
}

// Sweep removes from a folder what crashes left of files whose names are of a form, for names
// that do not come again. Nobody may write such a file meanwhile.
func Sweep(folder string, form func(name string) bool) error {
	list, err := os.ReadDir(folder)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	for _, e := range list {
		if name, temp := strings.CutSuffix(e.Name(), Suffix); temp && form(name) {
			err = errors.Join(err, os.Remove(filepath.Join(folder, e.Name())))
		}
	}
	return err
}
