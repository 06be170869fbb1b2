package keys

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"linevault/storage/durable"
	"linevault/storage/keys/journal"
)

// The files that are there while a new root key takes the old one's place.
const (
	nextRing = "ring.next"
	nextRoot = "root.next"
	oldRoot  = "root.old"
)

// nextRecovery is the copy of the root key to come, for those who can bring it back.
const nextRecovery = "recovery.next"

// Rotate puts a new random root key in the place of the old one, which is overwritten: a
// copy of the ring that somebody kept opens no more.
//
// Which root key holds is decided by one rename. Before it the ring is sealed under both,
// in two files; after it the old root key is overwritten under the name that it was given
// for that. What a crash leaves half done the next Ensure or Rotate finishes.
func (k *Ring) Rotate() error {
	return k.change(func() error { return k.rotate(k.file) })
}

// change runs f alone, on the ring as it is now, finished.
func (k *Ring) change(f func() error) error {
	unlock, err := journal.Lock(filepath.Join(k.folder, lockName))
	if err != nil {
		return err
	}
	defer unlock()
	k.mu.Lock()
	defer k.mu.Unlock()
	if err := k.load(); err != nil {
		return err
	}
	if err := k.finish(); err != nil {
		return fmt.Errorf("finish what was begun with the keys: %w", err)
	}
	if err := f(); err != nil {
		return fmt.Errorf("keyring: %w", err)
	}
	return nil
}

// rotate writes f under a new root key. The caller holds mu and the lock.
func (k *Ring) rotate(f ringFile) error { return k.rotateTo(f, k.where.home()) }

// rotateTo is rotate to a home.
func (k *Ring) rotateTo(f ringFile, to Home) error {
	if err := k.keepDamaged(k.file); err != nil {
		return err
	}
	fresh := newRoot()
	key := newRingKey(fresh)
	next, err := k.reseal(f, key)
	if err != nil {
		return err
	}
	if err := write(k.folder, nextRing, key.encode(next)); err != nil {
		return err
	}
	if err := fresh.wrap(k.folder, nextRecovery, f.plan); err != nil {
		return err
	}
	if err := fresh.bring(k.folder, to, k.where); err != nil {
		return err
	}
	step("link " + oldRoot)
	if err := os.Link(k.at(rootName), k.at(oldRoot)); err != nil && !errors.Is(err, fs.ErrNotExist) { // it may be what was lost
		return err
	}
	if err := k.syncFolder(); err != nil {
		return err
	}
	step("rename " + nextRoot) // from here on the new root key holds
	if err := os.Rename(k.at(nextRoot), k.at(rootName)); err != nil {
		return err
	}
	if err := k.syncFolder(); err != nil {
		return err
	}
	k.stat, k.borrowed = [2]os.FileInfo{}, false
	if err := k.load(); err != nil {
		return err
	}
	return k.finish()
}

// reseal is f sealed under another key.
func (k *Ring) reseal(f ringFile, key ringKey) (ringFile, error) {
	next := ringFile{
		store: f.store, periods: map[period][]byte{}, older: map[period][]byte{}, passing: map[uint64][]byte{},
		plan: f.plan, anchor: f.anchor, rotated: time.Now().UTC().Truncate(time.Second),
	}
	for p, sealed := range f.periods {
		b, err := k.key.openPeriod(p, sealed)
		if err != nil {
			return next, fmt.Errorf("the key of %s is damaged: %w", p, err)
		}
		next.periods[p] = key.sealPeriod(p, b)
		clear(b)
	}
	for p, sealed := range f.older {
		b, err := k.key.openOlder(p, sealed)
		if err != nil {
			return next, fmt.Errorf("the older key of %s is damaged: %w", p, err)
		}
		next.older[p] = key.sealOlder(p, b)
		clear(b)
	}
	for n, sealed := range f.passing {
		b, err := k.key.openPassing(n, sealed)
		if err != nil {
			return next, fmt.Errorf("passing secret %d is damaged: %w", n, err)
		}
		next.passing[n] = key.sealPassing(n, b)
		clear(b)
	}
	return next, nil
}

// finish does what a rotation that was cut off had left to do, and leaves nothing of one
// that had not come to count. The caller holds mu and the lock, and has loaded.
func (k *Ring) finish() error {
	if k.borrowed {
		panic("keys: a ring that a recovery copy opened is changed")
	}
	if _, _, err := readRing(k.key, k.path()); err != nil {
		if _, other := errors.AsType[*otherRootError](err); !other {
			return err
		}
		step("rename " + nextRing)
		if err := os.Rename(k.at(nextRing), k.at(ringName)); err != nil {
			return err
		}
		if err := k.syncFolder(); err != nil {
			return err
		}
		k.stat = [2]os.FileInfo{}
		if err := k.load(); err != nil {
			return err
		}
	}
	if err := k.keepRecovery(); err != nil {
		return err
	}
	return k.discard(nextRing, nextRing+".tmp", nextRoot, nextRoot+".tmp", oldRoot, nextRecovery, nextRecovery+".tmp")
}

// discard wipes files of a root key, with what they say is in a TPM.
func (k *Ring) discard(names ...string) error {
	for _, name := range names {
		if err := k.empty(name); err != nil {
			return err
		}
		if err := k.wipe(name); err != nil {
			return err
		}
	}
	return nil
}

// wipe overwrites and removes a file, unless the root key goes by this name as well.
func (k *Ring) wipe(name string) error {
	f, err := os.OpenFile(k.at(name), os.O_WRONLY|unix.O_NOFOLLOW, 0)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	defer f.Close()
	stat, err := f.Stat()
	if err != nil {
		return err
	}
	root, err := os.Stat(k.at(rootName))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if err != nil || !os.SameFile(stat, root) {
		step("overwrite " + name)
		if _, err := f.WriteAt(make([]byte, stat.Size()), 0); err != nil {
			return err
		}
		if err := fsync(f); err != nil {
			return err
		}
	}
	step("remove " + name)
	if err := os.Remove(k.at(name)); err != nil {
		return err
	}
	return k.syncFolder()
}

// Drop takes the keys of whole periods out of the ring for ever, under a new root key: no
// part of them opens any more. Forget removes their files. Periods that a recorder may still
// lock keys to must not be among them.
func (k *Ring) Drop(periods ...Period) error {
	return k.change(func() error {
		f := k.file
		f.periods, f.older = maps.Clone(f.periods), maps.Clone(f.older)
		for _, p := range periods {
			delete(f.periods, p.key())
			delete(f.older, p.key())
		}
		return k.rotate(f)
	})
}

// Period names a class and a day.
type Period struct {
	Class string `json:"class"`
	Day   Day    `json:"day"`
}

func (p Period) key() period { return period{class: p.Class, day: p.Day} }

func (p Period) String() string { return p.key().String() }

func (k *Ring) at(name string) string { return filepath.Join(k.folder, name) }

func (k *Ring) syncFolder() error {
	step("fsync " + k.folder)
	return durable.SyncFolder(k.folder)
}

// RootID names the root key that holds, and tells nothing of it.
func (k *Ring) RootID() string {
	k.mu.Lock()
	defer k.mu.Unlock()
	return strings.Clone(k.key.root)
}
