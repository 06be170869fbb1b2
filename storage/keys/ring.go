package keys

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"linevault/storage/keys/journal"
	"linevault/storage/seal"
)

// Ring holds every period's private key. Only the desk opens one; several goroutines may
// use it, and other processes may add to its file meanwhile.
type Ring struct {
	folder string
	key    ringKey

	mu        sync.Mutex
	file      ringFile    // under mu
	stat      os.FileInfo // under mu: of the file when it was read
	strangers []string    // under mu: public halves that were not ours, a sentence each
}

// OpenRing opens the ring of the store in dir with the root key that lies beside it.
func OpenRing(dir string) (*Ring, error) {
	folder := folder(dir)
	r, err := readRoot(folder)
	if err != nil {
		return nil, err
	}
	k := &Ring{folder: folder, key: newRingKey(r)}
	if err := k.load(); err != nil {
		return nil, err
	}
	return k, nil
}

func (k *Ring) path() string { return filepath.Join(k.folder, ringName) }

// load reads the file if it is another one than last time. The caller holds mu, or is alone.
func (k *Ring) load() error {
	stat, err := os.Stat(k.path())
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%s: %w", k.path(), ErrRingMissing)
	}
	if err != nil {
		return fmt.Errorf("keyring: %w", err)
	}
	if k.stat != nil && os.SameFile(stat, k.stat) && stat.ModTime().Equal(k.stat.ModTime()) && stat.Size() == k.stat.Size() {
		return nil
	}
	b, err := os.ReadFile(k.path())
	if err != nil {
		return fmt.Errorf("keyring: %w", err)
	}
	f, err := k.key.decode(b)
	if err != nil {
		return fmt.Errorf("%s: %w", k.path(), err)
	}
	k.file, k.stat = f, stat
	return nil
}

// Identity is what unlocks the part keys of a period. Its error is ErrNoKey where the
// period has none.
func (k *Ring) Identity(class string, day Day) (seal.Identity, error) {
	p := period{class: class, day: day}
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.file.periods[p] == nil {
		if err := k.load(); err != nil {
			return nil, err
		}
	}
	priv, err := k.private(p)
	if err != nil {
		return nil, err
	}
	return priv, nil
}

// private opens the private key of p. The caller holds mu.
func (k *Ring) private(p period) (*seal.PrivateKey, error) {
	sealed := k.file.periods[p]
	if sealed == nil {
		return nil, fmt.Errorf("key of %s: %w", p, ErrNoKey)
	}
	b, err := k.key.openPeriod(p, sealed)
	if err != nil {
		return nil, fmt.Errorf("the key of %s is damaged: %w", p, err)
	}
	defer clear(b)
	return seal.ParsePrivateKey(p.class, string(p.day), b)
}

// Ensure sees to it that each class has keys for today and the days Ahead, and that the
// recorder finds their public halves. The private halves are on disk before the public ones:
// nothing is ever locked to a key that a crash can take away.
func (k *Ring) Ensure(classes []string, now time.Time) error {
	for _, class := range classes {
		if err := checkClass(class); err != nil {
			return err
		}
	}
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
	if err := k.grow(classes, now); err != nil {
		return fmt.Errorf("keyring: %w", err)
	}
	if err := k.publish(now); err != nil {
		return fmt.Errorf("public keys: %w", err)
	}
	return nil
}

// grow makes the keys that are missing. The caller holds mu and the lock.
func (k *Ring) grow(classes []string, now time.Time) error {
	f := k.file
	f.periods = maps.Clone(f.periods)
	for _, class := range classes {
		for i := range Ahead + 1 {
			p := period{class: class, day: DayOf(now.UTC().AddDate(0, 0, i))}
			if f.periods[p] != nil {
				continue
			}
			priv, err := seal.NewPrivateKey(p.class, string(p.day))
			if err != nil {
				return err
			}
			b, err := priv.Bytes()
			if err != nil {
				return err
			}
			f.periods[p] = k.key.sealPeriod(p, b)
			clear(b)
		}
	}
	if len(f.periods) == len(k.file.periods) {
		return nil
	}
	return k.save(f)
}

// save writes the ring. Lines that could not be read would be gone with the old file, so
// that is kept beside the new one. The caller holds mu and the lock.
func (k *Ring) save(f ringFile) error {
	if len(f.problems) > 0 {
		b, err := os.ReadFile(k.path())
		if err != nil {
			return err
		}
		aside := ringName + ".damaged-" + time.Now().UTC().Format("20060102T150405.000")
		if err := write(k.folder, aside, b); err != nil {
			return err
		}
	}
	if err := write(k.folder, ringName, k.key.encode(f)); err != nil {
		return err
	}
	k.stat = nil
	return k.load()
}

// Periods is the day and class of every key in the ring, oldest first.
func (k *Ring) Periods() ([]Day, []string) {
	k.mu.Lock()
	defer k.mu.Unlock()
	ps := slices.SortedFunc(maps.Keys(k.file.periods), comparePeriods)
	days, classes := make([]Day, len(ps)), make([]string, len(ps))
	for i, p := range ps {
		days[i], classes[i] = p.day, p.class
	}
	return days, classes
}

// Problems says what is damaged in the ring, and which public halves were found that belong
// to nobody here, a sentence each.
func (k *Ring) Problems() []string {
	k.mu.Lock()
	defer k.mu.Unlock()
	return slices.Concat(k.file.problems, k.strangers)
}

// Derive is a key for one purpose, such as the ledger's. It comes of a secret in the ring
// that belongs to the store, so that a new root key does not change it.
func (k *Ring) Derive(purpose string) [32]byte {
	k.mu.Lock()
	defer k.mu.Unlock()
	return [32]byte(derive(k.file.store(), "linevault purpose v1 "+purpose))
}
