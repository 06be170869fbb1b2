// Package keys keeps the keys of a store, in DIR/keys: the root key, the ring of period
// private keys sealed under it, the public halves that the recorder locks part keys to, and
// the files of locked part keys. A period is one retention class on one day, UTC.
//
// Whoever has no root key opens nothing. The recorder needs the public halves only. What
// the ring no longer holds can never be opened again: that is how recordings expire.
package keys

import (
	"errors"
	"fmt"
	"path/filepath"
	"regexp"
	"time"
)

// The files under DIR/keys.
const (
	rootName   = "root"
	ringName   = "ring"
	publicName = "public"
	partsName  = "parts"
	lockName   = "lock"
)

// Ahead is for how many days after today there are keys: so long can the recorder go on
// while nobody with the root key comes by.
const Ahead = 7

// ErrNewer says that a file was written by a newer version of this program. It is left as it is.
var ErrNewer = errors.New("written by a newer version of this program: update it")

// ErrRootMissing says that there is a keyring and no root key to open it with.
var ErrRootMissing = errors.New("the root key is missing and this store has keys under it: " +
	"put keys/root back from your backup; a new one would open nothing recorded so far")

// ErrRingMissing says that there are recordings and no keyring.
var ErrRingMissing = errors.New("the keyring is missing and this store has recordings under it: " +
	"put keys/ring back from your backup; a new one would open nothing recorded so far")

// ErrNoKey says that a period has no key: it was destroyed, or never was.
var ErrNoKey = errors.New("there is no key: it was destroyed at the end of its retention, keys/ring is an old copy, or its line there was damaged (then a file keys/ring.damaged-TIME tells when)")

// Day is a day, UTC, as 2026-11-22. A period begins and ends with one, whatever the
// time zone of the council: it names keys, and users never see it.
type Day string

// DayOf is the UTC day that t lies in.
func DayOf(t time.Time) Day { return Day(t.UTC().Format(time.DateOnly)) }

// check refuses what is no day: a Day becomes part of a file's name.
func (d Day) check() error {
	if t, err := time.Parse(time.DateOnly, string(d)); err != nil || DayOf(t) != d {
		return fmt.Errorf("%q is not a day like 2026-11-22", string(d))
	}
	return nil
}

var classPattern = regexp.MustCompile(`^[A-Za-z0-9_-]{1,40}$`)

// checkClass refuses a retention class that cannot be part of a file's name.
func checkClass(class string) error {
	if !classPattern.MatchString(class) {
		return fmt.Errorf("retention class %q: use 1 to 40 letters, digits, - and _", class)
	}
	return nil
}

// period is what one key pair is for.
type period struct {
	day   Day
	class string
}

func (p period) String() string { return p.class + " " + string(p.day) }

func (p period) check() error {
	if err := checkClass(p.class); err != nil {
		return err
	}
	return p.day.check()
}

// folder is DIR/keys.
func folder(dir string) string { return filepath.Join(dir, "keys") }
