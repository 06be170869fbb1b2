package backup

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/sys/unix"
)

// Verdict is what Verify found.
type Verdict struct {
	Runs    int      // whole lists of files
	Broken  []string // lists that are damaged; nothing can be restored by them
	Blobs   int      // contents that the whole lists name
	Bytes   int64    // of them
	Damaged []Damage
}

// OK reports whether every backup in the folder is whole.
func (v *Verdict) OK() bool { return len(v.Broken)+len(v.Damaged) == 0 }

// Kept is the first reason why a damaged content could not be set aside, or nil.
func (v *Verdict) Kept() error {
	for _, d := range v.Damaged {
		if d.Kept != nil {
			return d.Kept
		}
	}
	return nil
}

// Damage is a content that is not what its name says, or not there.
type Damage struct {
	Path  string // in the folder
	Why   string
	Files []Affected
	Kept  error // why it could not be set aside, so that the next run would copy it again; or nil
}

// Affected is a file of the store that cannot be restored, and the runs that have it so, oldest
// first.
type Affected struct {
	Path string
	Runs []*Run
}

// damagedSuffix follows the name of a blob that was found damaged.
const damagedSuffix = ".damaged"

// keptError is a damaged blob that keeps its name.
type keptError struct {
	path string
	err  error
}

func (e *keptError) Error() string {
	return fmt.Sprintf("%s is damaged and cannot be renamed: %v", e.path, e.err)
}

func (e *keptError) Unwrap() error { return e.err }

// setAside gives a damaged blob another name, so that its own is free. Nothing is removed: what
// was only read badly may be read well another day.
func setAside(path string) error {
	to := path + damagedSuffix
	for n := 2; ; n++ {
		if _, err := os.Lstat(to); errors.Is(err, fs.ErrNotExist) {
			break
		} else if err != nil {
			return &keptError{path, err}
		}
		to = fmt.Sprintf("%s%s-%d", path, damagedSuffix, n)
	}
	if err := os.Rename(path, to); errors.Is(err, fs.ErrNotExist) {
		return err
	} else if err != nil {
		return &keptError{path, err}
	}
	return nil
}

// Verify reads each content of a folder once and says which of it is damaged or missing. What is
// damaged it sets aside, so that the next run copies it again if the store still has it.
func Verify(folder string, progress Progress) (*Verdict, error) {
	runs, broken, err := Runs(folder)
	if err == nil && len(runs)+len(broken) == 0 {
		err = fmt.Errorf("%w: run a backup to its end; what one that was cut off copied, it does not copy again", ErrNoRun)
	}
	if err != nil {
		return nil, fmt.Errorf("verify %s: %w", folder, err)
	}
	v := &Verdict{Runs: len(runs), Broken: broken}
	blobs := named(runs)
	total := int64(0)
	for _, b := range blobs {
		total += b.Size
	}
	v.Blobs = len(blobs)
	for _, b := range blobs {
		d, err := verify(folder, b)
		if err != nil {
			return nil, fmt.Errorf("verify %s: %w", folder, err)
		}
		if d != nil {
			d.Files = affected(runs, b)
			v.Damaged = append(v.Damaged, *d)
		}
		if v.Bytes += b.Size; progress != nil {
			progress(v.Bytes, total)
		}
	}
	return v, nil
}

// named is the blobs that runs name, each once.
func named(runs []Run) (blobs []Blob) {
	seen := map[Blob]bool{}
	for _, r := range runs {
		for _, f := range r.Files {
			for _, b := range f.Blobs {
				if !seen[b] {
					seen[b] = true
					blobs = append(blobs, b)
				}
			}
		}
	}
	slices.SortFunc(blobs, func(a, b Blob) int { return strings.Compare(a.SHA256, b.SHA256) })
	return blobs
}

// verify looks at one blob.
func verify(folder string, b Blob) (*Damage, error) {
	path := blobPath(folder, b.SHA256)
	name, _ := filepath.Rel(folder, path) // it lies in the folder
	same, err := holds(path, b)
	switch {
	case errors.Is(err, unix.EIO), errors.Is(err, unix.EBADMSG):
		return &Damage{Path: name, Why: "cannot be read from the disk", Kept: setAside(path)}, nil
	case err != nil:
		return nil, err
	case same:
		return nil, nil
	}
	if err := setAside(path); !errors.Is(err, fs.ErrNotExist) {
		return &Damage{Path: name, Why: "is damaged", Kept: err}, nil
	}
	// It is missing. If it was set aside and is whole after all, it gets its name back.
	if same, err := holds(path+damagedSuffix, b); same && err == nil && os.Rename(path+damagedSuffix, path) == nil {
		return nil, nil
	}
	return &Damage{Path: name, Why: "is missing"}, nil
}

// affected is the files of runs that have a blob.
func affected(runs []Run, b Blob) (files []Affected) {
	for i := range runs {
		for _, f := range runs[i].Files {
			if !slices.Contains(f.Blobs, b) {
				continue
			}
			at := slices.IndexFunc(files, func(a Affected) bool { return a.Path == f.Path })
			if at < 0 {
				at, files = len(files), append(files, Affected{Path: f.Path})
			}
			files[at].Runs = append(files[at].Runs, &runs[i])
		}
	}
	return files
}
