package storage

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"

	"linevault/storage/segment"
)

// lockRecorder takes the lock that only one process has; the kernel lets go of it when the
// process ends, however that happens.
func lockRecorder(dir string) (*os.File, error) {
	f, err := os.OpenFile(filepath.Join(dir, lockFile), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, folderError(dir, err)
	}
	if err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil {
		pid := make([]byte, 20)
		n, _ := f.Read(pid) // who has it is only for the sentence
		_ = f.Close()       // nothing was written
		if errors.Is(err, unix.EWOULDBLOCK) {
			return nil, fmt.Errorf("another recorder is running on %s (pid %s): stop that one first, "+
				"or use another folder", dir, strings.TrimSpace(string(pid[:n])))
		}
		return nil, folderError(dir, err)
	}
	if err := f.Truncate(0); err == nil {
		_, err = fmt.Fprintln(f, os.Getpid())
		if err != nil {
			// The number is only for the sentence above: a full disk must not stop a recorder.
			return f, nil
		}
	}
	return f, nil
}

// tidy removes the temporary files of a recorder that was killed while it made a segment, and
// checks that the folder can be written.
func (w *Writer) tidy() error {
	dir := filepath.Join(w.dir, segmentsDir)
	list, err := os.ReadDir(dir)
	if err != nil {
		return folderError(w.dir, err)
	}
	for _, e := range list {
		if segment.IsTemp(e.Name()) {
			if err := os.Remove(filepath.Join(dir, e.Name())); err != nil {
				return folderError(w.dir, err)
			}
		}
	}
	if err := unix.Access(dir, unix.W_OK|unix.X_OK); err != nil {
		return folderError(w.dir, fmt.Errorf("%s: %w", segmentsDir, err))
	}
	return nil
}
