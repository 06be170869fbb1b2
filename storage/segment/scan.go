package segment

import (
	"errors"
	"fmt"
)

// Scan finds the boxes in the stream itself and returns an entry for every part: the way back
// when a crash came before the entries were written. What cannot be read goes to damaged.
func (r *Reader) Scan(damaged func(error)) []*Entry {
	return r.scan(damaged, func(int64) {})
}

// scan is Scan that also shows where each box begins, in the stream's order.
func (r *Reader) scan(damaged func(error), begins func(off int64)) []*Entry {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.window.ahead = scanAhead
	var entries []*Entry
	byNumber := map[uint32]*Entry{}
	report := func(off int64, err error) {
		damaged(&DamageError{Segment: r.Name.String(), Offset: off, Err: err})
	}
	r.stream().scan(func(h Head, off int64) {
		begins(off)
		e := byNumber[h.Number]
		switch {
		case h.Declares && e == nil:
			e = &Entry{
				Part: h.Part, Number: h.Number, First: h.Box,
				Commits: h.Commits, Commitment: h.Commitment,
			}
			byNumber[h.Number] = e
			entries = append(entries, e)
		case e == nil || h.Declares:
			report(off, fmt.Errorf("a box of a part that does not begin here (number %d)", h.Number))
			return
		case h.Box != e.First+uint64(len(e.Offsets)):
			// Those between were lost: an offset that reads as damage keeps the numbers.
			for h.Box > e.First+uint64(len(e.Offsets)) && h.Box-e.First < uint64(r.tail.end()) {
				e.Offsets = append(e.Offsets, -1)
			}
			if h.Box != e.First+uint64(len(e.Offsets)) {
				report(off, errors.New("a box out of its order"))
				return
			}
		}
		e.Offsets = append(e.Offsets, off)
		e.Ended = e.Ended || h.Last
	}, report)
	if r.tail.err != nil {
		report(r.tail.start, r.tail.err)
	}
	return entries
}
