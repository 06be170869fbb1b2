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
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"linevault/storage/durable"
)

// ErrNoRun is a folder with no whole backup in it.
var ErrNoRun = errors.New("there is no whole backup in this folder")

// Restore makes the store of the newest run in a folder again, in dir, which must be empty or
// not there. A file of which the backup is damaged is not made, and named in the error; all
// others are. The root key it does not make: the backup has none.
func Restore(folder, dir string, progress Progress) (made time.Time, files int, err error) {
	runs, broken, err := Runs(folder)
	if err != nil {
		return made, 0, err
	}
	if len(runs) == 0 {
		return made, 0, fmt.Errorf("restore from %s: %w (%d damaged)", folder, ErrNoRun, len(broken))
	}
	run := runs[len(runs)-1]
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return made, 0, fmt.Errorf("restore: %w", err)
	}
	if list, err := os.ReadDir(dir); err != nil || len(list) > 0 {
		why := "is not empty"
		if _, err := os.Lstat(filepath.Join(dir, "format")); errors.Is(err, fs.ErrNotExist) {
			why += " and no store, such as a restore leaves that was cut off: remove it, or"
		} else {
			why += ":"
		}
		return made, 0, fmt.Errorf("restore: %s %s name an empty folder; nothing was changed", dir, why)
	}
	var total, done int64
	for _, f := range run.Files {
		total += f.Size
	}
	for _, sub := range []string{"segments", "keys", "keys/parts", "ledger"} {
		if err := os.MkdirAll(filepath.Join(dir, sub), 0o700); err != nil {
			return made, 0, fmt.Errorf("restore: %w", err)
		}
	}
	// The format comes last: a folder without it is no store, and a restore that was cut off
	// cannot pass for one.
	slices.SortStableFunc(run.Files, func(a, b File) int { return last(a) - last(b) })
	var errs []error
	for _, f := range run.Files {
		if err := restore(folder, dir, f); err != nil {
			errs = append(errs, fmt.Errorf("restore %s: %w", f.Path, err))
			if errors.Is(err, unix.ENOSPC) || errors.Is(err, unix.EDQUOT) {
				break // so would all others
			}
		} else {
			files++
		}
		if done += f.Size; progress != nil {
			progress(done, total)
		}
	}
	return run.Made, files, errors.Join(errs...)
}

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
	if err != nil {
		return fmt.Errorf("the backup of it is not whole: %w", err)
	}
	defer r.Close()
	_, err = io.Copy(w, r)
	return err
}

// rootPath is where a store has its root key.
func rootPath(dir string) string { return filepath.Join(dir, "keys", "root") }

// SaveRoot copies the root key of the store in dir to a file, which must not be there yet, nor
// lie in the backup's folder.
func SaveRoot(dir, file, folder string) error {
	if within(file, folder) {
		return fmt.Errorf("%s lies in the backup: who finds both together can hear every call; name a file elsewhere", file)
	}
	if _, err := os.Lstat(file); err == nil {
		return fmt.Errorf("%s is there already: name a new file", file)
	}
	b, err := os.ReadFile(rootPath(dir))
	if err != nil {
		return fmt.Errorf("copy the root key: %w", err)
	}
	defer clear(b)
	if strings.HasPrefix(string(b), rootWords+"tpm ") {
		return errors.New("the root key is in the TPM, which gives no copies: name recovery recipients in the configuration, whose copy is in every backup")
	}
	return put(file, b)
}

// CheckRoot sees that a file is one that SaveRoot wrote.
func CheckRoot(file string) error {
	f, err := os.Open(file)
	if err != nil {
		return fmt.Errorf("the root key: %w", err)
	}
	defer f.Close()
	head := make([]byte, len(rootWords))
	if n, _ := io.ReadFull(f, head); string(head[:n]) != rootWords {
		return fmt.Errorf("%s is no root key: name the file that `linevault backup --with-root` made; nothing was restored", file)
	}
	return nil
}

// PutRoot gives a restored store its root key, from a file that SaveRoot wrote.
func PutRoot(dir, file string) error {
	b, err := os.ReadFile(file)
	if err != nil {
		return fmt.Errorf("the root key: %w", err)
	}
	defer clear(b)
	if _, err := os.Lstat(rootPath(dir)); err == nil {
		return fmt.Errorf("%s has a root key already", dir)
	}
	return errors.Join(put(rootPath(dir), b), durable.SyncFolder(dir))
}
