// Package storage keeps calls: the recorder's Writer seals and appends, the desk's Store finds
// and plays, Check proves that what was kept is whole.
package storage

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"linevault/storage/durable"
	"linevault/storage/keys"
	"linevault/storage/segment"
)

// Format is the version of the store's folder that this package makes and reads.
const Format = 1

// What lies in a store's folder; storage/FORMAT.md has it all.
const (
	formatFile    = "format"
	segmentsDir   = "segments"
	quarantineDir = "quarantine"
	lockFile      = "recorder.lock"
)

const formatWords = "linevault store format "

// NewerError is a store that a newer Linevault made. Nothing in it was touched.
type NewerError struct {
	Dir    string
	Format int
}

func (e *NewerError) Error() string {
	return fmt.Sprintf("%s is a store of format %d and this Linevault knows up to %d: "+
		"install the newer Linevault again; nothing was touched", e.Dir, e.Format, Format)
}

// ErrNoStore is a folder in which no store was made.
var ErrNoStore = keys.ErrNoStore

// Create makes a store in dir, with keys for the classes, where there is none. In a store
// that is there it makes only what is missing. A newer store it refuses and leaves alone.
func Create(dir string, classes []string) error {
	return CreateAs(dir, classes, keys.Arrangement{})
}

// CreateAs is Create with the root key where it is to live, and wrapped for those who can bring
// it back. A store whose keys are locked is a *keys.LockedError; a recorder can use it.
func CreateAs(dir string, classes []string, a keys.Arrangement) error {
	for _, c := range classes {
		if !segment.ClassName(c) {
			return fmt.Errorf("retention class %q: use letters, digits, '-' and '_' only, 40 at most", c)
		}
	}
	err := checkFormat(dir)
	if err != nil && !errors.Is(err, ErrNoStore) {
		return err
	}
	made := err == nil
	if err := os.MkdirAll(filepath.Join(dir, segmentsDir), 0o700); err != nil {
		return folderError(dir, err)
	}
	if err := keys.CreateAs(dir, classes, time.Now(), a); err != nil {
		return fmt.Errorf("make the keys of the store in %s: %w", dir, err)
	}
	if made {
		return nil
	}
	// Last of all: a crash before this leaves a folder that Create completes.
	return writeFormat(dir)
}

func writeFormat(dir string) error {
	if err := durable.Write(filepath.Join(dir, formatFile), fmt.Appendf(nil, "%s%d\n", formatWords, Format)); err != nil {
		return folderError(dir, err)
	}
	return nil
}

// CheckFormat says whether dir is a store that this package knows. Whoever opens its keys asks
// this first: a newer store is not to be touched.
func CheckFormat(dir string) error { return checkFormat(dir) }

// checkFormat says whether dir is a store that this package knows.
func checkFormat(dir string) error {
	b, err := os.ReadFile(filepath.Join(dir, formatFile))
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%s: %w: `linevault run --data DIR` makes one", dir, ErrNoStore)
	}
	if err != nil {
		return folderError(dir, err)
	}
	words, ok := strings.CutPrefix(strings.TrimSpace(string(b)), formatWords)
	v, err := strconv.Atoi(words)
	switch {
	case !ok || err != nil || v < 1:
		return fmt.Errorf("%s: its file %q does not say %q and a number: it is damaged or not a Linevault store; "+
			"restore that file from a backup", dir, formatFile, strings.TrimSpace(formatWords))
	case v > Format:
		return &NewerError{Dir: dir, Format: v}
	}
	return nil
}

// folderError says what to do about a folder that cannot be used.
func folderError(dir string, err error) error { return fmt.Errorf("store in %s: %w", dir, advise(err)) }

// advise adds to an error of the file system what a person can do about it.
func advise(err error) error {
	for _, a := range []struct {
		errno unix.Errno
		text  string
	}{
		{unix.ENOSPC, "free space on that disk; recording goes on by itself as soon as there is room"},
		{unix.EDQUOT, "raise the quota of the user that Linevault runs as"},
		{unix.EFBIG, "raise the limit on file sizes (ulimit -f) of the user that Linevault runs as"},
		{unix.EIO, "the disk is failing: copy the folder to another one and replace it"},
		{unix.EROFS, "the disk is mounted read-only: check it (dmesg, fsck) and mount it for writing"},
		{unix.EACCES, "give the folder to the user that Linevault runs as (chown -R)"},
		{unix.EPERM, "give the folder to the user that Linevault runs as (chown -R)"},
		{unix.ENOTDIR, "something that is not a folder is in the way: name another folder"},
	} {
		// bbolt hides some causes in text.
		if errors.Is(err, a.errno) || strings.Contains(err.Error(), a.errno.Error()) {
			return fmt.Errorf("%w; %s", err, a.text)
		}
	}
	return err
}

// base32 is Crockford's alphabet, whose order is that of its values.
const base32 = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"

// NewCallID names a call that begins at t: 48 bits of milliseconds, then 80 random bits.
func NewCallID(t time.Time) CallID {
	var b [16]byte
	rand.Read(b[:]) // never fails
	ms := uint64(max(0, t.UnixMilli()))
	for i := range 6 {
		b[i] = byte(ms >> (40 - 8*i))
	}
	return formatCallID(b)
}
