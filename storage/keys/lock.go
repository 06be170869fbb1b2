package keys

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"
	"unicode"

	"linevault/storage/keys/journal"
)

// lockedVersion is the version of a file that stands where the root key was before somebody
// took it off the box. Two lines:
//
//	linevault root key locked 1
//	2026-11-22T07:00:00Z by WHO
const lockedVersion = "locked 1"

// ErrLockedByHand says that somebody took the root key off the box.
var ErrLockedByHand = errors.New("the recordings were locked by hand")

// readLocked is what a file of a root key that was taken off says.
func readLocked(text string) error {
	_, said, _ := strings.Cut(strings.TrimSuffix(text, "\n"), "\n")
	when, who, _ := strings.Cut(said, " by ")
	if at, err := time.Parse(time.RFC3339, when); err == nil {
		return fmt.Errorf("%w, on %s by %.80s", ErrLockedByHand, at.Format("2 January 2006 at 15:04 MST"), printable(who))
	}
	return fmt.Errorf("%w: %.120q", ErrLockedByHand, said)
}

// printable keeps what a file says from driving a terminal.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) {
			return r
		}
		return -1
	}, s)
}

// Lock takes the root key off the box, for a ring that Recovered opened from the store's own
// recovery copy: so who locks has shown that it can be brought back. Nothing opens until Restore.
func (k *Ring) Lock(who string, now time.Time) error {
	unlock, err := journal.Lock(filepath.Join(k.folder, lockName))
	if err != nil {
		return err
	}
	defer unlock()
	k.mu.Lock()
	defer k.mu.Unlock()
	if _, _, err := readRoot(k.folder); err != nil && !errors.Is(err, ErrLockedByHand) {
		return err
	}
	if err := k.settleRecovered(); err != nil {
		return err
	}
	text := fmt.Sprintf("%s%s\n%s by %s\n", rootFirstLine, lockedVersion, now.UTC().Format(time.RFC3339), strings.ReplaceAll(who, "\n", " "))
	if err := write(k.folder, nextRoot, []byte(text)); err != nil {
		return err
	}
	step("link " + oldRoot)
	if err := os.Link(k.at(rootName), k.at(oldRoot)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if err := k.syncFolder(); err != nil {
		return err
	}
	step("rename " + nextRoot) // from here on nothing opens
	if err := os.Rename(k.at(nextRoot), k.at(rootName)); err != nil {
		return err
	}
	if err := k.syncFolder(); err != nil {
		return err
	}
	return k.discard(oldRoot)
}

// ErrChanged says that somebody else changed the keys since they were opened, as a desk does that makes the next
// day's: who opens them again may go on.
var ErrChanged = errors.New("the keys have changed since they were opened: try again")

// settleRecovered leaves one ring and one recovery copy, those that were opened, and nothing of
// a root key to come. The caller holds mu and the lock.
func (k *Ring) settleRecovered() error {
	name := ringName
	if k.promote {
		name = nextRing
	}
	if stat, err := os.Stat(k.at(name)); err != nil || !sameFile(stat, k.stat[1]) {
		return ErrChanged
	}
	if k.promote {
		for _, rename := range [][2]string{{nextRing, ringName}, {nextRecovery, recoveryName}} {
			there, err := exists(k.folder, rename[0])
			if err != nil {
				return err
			}
			if !there {
				continue
			}
			step("rename " + rename[0])
			if err := os.Rename(k.at(rename[0]), k.at(rename[1])); err != nil {
				return err
			}
		}
		if err := k.syncFolder(); err != nil {
			return err
		}
	}
	return k.discard(nextRoot, nextRoot+".tmp", oldRoot) // of a try that was cut off
}
