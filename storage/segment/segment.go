// Package segment keeps sealed boxes in bbolt files: one file for each retention class and
// day, written by one process, read by others only once it is closed.
package segment

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// Version is the version of the segment format that this package writes and reads.
const Version = 1

// Suffix ends the name of every segment.
const Suffix = ".seg"

// tempPrefix begins the name of a segment that is still being made.
const tempPrefix = ".new-"

// The buckets of a segment.
var (
	metaBucket  = []byte("meta")
	boxesBucket = []byte("boxes")
	tailBucket  = []byte("tail")
	partsBucket = []byte("parts")
)

// ErrLive is returned for a segment that a recorder holds open: its boxes come from there.
var ErrLive = errors.New("the recorder has it open")

// ErrForeign is something in the folder that no Linevault put there.
var ErrForeign = errors.New("not a segment")

// Name is what a segment's file name says.
type Name struct {
	Day   string // as 2026-11-22, UTC
	Class string
	Seq   int
}

func (n Name) String() string {
	return fmt.Sprintf("%s.%s.%04d%s", n.Day, n.Class, n.Seq, Suffix)
}

// ParseName reads a segment's file name.
func ParseName(file string) (Name, error) {
	bad := fmt.Errorf("%s: %w: those are named day.class.number%s", file, ErrForeign, Suffix)
	rest, ok := strings.CutSuffix(file, Suffix)
	if !ok {
		return Name{}, bad
	}
	f := strings.Split(rest, ".")
	if len(f) != 3 || len(f[0]) != len("2026-11-22") || !ClassName(f[1]) {
		return Name{}, bad
	}
	seq, err := strconv.Atoi(f[2])
	if err != nil || seq <= 0 {
		return Name{}, bad
	}
	n := Name{Day: f[0], Class: f[1], Seq: seq}
	if n.String() != file {
		return Name{}, bad
	}
	return n, nil
}

// ClassName reports whether s can name a retention class: letters, digits, '-' and '_', so
// that it is safe in a file name.
func ClassName(s string) bool {
	if s == "" || len(s) > 40 {
		return false
	}
	for _, c := range []byte(s) {
		switch {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', c == '-', c == '_':
		default:
			return false
		}
	}
	return true
}

// IsTemp reports whether file is a segment that was never finished being made or copied: it
// holds nothing that is not elsewhere, and a recorder's start removes it.
func IsTemp(file string) bool { return strings.HasPrefix(file, tempPrefix) }
