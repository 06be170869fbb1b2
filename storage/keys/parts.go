package keys

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"

	"linevault/storage/durable"
	"linevault/storage/keys/journal"
	"linevault/storage/seal"
)

// PartFile is the growing file of one period's locked part keys. One goroutine at a time
// may use it. Its torn tail is stepped over, as package journal says.
type PartFile struct {
	file *os.File
	// unsynced is what was appended since the last Sync that went well. When an fsync
	// fails, Linux forgets what was not written; so that is appended again.
	unsynced []byte
	again    bool
}

func partPath(dir string, p period) string {
	return filepath.Join(folder(dir), partsName, string(p.day)+"."+p.class)
}

// OpenPartFile opens the part file of a period to append to it, and makes it where there is none.
func OpenPartFile(dir, class string, day Day) (*PartFile, error) {
	p := period{class: class, day: day}
	if err := p.check(); err != nil {
		return nil, err
	}
	path := partPath(dir, p)
	if err := durable.MakeFolder(filepath.Dir(path)); err != nil {
		return nil, fmt.Errorf("part keys of %s: %w", p, err)
	}
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_APPEND|unix.O_NOFOLLOW, 0o600)
	if err != nil {
		return nil, fmt.Errorf("part keys of %s: %w", p, err)
	}
	info, err := f.Stat()
	if err == nil && info.Size() == 0 { // it may be new
		err = durable.SyncFolder(filepath.Dir(path))
	}
	if err != nil {
		f.Close()
		return nil, fmt.Errorf("part keys of %s: %w", p, err)
	}
	return &PartFile{file: f}, nil
}

// Append adds a part's locked key. It is not safe until Sync. After an error of Append or
// Sync the next Sync tries again with all that is not yet safe.
func (f *PartFile) Append(part seal.PartID, l seal.Locked) error {
	from := len(f.unsynced)
	f.unsynced = journal.Append(f.unsynced, append(part[:], l...))
	if f.again {
		return nil // Sync writes it
	}
	if _, err := f.file.Write(f.unsynced[from:]); err != nil {
		f.again = true
		return fmt.Errorf("append to %s: %w", f.file.Name(), err)
	}
	return nil
}

// Sync returns once every key appended so far is on disk.
func (f *PartFile) Sync() error {
	if len(f.unsynced) == 0 {
		return nil
	}
	if f.again {
		if _, err := f.file.Write(f.unsynced); err != nil {
			return fmt.Errorf("append to %s: %w", f.file.Name(), err)
		}
	}
	if err := datasync(f.file); err != nil {
		f.again = true
		return fmt.Errorf("fsync %s: %w", f.file.Name(), err)
	}
	f.unsynced, f.again = f.unsynced[:0], false
	return nil
}

// datasync is replaced by tests.
var datasync = func(f *os.File) error { return unix.Fdatasync(int(f.Fd())) }

// Close syncs and closes the file.
func (f *PartFile) Close() error {
	return errors.Join(f.Sync(), f.file.Close())
}

// ReadPartFile reads the locked part keys of a period; where it has none, the map is empty.
// What no crash-free writer leaves is stepped over: CheckPartFile tells of it.
func ReadPartFile(dir, class string, day Day) (map[seal.PartID]seal.Locked, error) {
	parts, _, err := CheckPartFile(dir, class, day)
	return parts, err
}

// CheckPartFile is ReadPartFile, and returns also the stretches of the files that hold no
// record. One at the end is what a crash leaves, and harmless: what lies there was never
// acknowledged. One in the middle is an earlier crash's, or damage.
func CheckPartFile(dir, class string, day Day) (map[seal.PartID]seal.Locked, []journal.Tear, error) {
	p := period{class: class, day: day}
	if err := p.check(); err != nil {
		return nil, nil, err
	}
	paths, err := partPaths(dir, p)
	if err != nil {
		return nil, nil, err
	}
	parts := make(map[seal.PartID]seal.Locked)
	var tears []journal.Tear
	for _, path := range paths {
		t, err := readPartFile(path, parts)
		tears = append(tears, t...)
		if err != nil {
			return nil, nil, fmt.Errorf("part keys of %s: %w", p, err)
		}
	}
	delete(parts, mark)
	return parts, tears, nil
}

// readPartFile adds the keys of one file that are not there yet: the first holds, for whoever
// can append must not take a key away.
func readPartFile(path string, parts map[seal.PartID]seal.Locked) ([]journal.Tear, error) {
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	return journal.Scan(f, 0, info.Size(), func(_ int64, b []byte) error {
		if len(b) < len(seal.PartID{}) {
			return nil
		}
		id := seal.PartID(b[:len(seal.PartID{})])
		if parts[id] == nil {
			parts[id] = append(make(seal.Locked, 0, len(b)-len(id)), b[len(id):]...)
		}
		return nil
	})
}
