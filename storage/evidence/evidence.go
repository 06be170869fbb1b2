// Package evidence enters recordings in the ledger and signs what the ledger holds, so that
// what was recorded can be proved to people who do not trust the box.
package evidence

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"time"

	"linevault/storage"
	"linevault/storage/disclosure"
	"linevault/storage/ledger"
	"linevault/storage/seal"
)

// Register enters the parts of calls in the ledger, each once. It belongs to one goroutine;
// several registers, also of several processes, may work on one ledger: then a part may be
// entered twice, with the same words.
type Register struct {
	store   *storage.Store
	book    *ledger.Ledger
	read    int64 // how many entries have been taken in
	entries map[mark]int64
	pending []seal.PartID
}

// mark stands for a part as it was kept: 16 bytes of a hash of its id and its last box. A
// part that ends otherwise than was first seen has another.
type mark [16]byte

func markOf(part, last string) mark {
	sum := sha256.Sum256([]byte(part + " " + last))
	return mark(sum[:16])
}

// New is a register of the calls in store.
func New(store *storage.Store, book *ledger.Ledger) *Register {
	return &Register{store: store, book: book, entries: map[mark]int64{}}
}

// batch is how many entries are read or written at a time.
const batch = 500

// catchUp takes in the entries that it has not seen.
func (r *Register) catchUp() error {
	for n := r.book.Len(); r.read < n; {
		events, err := r.book.Events(r.read, min(n, r.read+batch))
		if err != nil {
			return err
		}
		if len(events) == 0 {
			return nil
		}
		for i, e := range events {
			if e.Kind == disclosure.Kind {
				r.entries[markOf(e.Data["part"], e.Data["last_box"])] = r.read + int64(i)
			}
		}
		r.read += int64(len(events))
	}
	return nil
}

// Enter enters every part that ended since it was last called and is not in the ledger, and
// returns how many. A part that cannot be read is told and tried again when the box next
// starts; one of which it is not clear whether it has ended is tried again the next time.
func (r *Register) Enter() (n int, err error) {
	if err := r.catchUp(); err != nil {
		return 0, err
	}
	todo := append(r.pending, r.store.TakeEnded()...)
	slices.SortFunc(todo, func(a, b seal.PartID) int { return bytes.Compare(a[:], b[:]) })
	todo = slices.Compact(todo)
	r.pending = nil
	var errs []error
	var events []ledger.Event
	flush := func() error {
		if len(events) == 0 {
			return nil
		}
		_, err := r.book.AppendAll(events)
		if err == nil {
			n += len(events)
		}
		events = events[:0]
		return err
	}
	for _, id := range todo {
		k, err := r.store.Kept(id)
		if errors.Is(err, storage.ErrUnsettled) {
			r.pending = append(r.pending, id)
			continue
		}
		if err != nil {
			errs = append(errs, fmt.Errorf("not entered in the ledger: %w", err))
			continue
		}
		if _, there := r.index(PartOf(k)); there {
			continue
		}
		if events = append(events, Event(k)); len(events) < batch {
			continue
		}
		if err := flush(); err != nil {
			r.pending = todo // those that were entered are found to be
			return n, err
		}
	}
	if err := flush(); err != nil {
		r.pending = todo
		return n, err
	}
	r.store.Entered()
	return n, errors.Join(errs...)
}

func (r *Register) index(p disclosure.Part) (int64, bool) {
	if len(p.Boxes) == 0 {
		return 0, false
	}
	i, ok := r.entries[markOf(p.ID, p.Boxes[len(p.Boxes)-1])]
	return i, ok
}

// Find returns the number of the ledger's entry of a part, as it is kept now.
func (r *Register) Find(p disclosure.Part) (int64, error) {
	if err := r.catchUp(); err != nil {
		return 0, err
	}
	i, ok := r.index(p)
	if !ok {
		return 0, fmt.Errorf("part %s of call %s is not in the ledger", p.ID, p.Call)
	}
	return i, nil
}

// PartOf is a part as packs and the ledger have it.
func PartOf(k storage.Kept) disclosure.Part {
	p := disclosure.Part{
		ID: k.Part.String(), Call: string(k.Call.ID), Number: k.Number, Line: string(k.Call.Line), Class: k.Call.Class,
		Start: k.Call.Start.UTC(), From: int64(k.Span.From), To: int64(k.Span.To), Rate: k.Call.Format.Rate, End: string(k.Why),
		Gaps: []disclosure.Gap{}, Boxes: make([]string, len(k.Boxes)),
	}
	for _, g := range k.Gaps {
		p.Gaps = append(p.Gaps, GapOf(g))
	}
	for i, h := range k.Boxes {
		p.Boxes[i] = hex.EncodeToString(h[:])
	}
	return p
}

// GapOf is a gap as packs have it.
func GapOf(g storage.Gap) disclosure.Gap {
	return disclosure.Gap{From: int64(g.Span.From), To: int64(g.Span.To), Cause: string(g.Cause), By: g.By, Reason: g.Reason}
}

// Event is the ledger's entry of a part.
func Event(k storage.Kept) ledger.Event {
	p := PartOf(k)
	return ledger.Event{At: time.Now().UTC(), Kind: disclosure.Kind, Who: "the box", Call: p.Call, Data: p.Entry()}
}
