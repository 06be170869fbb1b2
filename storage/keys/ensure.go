package keys

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"time"

	"linevault/storage/keys/journal"
	"linevault/storage/seal"
)

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
	if err := k.finish(); err != nil {
		return fmt.Errorf("finish what was begun with the keys: %w", err)
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

// save writes the ring. The caller holds mu and the lock.
func (k *Ring) save(f ringFile) error {
	if err := k.keepDamaged(f); err != nil {
		return err
	}
	if err := write(k.folder, ringName, k.key.encode(f)); err != nil {
		return err
	}
	k.stat = [2]os.FileInfo{}
	return k.load()
}

// keepDamaged keeps a ring with lines that could not be read beside the new one, with which
// they would be gone.
func (k *Ring) keepDamaged(f ringFile) error {
	if len(f.problems) == 0 {
		return nil
	}
	b, err := os.ReadFile(k.path())
	if err != nil {
		return err
	}
	return write(k.folder, ringName+".damaged-"+time.Now().UTC().Format("20060102T150405.000"), b)
}
