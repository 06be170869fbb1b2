package evidence

import (
	"errors"
	"fmt"
	"path/filepath"
	"time"

	"linevault/storage/checkpoint"
	"linevault/storage/keys"
	"linevault/storage/keys/journal"
	"linevault/storage/ledger"
)

// anchorEvery is how often the keyring takes in how the ledger is: seldom, so that it costs
// nothing, and also after each new root key, under which no older keyring opens.
const anchorEvery = time.Hour

// AnchorError is a ledger that does not begin with what the keyring has of it: the folder was
// deleted, put back older together with its checkpoints, or is another one.
type AnchorError struct {
	Kept keys.Anchor
	Now  int64 // how many entries the ledger has; -1: there is none
}

func (e *AnchorError) Error() string {
	const todo = "put the newest copy of the folder ledger back from your backup; if it is lost, " +
		"`linevault ledger accept` goes on with what there is, and says so in the ledger"
	kept := fmt.Sprintf("the keyring says that the ledger had %d entries on %s", e.Kept.Entries, e.Kept.At.Format("2 January 2006 at 15:04 MST"))
	switch {
	case e.Now < 0:
		return fmt.Sprintf("there is none, and there was one: %s; %s", kept, todo)
	case e.Now < e.Kept.Entries:
		return fmt.Sprintf("%s, and it has %d: it was deleted, or an old copy was put back; %s", kept, e.Now, todo)
	}
	return fmt.Sprintf("%s, and its first entries are not those: another ledger was put in its place; %s", kept, todo)
}

// OpenAnchored opens the list of the store in dir with the keys of its ring, and compares the
// ledger with what the ring has of it as well.
func OpenAnchored(dir string, ring *keys.Ring, book *ledger.Ledger) (*Checkpoints, error) {
	c, err := OpenCheckpoints(dir, ring.Derive(KeyPurpose), book)
	if err == nil {
		c.ring = ring
	}
	return c, err
}

// NoLedger sees that there never was a ledger, where there is none now.
func NoLedger(ring *keys.Ring) error {
	a, ok, err := ring.Anchor()
	if err == nil && ok && a.Entries > 0 {
		err = &AnchorError{Kept: a, Now: -1}
	}
	return err
}

// anchored checks that the ledger begins with what the ring had of it. The ring is read first:
// what it has by then the ledger has.
func (c *Checkpoints) anchored() error {
	if c.ring == nil {
		return nil
	}
	a, ok, err := c.ring.Anchor()
	if err != nil || !ok {
		return err
	}
	head, err := c.book.Head()
	if err != nil {
		return err
	}
	err = c.follows(checkpoint.Checkpoint{Tree: a.Tree()}, head.N)
	if _, other := errors.AsType[*RolledBackError](err); other {
		return &AnchorError{Kept: a, Now: head.N}
	}
	return err
}

// drop lets the ring take in what was signed last, if it is time for that or must is set. The
// caller holds mu and the lock of the list.
func (c *Checkpoints) drop(now time.Time, must bool) error {
	if c.ring == nil || c.last == nil {
		return nil
	}
	last, err := checkpoint.Open(c.last, c.key.Public())
	if err != nil {
		return err
	}
	a, ok, err := c.ring.Anchor()
	if err != nil {
		return err
	}
	since := now.Sub(a.At)
	due := !ok || must || since >= anchorEvery || since < 0 || a.Root != c.ring.RootID()
	if !due || ok && a.Tree() == last.Tree {
		return nil
	}
	if err := c.ring.KeepAnchor(keys.Anchor{Entries: last.Tree.N, Hash: last.Tree.Hash, At: now}); err != nil {
		return fmt.Errorf("keep in the keyring how the ledger is: %w", err)
	}
	return nil
}

// Anchor signs as Sign does, and lets the keyring take it in at once: at a clean end.
func (c *Checkpoints) Anchor(now time.Time) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.alone(func() error {
		if err := c.sign(now); err != nil {
			return err
		}
		return c.drop(now, true)
	})
}

// ErrNothingToAccept says that the ledger begins with what the keyring has of it.
var ErrNothingToAccept = errors.New("the ledger begins with what the keyring has of it: there is nothing to accept")

// Accept goes on with a ledger that does not begin with what the keyring has of it, because
// what was there is lost. An entry says so. It does not go on against a checkpoint in the list.
func (c *Checkpoints) Accept(now time.Time, who, reason string) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.alone(func() error {
		err := c.anchored()
		lost, other := errors.AsType[*AnchorError](err)
		if !other {
			if err == nil {
				err = ErrNothingToAccept
			}
			return err
		}
		if err := c.signedBefore(); err != nil {
			return err
		}
		_, err = c.book.Append(ledger.Event{
			At: now.UTC(), Kind: "ledger accepted", Who: who,
			Text: fmt.Sprintf("the ledger that had %d entries on %s is lost, and this one with %d goes on: %s",
				lost.Kept.Entries, lost.Kept.At.Format(time.RFC3339), lost.Now, reason),
		})
		if err != nil {
			return err
		}
		head, err := c.book.Head()
		if err != nil {
			return err
		}
		return c.ring.KeepAnchor(keys.Anchor{Entries: head.N, Hash: head.Hash, At: now})
	})
}

// alone runs f while no other process signs, on the list as it is now. The caller holds mu.
func (c *Checkpoints) alone(f func() error) error {
	unlock, err := journal.Lock(filepath.Join(c.dir, "checkpoints.lock"))
	if err != nil {
		return fmt.Errorf("sign a checkpoint: %w", err)
	}
	defer unlock()
	if err := c.refresh(); err != nil {
		return fmt.Errorf("sign a checkpoint: %w", err)
	}
	return f()
}

// signedBefore checks that the ledger begins with the newest checkpoint in the list.
func (c *Checkpoints) signedBefore() error {
	if c.last == nil {
		return nil
	}
	last, err := checkpoint.Open(c.last, c.key.Public())
	if err != nil {
		return err
	}
	head, err := c.book.Head()
	if err != nil {
		return err
	}
	return c.follows(last, head.N)
}
