// Package backup copies a store to a folder that only ever grows, and makes a store of such a
// folder again. What it copies is ciphertext and needs the root key to be read; the root key
// it never copies by itself.
package backup

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
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

// Format is the version of backup folders that this package writes and reads.
const Format = 1

// A backup folder has
//
//	README.txt                 what it is
//	blobs/ab/abcdef…           contents, named by their SHA-256, never changed
//	blobs/ab/abcdef….damaged   one that was found damaged, and set aside
//	runs/20261122T040506Z.json what a run found: each file as a list of blobs
//
// A file that only grew since the run before has one blob more, and one that did not change
// has the same. The last line of a run is the SHA-256 of the lines before it, so that one that
// is torn or damaged is known.
const (
	blobsDir = "blobs"
	runsDir  = "runs"
	readme   = "README.txt"
)

// Run is one backup.
type Run struct {
	Format int       `json:"format"`
	Number int       `json:"number,omitempty"` // one above the newest before; early runs have none
	Made   time.Time `json:"made"`
	Files  []File    `json:"files"`
	Left   []string  `json:"left,omitempty"` // segments that a recorder was writing
}

// File is one file of a store.
type File struct {
	Path   string    `json:"path"` // within the store, with slashes
	Size   int64     `json:"size"`
	SHA256 string    `json:"sha256"`
	Blobs  []Blob    `json:"blobs"`
	Mod    time.Time `json:"mod"`
}

// Blob is one content.
type Blob struct {
	SHA256 string `json:"sha256"`
	Size   int64  `json:"size"`
}

// Progress is told how far a run is, in bytes looked at of bytes there are.
type Progress func(done, total int64)

// blobPath is where a blob lies in a folder.
func blobPath(folder, sum string) string { return filepath.Join(folder, blobsDir, sum[:2], sum) }

// Runs lists the whole runs of a folder, oldest first, and the names of those that are not
// whole.
func Runs(folder string) (runs []Run, broken []string, err error) {
	list, err := os.ReadDir(filepath.Join(folder, runsDir))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil, nil
	}
	if err != nil {
		return nil, nil, fmt.Errorf("backup: %w", err)
	}
	for _, e := range list {
		if !strings.HasSuffix(e.Name(), ".json") {
			continue
		}
		b, err := os.ReadFile(filepath.Join(folder, runsDir, e.Name()))
		if err != nil {
			return nil, nil, fmt.Errorf("backup: %w", err)
		}
		r, err := decode(b)
		if _, newer := errors.AsType[*NewerError](err); newer {
			return nil, nil, err
		}
		if err != nil {
			broken = append(broken, e.Name())
			continue
		}
		runs = append(runs, *r)
	}
	slices.SortStableFunc(runs, inOrder)
	return runs, broken, nil
}

// NewerError is a folder that a newer Linevault wrote to.
type NewerError struct{ Format int }

func (e *NewerError) Error() string {
	return fmt.Sprintf("the backup is of format %d and this Linevault knows up to %d: use the newer one", e.Format, Format)
}

var errRun = errors.New("the list of files is damaged")

// encode is a run as it is written.
func (r *Run) encode() ([]byte, error) {
	b, err := json.MarshalIndent(r, "", " ")
	if err != nil {
		return nil, err
	}
	b = append(b, '\n')
	return fmt.Appendf(b, "%x\n", sha256.Sum256(b)), nil
}

// decode reads what encode wrote, and refuses what no encode wrote: paths lead into a store,
// and blobs are named as blobs are.
func decode(b []byte) (*Run, error) {
	end := len(b) - 2*sha256.Size - 1
	if end < 1 || fmt.Sprintf("%x\n", sha256.Sum256(b[:end])) != string(b[end:]) {
		return nil, errRun
	}
	r := new(Run)
	if err := json.Unmarshal(b[:end], r); err != nil {
		return nil, errRun
	}
	if r.Format > Format {
		return nil, &NewerError{r.Format}
	}
	if r.Number < 0 {
		return nil, errRun
	}
	for _, f := range r.Files {
		size := int64(0)
		for _, blob := range f.Blobs {
			if !isSum(blob.SHA256) || blob.Size < 0 {
				return nil, errRun
			}
			size += blob.Size
		}
		if !filepath.IsLocal(filepath.FromSlash(f.Path)) || size != f.Size || !isSum(f.SHA256) {
			return nil, errRun
		}
	}
	return r, nil
}

func isSum(s string) bool {
	b, err := hex.DecodeString(s)
	return err == nil && len(b) == sha256.Size && s == strings.ToLower(s)
}

// inOrder compares runs by when they were made. Their numbers say so, and not the clock, which may
// have been set back; those without a number came before there were any.
func inOrder(a, b Run) int {
	return cmp.Or(cmp.Compare(a.Number, b.Number), a.Made.Compare(b.Made))
}

// find is the file of a path in a run that may be nil.
func (r *Run) find(path string) *File {
	if r == nil {
		return nil
	}
	i, ok := slices.BinarySearchFunc(r.Files, path, func(f File, p string) int { return strings.Compare(f.Path, p) })
	if !ok {
		return nil
	}
	return &r.Files[i]
}

// put writes a file whole or not at all, for its owner's eyes.
func put(path string, b []byte) error {
	return putFrom(path, func(w io.Writer) error {
		_, err := w.Write(b)
		return err
	})
}

func putFrom(path string, fill func(io.Writer) error) error {
	done, err := link(path, fill)
	switch {
	case err != nil:
		return err
	case !done:
		return durable.Fill(path, 0o600, func(f *os.File) error { return fill(f) })
	}
	return durable.SyncFolder(filepath.Dir(path))
}

// link makes a file that has no name until it is whole, and then gives it one. That is all that
// a folder allows to which files can only be added (chattr +a). It reports whether it is done:
// some file systems have no files without names, and a name that is taken cannot be given.
func link(path string, fill func(io.Writer) error) (done bool, err error) {
	f, err := os.OpenFile(filepath.Dir(path), unix.O_TMPFILE|os.O_WRONLY, 0o600)
	if err != nil {
		return false, nil
	}
	defer f.Close()
	if err := errors.Join(fill(f), f.Sync()); err != nil {
		return false, err
	}
	self := fmt.Sprintf("/proc/self/fd/%d", f.Fd())
	return unix.Linkat(unix.AT_FDCWD, self, unix.AT_FDCWD, path, unix.AT_SYMLINK_FOLLOW) == nil, nil
}
