package keys

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"maps"
	"path/filepath"
	"slices"

	"linevault/storage/seal"
)

// Settle destroys the pairs that Replace has put others in place of, under a new root key, and
// removes the files of what was locked to them.
func (k *Ring) Settle() error { return k.change(k.settle) }

// settle is Settle. The caller holds mu and the lock.
func (k *Ring) settle() error {
	dir := filepath.Dir(k.folder)
	f := k.file
	f.older = maps.Clone(f.older)
	for p := range k.file.older {
		done, err := k.rewrapped(dir, p)
		if err != nil {
			return err
		}
		if done {
			delete(f.older, p)
		}
	}
	if len(f.older) < len(k.file.older) {
		if err := k.rotate(f); err != nil {
			return err
		}
	}
	return k.removeOlder(dir)
}

// rewrapped reports whether the newest file of part keys of p is locked to its new half.
func (k *Ring) rewrapped(dir string, p period) (bool, error) {
	numbers, err := partNumbers(dir, p)
	if err != nil || len(numbers) == 0 {
		return false, err
	}
	parts := map[seal.PartID]seal.Locked{}
	if _, err := readPartFile(numbered(dir, p, newest(numbers)), parts); err != nil {
		return false, err
	}
	priv, err := k.private(p)
	if err != nil {
		return false, err
	}
	hash := sha256.Sum256(priv.Public().Bytes())
	return bytes.Equal(parts[mark], hash[:]), nil
}

// removeOlder removes the files of part keys that a newer one has taken the place of.
func (k *Ring) removeOlder(dir string) error {
	files, err := Files(dir)
	if err != nil {
		return err
	}
	periods := slices.SortedFunc(maps.Keys(files), func(a, b Period) int {
		return cmp.Or(cmp.Compare(a.Day, b.Day), cmp.Compare(a.Class, b.Class))
	})
	for _, q := range periods {
		p := q.key()
		if len(files[q]) < 2 || k.file.older[p] != nil || k.file.periods[p] == nil {
			continue
		}
		done, err := k.rewrapped(dir, p)
		if err != nil {
			return err
		}
		if !done {
			continue
		}
		numbers, err := partNumbers(dir, p)
		if err != nil {
			return err
		}
		var gone []string
		for _, n := range numbers[:len(numbers)-1] {
			gone = append(gone, numbered(dir, p, n))
		}
		if err := removeAll(gone); err != nil {
			return err
		}
	}
	return nil
}
