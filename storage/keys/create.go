package keys

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"linevault/storage/durable"
	"linevault/storage/keys/journal"
)

// Create makes the keys of a store where there are none: the root key, the ring, and the
// keys of each class for today and the days Ahead. What there is stays as it is; where the
// root key or the ring is missing from a store that had them, it makes nothing and says so.
// The folder dir must exist.
func Create(dir string, classes []string, now time.Time) error {
	return CreateAs(dir, classes, now, Arrangement{})
}

// CreateAs is Create with the root key where it is to live, and wrapped for those who can bring
// it back. In a store that is there, that is left to Arrange.
func CreateAs(dir string, classes []string, now time.Time, a Arrangement) error {
	folder := folder(dir)
	if a.Recovery != nil {
		if err := a.Recovery.Check(); err != nil {
			return err
		}
	}
	if err := durable.MakeFolder(folder); err != nil {
		return fmt.Errorf("make the folder of keys: %w", err)
	}
	if err := createRing(folder, a); err != nil {
		return err
	}
	k, err := OpenRing(dir)
	if err != nil {
		return err
	}
	return k.Ensure(classes, now)
}

// createRing makes root key and ring. A crash in between leaves a root key without a ring,
// which is then made; a ring without its root key is never ours.
func createRing(folder string, a Arrangement) error {
	unlock, err := journal.Lock(filepath.Join(folder, lockName))
	if err != nil {
		return err
	}
	defer unlock()
	hasRoot, err := exists(folder, rootName)
	if err != nil {
		return err
	}
	hasRing, err := exists(folder, ringName)
	if err != nil {
		return err
	}
	used, err := inUse(folder)
	if err != nil {
		return err
	}
	switch {
	case hasRoot && hasRing:
		return nil
	case !hasRoot && (hasRing || used):
		return (&Ring{folder: folder}).locked(fmt.Errorf("%s: %w", filepath.Join(folder, rootName), ErrRootMissing))
	case !hasRing && used:
		return (&Ring{folder: folder}).locked(fmt.Errorf("%s: %w", filepath.Join(folder, ringName), ErrRingMissing))
	}
	var r root
	if hasRoot {
		r, _, err = readRoot(folder)
	} else {
		r = newRoot()
		err = r.create(folder, a)
	}
	if err != nil {
		return err
	}
	fresh := ringFile{store: newSecret(), periods: map[period][]byte{}, rotated: time.Now()}
	if a.Recovery != nil {
		fresh.plan = *a.Recovery
	}
	if err := write(folder, ringName, newRingKey(r).encode(fresh)); err != nil {
		return fmt.Errorf("write the keyring: %w", err)
	}
	return nil
}

// create writes the first root key of a store where it is to live.
func (r root) create(folder string, a Arrangement) error {
	if a.choose() == InTPM {
		if err := (&Ring{folder: folder}).discard(nextRoot); err != nil { // of a try that was cut off
			return err
		}
		err := r.bring(folder, InTPM, place{})
		if err == nil {
			step("rename " + nextRoot)
			if err := os.Rename(filepath.Join(folder, nextRoot), filepath.Join(folder, rootName)); err != nil {
				return err
			}
			return durable.SyncFolder(folder)
		}
		if a.Home != Auto {
			return err
		}
		// What is left of the try goes with the first Ensure.
	}
	return r.write(folder, rootName)
}

// inUse reports whether something was ever locked to keys of this folder, or could have been.
func inUse(folder string) (bool, error) {
	if public, err := exists(folder, publicName); public || err != nil {
		return public, err
	}
	parts, err := os.ReadDir(filepath.Join(folder, partsName))
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	return len(parts) > 0, err
}
