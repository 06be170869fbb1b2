package backup

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"

	"golang.org/x/sys/unix"
)

// ErrNoRun is a folder with no whole backup in it.
var ErrNoRun = errors.New("there is no whole backup in this folder")

// Choose is the newest run in a folder, or, where at is not zero, the newest that was made up to
// then by the clock of the box, to the second.
func Choose(folder string, at time.Time) (*Run, error) {
	runs, broken, err := Runs(folder)
	if err != nil {
		return nil, err
	}
	if len(runs) == 0 {
		return nil, fmt.Errorf("restore from %s: %w (%d damaged)", folder, ErrNoRun, len(broken))
	}
	if at.IsZero() {
		return &runs[len(runs)-1], nil
	}
	slices.SortStableFunc(runs, func(a, b Run) int { return a.Made.Compare(b.Made) })
	for i := len(runs) - 1; i >= 0; i-- {
		if !runs[i].Made.Truncate(time.Second).After(at) {
			return &runs[i], nil
		}
	}
	return nil, fmt.Errorf("restore from %s: the oldest backup in it was made on %s: name that day and time, or a later one",
		folder, local(runs[0].Made))
}

func local(t time.Time) string { return t.Local().Format(time.DateTime) }

// Restore makes the store of the newest run in a folder again.
func Restore(folder, dir string, progress Progress) (made time.Time, files int, err error) {
	run, err := Choose(folder, time.Time{})
	if err != nil {
		return made, 0, err
	}
	files, err = run.Restore(folder, dir, progress)
	return run.Made, files, err
}

// Restore makes the store of a run in a folder again, in dir, which must be empty or not there. A
// file of which the backup is damaged is not made, and named in the error, a DamagedError; all
// others are. The root key it does not make: the backup has none.
func (r *Run) Restore(folder, dir string, progress Progress) (files int, err error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return 0, fmt.Errorf("restore: %w", err)
	}
	if list, err := os.ReadDir(dir); err != nil || len(list) > 0 {
		why := "is not empty"
		if _, err := os.Lstat(filepath.Join(dir, "format")); errors.Is(err, fs.ErrNotExist) {
			why += " and no store, such as a restore leaves that was cut off: remove it, or"
		} else {
			why += ":"
		}
		return 0, fmt.Errorf("restore: %s %s name an empty folder; nothing was changed", dir, why)
	}
	var total, done int64
	for _, f := range r.Files {
		total += f.Size
	}
	for _, sub := range []string{"segments", "keys", "keys/parts", "ledger"} {
		if err := os.MkdirAll(filepath.Join(dir, sub), 0o700); err != nil {
			return 0, fmt.Errorf("restore: %w", err)
		}
	}
	// The format comes last: a folder without it is no store, and a restore that was cut off
	// cannot pass for one.
	list := slices.Clone(r.Files)
	slices.SortStableFunc(list, func(a, b File) int { return last(a) - last(b) })
	var damaged DamagedError
	for _, f := range list {
		if err := restore(folder, dir, f); errors.Is(err, unix.ENOSPC) || errors.Is(err, unix.EDQUOT) {
			return files, fmt.Errorf("restore %s: %w", f.Path, err) // so would all others
		} else if err != nil {
			damaged = append(damaged, fmt.Errorf("restore %s: %w", f.Path, err))
		} else {
			files++
		}
		if done += f.Size; progress != nil {
			progress(done, total)
		}
	}
	if len(damaged) > 0 {
		return files, damaged
	}
	return files, nil
}

// DamagedError is files that could not be restored; all others were.
type DamagedError []error

func (e DamagedError) Error() string { return errors.Join(e...).Error() }

// Unwrap gives what is wrong with each.
func (e DamagedError) Unwrap() []error { return e }

func last(f File) int {
	if f.Path == "format" {
		return 1
	}
	return 0
}

// restore makes one file, and checks every byte of it.
func restore(folder, dir string, f File) error {
	path := filepath.Join(dir, filepath.FromSlash(f.Path))
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	return putFrom(path, func(w io.Writer) error {
		whole := sha256.New()
		for _, b := range f.Blobs {
			if err := pour(io.MultiWriter(w, whole), blobPath(folder, b.SHA256)); err != nil {
				return err
			}
		}
		if hex.EncodeToString(whole.Sum(nil)) != f.SHA256 {
			return errors.New("the backup of it is damaged: use another copy of the backup")
		}
		return nil
	})
}

func pour(w io.Writer, path string) error {
	r, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		if aside, err2 := os.Open(path + damagedSuffix); err2 == nil {
			r, err = aside, nil // it may be that only the disk stumbled; the file's sum tells
		}
	}
	if err != nil {
		return fmt.Errorf("the backup of it is not whole: %w", err)
	}
	defer r.Close()
	_, err = io.Copy(w, r)
	return err
}
