package keys

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"sync"
	"time"

	"linevault/storage/durable"
	"linevault/storage/keys/journal"
	"linevault/storage/seal"
)

// ErrInUse says that a period is so new that a recorder may still lock keys to it.
var ErrInUse = errors.New("a recorder may still use it: whole days are destroyed from the second day after on")

// Erasure is what goes from a period, and what comes in its place.
type Erasure struct {
	Period Period
	Gone   []seal.PartID
	Fresh  map[seal.PartID]*seal.Key
}

// Replace puts a new key pair in the place of a period's, and locks the keys of all its parts
// to that, but for those that are Gone; of them a note stays that they were destroyed. Once it
// returns, the new pair holds for everything; Settle then destroys the old one.
//
// Quiet must see to it that whoever appends keys of this period locks them to the new half,
// whose SHA-256 it gets, from now on, and that their file was retired with Retire. It is called
// once the new half is published. All is decided by the rename of one file, the last thing that Replace does.
func (k *Ring) Replace(e Erasure, now time.Time, quiet func(half [32]byte) error) error {
	unlock, err := journal.Lock(filepath.Join(k.folder, lockName))
	if err != nil {
		return err
	}
	defer unlock()
	to, from, err := k.newPair(e.Period.key(), now)
	if err != nil {
		return fmt.Errorf("a new key for %s: %w", e.Period, err)
	}
	if err := quiet(sha256.Sum256(to.Bytes())); err != nil {
		return err
	}
	if err := k.rewrap(e, to, from); err != nil {
		return fmt.Errorf("lock the part keys of %s again: %w", e.Period, err)
	}
	return nil
}

// newPair makes a pair for p, or goes on with one that was made before a crash, and publishes
// it. The caller holds the lock.
func (k *Ring) newPair(p period, now time.Time) (*seal.PublicKey, seal.Identity, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if err := k.load(); err != nil {
		return nil, nil, err
	}
	if err := errors.Join(k.finish(), k.settle()); err != nil {
		return nil, nil, err
	}
	if k.file.older[p] == nil {
		old, err := k.private(p)
		if err != nil {
			return nil, nil, err
		}
		fresh, err := seal.NewPrivateKey(p.class, string(p.day))
		if err != nil {
			return nil, nil, err
		}
		f := k.file
		f.periods, f.older = maps.Clone(f.periods), maps.Clone(f.older)
		for _, to := range []struct {
			seal func(period, []byte) []byte
			key  *seal.PrivateKey
			m    map[period][]byte
		}{{k.key.sealPeriod, fresh, f.periods}, {k.key.sealOlder, old, f.older}} {
			b, err := to.key.Bytes()
			if err != nil {
				return nil, nil, err
			}
			to.m[p] = to.seal(p, b)
			clear(b)
		}
		if err := k.save(f); err != nil {
			return nil, nil, err
		}
	}
	if err := k.publish(now); err != nil {
		return nil, nil, err
	}
	from, err := k.identity(p)
	if err != nil {
		return nil, nil, err
	}
	fresh, err := k.private(p)
	if err != nil {
		return nil, nil, err
	}
	return fresh.Public(), from, nil
}

// rewrap writes the period's next file of part keys.
func (k *Ring) rewrap(e Erasure, to *seal.PublicKey, from seal.Identity) error {
	dir, p := filepath.Dir(k.folder), e.Period.key()
	numbers, err := partNumbers(dir, p)
	if err != nil {
		return err
	}
	old := map[seal.PartID]seal.Locked{}
	for _, n := range slices.Backward(numbers) {
		if _, err := readPartFile(numbered(dir, p, n), old); err != nil {
			return err
		}
	}
	delete(old, mark)
	for _, id := range e.Gone {
		old[id] = seal.Locked{}
	}
	ids := slices.SortedFunc(maps.Keys(old), func(a, b seal.PartID) int { return bytes.Compare(a[:], b[:]) })
	locked := make([]seal.Locked, len(ids))
	each(len(ids), func(i int) { locked[i] = relock(to, from, ids[i], old[ids[i]]) })

	hash := sha256.Sum256(to.Bytes())
	b := journal.Append(nil, append(mark[:], hash[:]...))
	for i, id := range ids {
		b = journal.Append(b, append(id[:], locked[i]...))
	}
	for id, key := range e.Fresh {
		l, err := to.Lock(id, key)
		if err != nil {
			return err
		}
		b = journal.Append(b, append(id[:], l...))
	}
	folder := filepath.Dir(partPath(dir, p))
	if err := durable.MakeFolder(folder); err != nil {
		return err
	}
	return write(folder, string(p.day)+"."+p.class+"."+strconv.Itoa(newest(numbers)+1), b)
}

// relock locks a part's key to the new half. What does not open stays as it is: it is
// damaged, and whoever mends it must find it.
func relock(to *seal.PublicKey, from seal.Identity, id seal.PartID, l seal.Locked) seal.Locked {
	if Destroyed(l) {
		return l
	}
	key, err := from.Unlock(id, l)
	if err != nil {
		return l
	}
	defer key.Forget()
	fresh, err := to.Lock(id, key)
	if err != nil {
		return l
	}
	return fresh
}

// each runs f for 0 to n-1 on all processors: unlocking takes a millisecond.
func each(n int, f func(i int)) {
	var wg sync.WaitGroup
	workers := min(n, runtime.GOMAXPROCS(0))
	for w := range workers {
		wg.Go(func() {
			for i := w; i < n; i += workers {
				f(i)
			}
		})
	}
	wg.Wait()
}

// Condemn notes that a whole period is destroyed: from then on its parts are not there for
// any reader. Drop, and then Forget, must follow.
func (k *Ring) Condemn(p Period, now time.Time) error {
	if p.Day >= DayOf(now.UTC().AddDate(0, 0, -1)) {
		return fmt.Errorf("%s: %w", p, ErrInUse)
	}
	return k.change(func() error {
		dir := filepath.Dir(k.folder)
		numbers, err := partNumbers(dir, p.key())
		if err != nil {
			return err
		}
		folder := filepath.Dir(partPath(dir, p.key()))
		if err := durable.MakeFolder(folder); err != nil {
			return err
		}
		name := string(p.Day) + "." + p.Class + "." + strconv.Itoa(newest(numbers)+1)
		return write(folder, name, journal.Append(nil, Whole[:]))
	})
}

// Unlocks reports whether any key in the ring, of whatever period, opens a part key that was
// locked to p: the proof that a destroyed one is gone.
func (k *Ring) Unlocks(p Period, part seal.PartID, l seal.Locked) (bool, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if err := k.load(); err != nil {
		return false, err
	}
	for _, from := range []struct {
		sealed map[period][]byte
		open   func(period, []byte) ([]byte, error)
	}{{k.file.periods, k.key.openPeriod}, {k.file.older, k.key.openOlder}} {
		for q, sealed := range from.sealed {
			b, err := from.open(q, sealed)
			if err != nil {
				return false, err
			}
			priv, err := seal.ParsePrivateKey(p.Class, string(p.Day), b)
			clear(b)
			if err != nil {
				return false, err
			}
			if key, err := priv.Unlock(part, l); err == nil {
				key.Forget()
				return true, nil
			}
		}
	}
	return false, nil
}
