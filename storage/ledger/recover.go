package ledger

import (
	"errors"
	"fmt"

	"linevault/storage/keys/journal"
)

// recover finds out what the ledger holds, trusting nothing that a power cut can have
// spoilt, and mends the tree from entries. The lock is held.
func (l *Ledger) recover() error {
	indexed, err := l.tree.indexed()
	if err != nil {
		return err
	}
	l.n, l.end, l.tears = 0, 0, nil
	sure := (indexed - 1) / treeSync * treeSync
	whole, err := l.tree.hashed(max(0, sure))
	if err != nil {
		return err
	}
	if sure > 0 && whole {
		// Entry sure is in index, so all before it had been fsynced.
		if e, err := l.entry(sure - 1); err == nil {
			l.n = sure
			l.end = e.at + int64(entryHead+len(e.sealed)+journal.Overhead)
		}
	}
	if err := l.walk(); err != nil {
		return err
	}
	return l.keepLost(indexed)
}

// refresh takes in what other processes have appended. The lock is held.
func (l *Ledger) refresh() error {
	info, err := l.entries.Stat()
	if err != nil {
		return err
	}
	switch {
	case info.Size() > l.end:
		return l.walk()
	case info.Size() < l.end:
		return l.recover()
	}
	return nil
}

// walk takes in the entries after end.
func (l *Ledger) walk() error {
	info, err := l.entries.Stat()
	if err != nil {
		return err
	}
	tears, err := journal.Scan(l.entries, l.end, info.Size(), l.take)
	if err != nil {
		return err
	}
	l.tears = append(l.tears, tears...)
	l.end = info.Size()
	return nil
}

// take takes in one entry. One that does not open may lie about its number and its leaf, so
// it is not taken in if the tree knows better; Verify tells of it.
func (l *Ledger) take(at int64, payload []byte) error {
	e, err := parse(at, payload)
	if err != nil || e.index < l.n {
		return nil
	}
	if _, err := l.record(e); err != nil {
		known, err := l.tree.knows(e.index)
		if err != nil || known || e.index > l.n {
			return err
		}
	}
	if torn, err := l.torn(e, l.n); err != nil || torn {
		return err
	}
	if err := l.keepLost(e.index); err != nil {
		return err
	}
	if err := l.tree.add(e.index, e.at, e.leaf); err != nil {
		return err
	}
	l.n = e.index + 1
	return nil
}

// torn reports whether an entry that comes where number n is due was left by a power cut: of the
// batch that it was written with, something before it did not reach the disk, so nothing of the
// batch was ever acknowledged from there on. The index says otherwise where it has just this
// record under its number: then what is before it is lost.
func (l *Ledger) torn(e entry, n int64) (bool, error) {
	if e.index <= n || e.first > n {
		return false, nil
	}
	known, err := l.tree.knows(e.index)
	if err != nil || !known {
		return err == nil, err
	}
	at, err := l.tree.at(e.index)
	return at != e.at, err
}

// keepLost keeps the leaves of entries that index and hashes know of and that are no longer
// in entries, up to number to: the tree must not forget what it once held. New entries go
// after them, and Verify tells that they are missing.
func (l *Ledger) keepLost(to int64) error {
	if to <= l.n {
		return nil
	}
	ok, err := l.tree.hashed(to)
	if err != nil {
		return err
	}
	if !ok {
		return fmt.Errorf("entries %d to %d are missing and so are their hashes: put the folder ledger back from your backup", l.n, to-1)
	}
	for ; l.n < to; l.n++ {
		if err := l.tree.setAt(l.n, missing); err != nil {
			return err
		}
	}
	return nil
}

// checkKey refuses a key that opens none of the first entries, before anything is changed.
func (l *Ledger) checkKey() error {
	info, err := l.entries.Stat()
	if err != nil {
		return err
	}
	var opened bool
	tried := 0
	enough := errors.New("enough")
	_, err = journal.Scan(l.entries, 0, info.Size(), func(at int64, payload []byte) error {
		e, err := parse(at, payload)
		if err != nil {
			return nil // damaged: Verify tells
		}
		_, err = l.record(e)
		opened = err == nil
		if tried++; opened || tried == 16 {
			return enough
		}
		return nil
	})
	if err != nil && err != enough {
		return err
	}
	if tried > 0 && !opened {
		return ErrKey
	}
	return nil
}
