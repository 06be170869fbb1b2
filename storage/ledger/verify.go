package ledger

import (
	"fmt"
	"slices"
	"strings"

	"golang.org/x/mod/sumdb/tlog"

	"linevault/storage/keys/journal"
)

// DamagedError is what Verify finds wrong.
type DamagedError struct {
	Entries  int64    // how many there are
	Problems []string // a sentence each, the first maxProblems of them
	More     int      // how many there are besides
}

const maxProblems = 20

func (e *DamagedError) Error() string {
	s := fmt.Sprintf("ledger of %d entries: %s", e.Entries, strings.Join(e.Problems, "; "))
	if e.More > 0 {
		s += fmt.Sprintf("; and %d more", e.More)
	}
	return s
}

func (e *DamagedError) add(format string, args ...any) {
	if len(e.Problems) == maxProblems {
		e.More++
		return
	}
	e.Problems = append(e.Problems, fmt.Sprintf(format, args...))
}

// Verify reads every entry and computes the whole tree again. What it finds wrong is a
// *DamagedError. A torn tail is no fault: it was never acknowledged.
func (l *Ledger) Verify() error {
	return l.locked(func() error {
		found := &DamagedError{Entries: l.n}
		if err := l.verifyEntries(found); err != nil {
			return wrap("verify", err)
		}
		if err := l.verifyTree(found); err != nil {
			return wrap("verify", err)
		}
		if len(found.Problems) > 0 {
			return found
		}
		return nil
	})
}

// verifyEntries checks that the records of entries are those that index has, in order, and
// that each opens.
func (l *Ledger) verifyEntries(found *DamagedError) error {
	next := int64(0)
	_, err := journal.Scan(l.entries, 0, l.end, func(at int64, payload []byte) error {
		e, err := parse(at, payload)
		if err != nil {
			found.add("record at byte %d: %v", at, err)
			return nil
		}
		if torn, err := l.torn(e, next); err != nil || torn {
			return err // a tear is no fault
		}
		if e.index < next || e.index >= l.n {
			found.add("entry %d is there again, at byte %d", e.index, at)
			return nil
		}
		missed(found, next, e.index)
		next = e.index + 1
		if _, err := l.record(e); err != nil {
			found.add("entry %d %v", e.index, err)
		}
		if where, err := l.tree.at(e.index); err != nil {
			return err
		} else if where != at {
			found.add("entry %d is not where the index says", e.index)
		}
		leaf, err := l.tree.ReadHashes([]int64{tlog.StoredHashIndex(0, e.index)})
		if err != nil {
			return err
		}
		if leaf[0] != e.leaf {
			found.add("entry %d is not the one in the tree", e.index)
		}
		return nil
	})
	missed(found, next, l.n)
	return err
}

func missed(found *DamagedError, from, to int64) {
	switch to - from {
	case 0:
	case 1:
		found.add("entry %d is missing or damaged", from)
	default:
		found.add("entries %d to %d are missing or damaged", from, to-1)
	}
}

// verifyTree computes the inner hashes again from the leaves.
func (l *Ledger) verifyTree(found *DamagedError) error {
	for i := range l.n {
		first := tlog.StoredHashIndex(0, i)
		indexes := make([]int64, tlog.StoredHashIndex(0, i+1)-first)
		for j := range indexes {
			indexes[j] = first + int64(j)
		}
		stored, err := l.tree.ReadHashes(indexes)
		if err != nil {
			return err
		}
		want, err := tlog.StoredHashesForRecordHash(i, stored[0], l.tree)
		if err != nil {
			return err
		}
		if slices.Equal(stored, want) {
			continue
		}
		hint := "put the folder ledger back from your backup"
		if len(found.Problems) == 0 {
			hint = "stop the desk and remove the files ledger/hashes and ledger/index, which are then made anew from the entries"
		}
		found.add("the tree is damaged at entry %d: %s", i, hint)
		return nil
	}
	return nil
}
