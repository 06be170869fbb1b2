package ledger

import (
	"fmt"

	"golang.org/x/mod/sumdb/tlog"
)

// Head is the ledger's size and the root hash of its tree: who has seen it can tell whether
// any entry before that was altered or removed since.
func (l *Ledger) Head() (tlog.Tree, error) {
	var head tlog.Tree
	err := l.locked(func() error {
		hash, err := tlog.TreeHash(l.n, l.tree)
		head = tlog.Tree{N: l.n, Hash: hash}
		return wrap("head", err)
	})
	return head, err
}

// HeadAt is what Head was when the ledger had size entries, as today's tree has it.
func (l *Ledger) HeadAt(size int64) (tlog.Tree, error) {
	head := tlog.Tree{N: size}
	err := l.locked(func() (err error) {
		if size < 0 || size > l.n {
			return fmt.Errorf("ledger: no head of %d entries: there are %d", size, l.n)
		}
		head.Hash, err = tlog.TreeHash(size, l.tree)
		return wrap("head", err)
	})
	return head, err
}

// Record is the bytes that an entry's leaf is the hash of, a salt of 32 bytes and then the
// event as JSON. Whoever is given them can check a ProveRecord with tlog.CheckRecord and
// tlog.RecordHash, and learns nothing of other entries.
func (l *Ledger) Record(index int64) ([]byte, error) {
	var b []byte
	err := l.locked(func() error {
		if index < 0 || index >= l.n {
			return fmt.Errorf("ledger: there is no entry %d of %d", index, l.n)
		}
		e, err := l.entry(index)
		if err == nil {
			b, err = l.record(e)
		}
		return wrap(fmt.Sprintf("entry %d", index), err)
	})
	return b, err
}

// ProveRecord proves that the ledger, when it had size entries, held the entry index.
func (l *Ledger) ProveRecord(size, index int64) (tlog.RecordProof, error) {
	var p tlog.RecordProof
	err := l.locked(func() (err error) {
		if size > l.n || index < 0 || index >= size {
			return fmt.Errorf("ledger: no proof of entry %d of %d: there are %d", index, size, l.n)
		}
		p, err = tlog.ProveRecord(size, index, l.tree)
		return wrap("proof", err)
	})
	return p, err
}

// ProveTree proves that the ledger of size entries begins with just the ledger of older entries.
func (l *Ledger) ProveTree(size, older int64) (tlog.TreeProof, error) {
	var p tlog.TreeProof
	err := l.locked(func() (err error) {
		if size > l.n || older < 1 || older > size {
			return fmt.Errorf("ledger: no proof that %d entries begin with %d: there are %d", size, older, l.n)
		}
		p, err = tlog.ProveTree(size, older, l.tree)
		return wrap("proof", err)
	})
	return p, err
}

func wrap(what string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("ledger: %s: %w", what, err)
}
