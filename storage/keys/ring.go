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

	"linevault/storage/seal"
)

// Ring holds every period's private key. Only the desk opens one; several goroutines may
// use it, and other processes may add to its file meanwhile.
type Ring struct {
	folder string

	mu        sync.Mutex
	key       ringKey        // under mu
	file      ringFile       // under mu
	stat      [2]os.FileInfo // under mu: of root key and ring when they were read
	strangers []string       // under mu: public halves that were not ours, a sentence each
	notes     []string       // under mu: what else a person should know
	where     place          // under mu: of the root key
	borrowed  bool           // under mu: opened by a recovery copy, in memory only
	promote   bool           // under mu: and from ring.next
}

// OpenRing opens the ring of the store in dir with the root key that lies beside it.
func OpenRing(dir string) (*Ring, error) {
	if err := isStore(dir); err != nil {
		return nil, err
	}
	k := &Ring{folder: folder(dir)}
	if err := k.load(); err != nil {
		return nil, err
	}
	return k, nil
}

func (k *Ring) path() string { return filepath.Join(k.folder, ringName) }

// Reload looks at the files again: what another process destroyed meanwhile is out of this
// one's memory, too, once it returns.
func (k *Ring) Reload() error {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.load()
}

// load reads the root key and the ring if they are other files than last time. The caller
// holds mu, or is alone.
func (k *Ring) load() error {
	same := true
	if k.borrowed {
		return nil
	}
	for i, name := range []string{rootName, ringName} {
		stat, err := os.Stat(filepath.Join(k.folder, name))
		if err != nil {
			same = false // read says what to do
			break
		}
		same = same && sameFile(stat, k.stat[i])
	}
	if same {
		return nil
	}
	var err error
	for range readTries {
		before, _ := os.Stat(k.at(rootName)) // read says what is wrong
		err = k.read()
		if err == nil {
			return nil
		}
		after, gone := os.Stat(k.at(rootName))
		changed := gone == nil && before != nil && !sameFile(after, before)
		if _, other := errors.AsType[*otherRootError](err); !other && !changed {
			return err
		}
	}
	return err
}

// readTries is how often a reader looks for a ring and a root key that belong together, while
// another process may be changing them.
const readTries = 5

func sameFile(a, b os.FileInfo) bool {
	return b != nil && os.SameFile(a, b) && a.ModTime().Equal(b.ModTime()) && a.Size() == b.Size()
}

// read reads the root key, and of the ring and the one that is about to take its place the
// one that belongs to it.
func (k *Ring) read() error {
	r, rootStat, err := readRoot(k.folder)
	if err != nil {
		return k.locked(err)
	}
	key := newRingKey(r)
	f, stat, err := readRing(key, k.path())
	if _, other := errors.AsType[*otherRootError](err); other {
		next, nextStat, nextErr := readRing(key, filepath.Join(k.folder, nextRing))
		if nextErr == nil {
			f, stat, err = next, nextStat, nil
		}
	}
	if err != nil {
		return k.locked(err)
	}
	k.key, k.file, k.where, k.stat = key, f, r.at, [2]os.FileInfo{rootStat, stat}
	return nil
}

// readRing reads a file of a ring.
func readRing(key ringKey, path string) (ringFile, os.FileInfo, error) {
	stat, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return ringFile{}, nil, fmt.Errorf("%s: %w", path, ErrRingMissing)
	}
	if err != nil {
		return ringFile{}, nil, fmt.Errorf("keyring: %w", err)
	}
	b, err := os.ReadFile(path)
	if err != nil {
		return ringFile{}, nil, fmt.Errorf("keyring: %w", err)
	}
	f, err := key.decode(b)
	if err != nil {
		return ringFile{}, nil, fmt.Errorf("%s: %w", path, err)
	}
	return f, stat, nil
}

// Identity is what unlocks the part keys of a period. Its error is ErrNoKey where the
// period has none.
func (k *Ring) Identity(class string, day Day) (seal.Identity, error) {
	p := period{class: class, day: day}
	k.mu.Lock()
	defer k.mu.Unlock()
	if err := k.load(); err != nil {
		return nil, err
	}
	return k.identity(p)
}

// identity opens what unlocks the part keys of p. The caller holds mu.
func (k *Ring) identity(p period) (seal.Identity, error) {
	priv, err := k.private(p)
	if err != nil {
		return nil, err
	}
	sealed := k.file.older[p]
	if sealed == nil {
		return priv, nil
	}
	b, err := k.key.openOlder(p, sealed)
	if err != nil {
		return nil, fmt.Errorf("the older key of %s is damaged: %w", p, err)
	}
	defer clear(b)
	older, err := seal.ParsePrivateKey(p.class, string(p.day), b)
	if err != nil {
		return nil, err
	}
	return twoPairs{priv, older}, nil
}

// twoPairs unlocks for a period whose pair is being replaced.
type twoPairs struct{ now, older *seal.PrivateKey }

// Unlock tries the new pair first.
func (t twoPairs) Unlock(part seal.PartID, l seal.Locked) (*seal.Key, error) {
	if key, err := t.now.Unlock(part, l); err == nil {
		return key, nil
	}
	return t.older.Unlock(part, l)
}

// private opens the private key of p. The caller holds mu.
func (k *Ring) private(p period) (*seal.PrivateKey, error) {
	sealed := k.file.periods[p]
	if sealed == nil && slices.Contains(k.file.damaged, p) {
		return nil, fmt.Errorf("key of %s: its line in keys/ring is damaged: %s", p, elsewhere)
	}
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
	return slices.Concat(k.file.problems, k.strangers, k.notes)
}

// Derive is a key for one purpose, such as the ledger's. It comes of a secret in the ring
// that belongs to the store, so that a new root key does not change it.
func (k *Ring) Derive(purpose string) [32]byte {
	k.mu.Lock()
	defer k.mu.Unlock()
	return [32]byte(derive(k.file.store(), "linevault purpose v1 "+purpose))
}
