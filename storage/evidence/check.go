package evidence

import (
	"cmp"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"time"

	"linevault/storage"
	"linevault/storage/checkpoint"
	"linevault/storage/disclosure"
	"linevault/storage/keys/journal"
	"linevault/storage/ledger"
	"linevault/storage/seal"
)

// Entered reads what the ledger has of the parts of calls, for storage.Check to compare. An
// entry that is damaged is left out: the ledger's own check tells of it.
func Entered(book *ledger.Ledger) (map[seal.PartID]*storage.Entered, error) {
	all := map[seal.PartID]*storage.Entered{}
	for from, n := int64(0), book.Len(); from < n; from += batch {
		events, err := book.Events(from, min(n, from+batch))
		if err != nil {
			return nil, err
		}
		for _, e := range events {
			if e.Kind == disclosure.Kind {
				enter(all, storage.CallID(e.Call), e.Data)
			}
		}
	}
	return all, nil
}

func enter(all map[seal.PartID]*storage.Entered, call storage.CallID, data map[string]string) {
	var id seal.PartID
	var last [32]byte
	part, err1 := hex.DecodeString(data["part"])
	box, err2 := hex.DecodeString(data["last_box"])
	start, err3 := time.Parse(time.RFC3339Nano, data["start"])
	if err1 != nil || err2 != nil || err3 != nil || copy(id[:], part) != len(id) || copy(last[:], box) != len(last) {
		return // a part of which no box could be read
	}
	e := all[id]
	if e == nil {
		e = &storage.Entered{Call: call, Class: data["class"], Start: start}
		all[id] = e
	}
	if !slices.Contains(e.Last, last) {
		e.Last = append(e.Last, last)
	}
}

// most is how many of the checkpoints in the list are compared with the ledger.
const most = 1000

// Check compares the ledger with what the box has signed, with what the keyring has of it, and
// with a checkpoint that was kept elsewhere, if there is one. What it finds wrong is a
// *RolledBackError, an *AnchorError, or says that the checkpoint is none of this box.
func (c *Checkpoints) Check(elsewhere []byte) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	anchor := c.anchored()
	if _, other := errors.AsType[*AnchorError](anchor); anchor != nil && !other {
		return anchor
	}
	if err := c.refresh(); err != nil {
		return fmt.Errorf("read the checkpoints: %w", err)
	}
	head, err := c.book.Head()
	if err != nil {
		return err
	}
	signed, err := c.all()
	if err != nil {
		return fmt.Errorf("read the checkpoints: %w", err)
	}
	if elsewhere != nil {
		k, err := checkpoint.Open(elsewhere, c.key.Public())
		if err != nil {
			return fmt.Errorf("the checkpoint that was kept elsewhere: %w", err)
		}
		signed = append(signed, k)
	}
	slices.SortFunc(signed, func(a, b checkpoint.Checkpoint) int { return cmp.Compare(a.Tree.N, b.Tree.N) })
	step := len(signed)/most + 1
	for i := len(signed) - 1; i >= 0; i -= step {
		if err := c.follows(signed[i], head.N); err != nil {
			return errors.Join(anchor, err)
		}
	}
	return anchor
}

// all reads every checkpoint in the list that is the box's own. The caller holds mu.
func (c *Checkpoints) all() (list []checkpoint.Checkpoint, err error) {
	_, err = journal.Scan(c.file, 0, c.end, func(_ int64, payload []byte) error {
		if k, err := checkpoint.Open(payload, c.key.Public()); err == nil {
			list = append(list, k)
		}
		return nil
	})
	return list, err
}
