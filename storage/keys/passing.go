package keys

import (
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
)

// A passing secret seals what is made anew when something is destroyed, such as the catalogue:
// what was sealed under the one before opens no more, whoever kept a copy of it.

// errBorrowed is a ring that only a recovery copy opens.
var errBorrowed = errors.New("the root key is not on this machine")

// PassingOn draws a key for one purpose from each passing secret, newest first. There are two
// between Renew and Expire, else one, or none before the first Renew.
func (k *Ring) PassingOn(purpose string) (list [][32]byte) {
	k.mu.Lock()
	defer k.mu.Unlock()
	for _, n := range k.file.generations() {
		b, err := k.key.openPassing(n, k.file.passing[n])
		if err != nil {
			continue // it opened when the ring was read
		}
		list = append(list, [32]byte(derive(b, "linevault passing purpose v1 "+purpose)))
		clear(b)
	}
	return list
}

// generations are the numbers of the passing secrets, newest first.
func (f ringFile) generations() []uint64 {
	all := slices.Sorted(maps.Keys(f.passing))
	slices.Reverse(all)
	return all
}

// Renew adds a passing secret, and keeps the one before until Expire.
func (k *Ring) Renew() error {
	return k.changeOwn(func() error {
		f, all := k.file, k.file.generations()
		if len(all) > 1 {
			return nil // it did not come to Expire
		}
		next := uint64(1)
		if len(all) > 0 {
			next = all[0] + 1
		}
		var b [32]byte
		rand.Read(b[:]) // never fails
		if f.passing = maps.Clone(f.passing); f.passing == nil {
			f.passing = map[uint64][]byte{}
		}
		f.passing[next] = k.key.sealPassing(next, b[:])
		clear(b[:])
		return k.save(f)
	})
}

// Expire destroys all passing secrets but the newest, under a new root key.
func (k *Ring) Expire() error {
	return k.changeOwn(func() error {
		f, all := k.file, k.file.generations()
		if len(all) < 2 {
			return nil
		}
		f.passing = map[uint64][]byte{all[0]: f.passing[all[0]]}
		return k.rotate(f)
	})
}

// changeOwn is change for a ring that this machine's own root key opens.
func (k *Ring) changeOwn(f func() error) error {
	k.mu.Lock()
	borrowed := k.borrowed
	k.mu.Unlock()
	if borrowed {
		return fmt.Errorf("keyring: %w", errBorrowed)
	}
	return k.change(f)
}

func (k ringKey) sealPassing(n uint64, secret []byte) []byte {
	return k.seal(secret, "passing", strconv.FormatUint(n, 10))
}

func (k ringKey) openPassing(n uint64, sealed []byte) ([]byte, error) {
	return k.open(sealed, "passing", strconv.FormatUint(n, 10))
}

// passingLines are the lines of the passing secrets.
func (f ringFile) passingLines(b []byte) []byte {
	for _, n := range slices.Sorted(maps.Keys(f.passing)) {
		b = fmt.Appendf(b, "passing %d %s\n", n, base64.StdEncoding.EncodeToString(f.passing[n]))
	}
	return b
}

// passingLine takes in such a line.
func (k ringKey) passingLine(f *ringFile, number string, sealed []byte) error {
	n, err := strconv.ParseUint(number, 10, 64)
	if err != nil {
		return errors.New("a passing secret is damaged: the catalogue is made anew")
	}
	if _, err := k.openPassing(n, sealed); err != nil {
		return errors.New("a passing secret is damaged: the catalogue is made anew")
	}
	if f.passing == nil {
		f.passing = map[uint64][]byte{}
	}
	f.passing[n] = sealed
	return nil
}
