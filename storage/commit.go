package storage

import (
	"errors"
	"fmt"

	"linevault/storage/keys"
	"linevault/storage/seal"
	"linevault/storage/segment"
)

// Commit makes durable everything queued by now: first the keys of new parts, so that no box
// is ever on disk without its key, then each segment's boxes in one transaction. What could
// not be written stays queued; the error has been told to OnProblem, too.
func (w *Writer) Commit() error {
	w.disk.Lock()
	defer w.disk.Unlock()
	w.mu.Lock()
	batch, partKeys := w.queue, w.keys
	w.queue, w.keys = nil, nil
	w.mu.Unlock()

	locked := w.commitKeys(batch, partKeys)
	var errs []error
	var again []queued
	for _, p := range periodsOf(batch) {
		mine := ofPeriod(batch, p)
		err := locked[p]
		if err == nil {
			err = w.commitPeriod(p, mine)
		}
		if err != nil {
			again = append(again, mine...)
			errs = append(errs, err)
		}
	}
	w.mu.Lock()
	w.queue = append(again, w.queue...)
	w.mu.Unlock()
	errs = append(errs, w.rollFull())
	if err := errors.Join(errs...); err != nil {
		w.o.OnProblem(err)
		return err
	}
	return nil
}

func periodsOf(batch []queued) []period {
	var list []period
	seen := map[period]bool{}
	for i := range batch {
		if p := batch[i].part.period; !seen[p] {
			seen[p] = true
			list = append(list, p)
		}
	}
	return list
}

func ofPeriod(batch []queued, p period) []queued {
	var mine []queued
	for _, q := range batch {
		if q.part.period == p {
			mine = append(mine, q)
		}
	}
	return mine
}

// commitKeys puts the keys of new parts on disk and says for which periods that was not
// possible.
func (w *Writer) commitKeys(batch []queued, partKeys []partKey) map[period]error {
	failed := map[period]error{}
	for i, k := range partKeys {
		f, err := w.keyFile(k.period)
		if err != nil {
			failed[k.period] = err
			w.mu.Lock()
			w.keys = append(w.keys, partKeys[i])
			w.mu.Unlock()
			continue
		}
		// What Append could not write, Sync writes; its error says all.
		_ = f.Append(k.part, k.locked)
	}
	for _, p := range periodsOf(batch) {
		if f := w.keyFiles[p]; f != nil && failed[p] == nil {
			if err := f.Sync(); err != nil {
				failed[p] = fmt.Errorf("part keys of class %s: %w", p.class, advise(err))
			}
		}
	}
	return failed
}

func (w *Writer) keyFile(p period) (*keys.PartFile, error) {
	if f := w.keyFiles[p]; f != nil {
		return f, nil
	}
	f, err := keys.OpenPartFile(w.dir, p.class, p.day)
	if err != nil {
		return nil, fmt.Errorf("part keys of class %s: %w", p.class, advise(err))
	}
	w.keyFiles[p] = f
	return f, nil
}

// commitPeriod writes boxes to the period's segment. After an error that segment is never
// written again (Linux forgets pages that it could not write) and the boxes go to a new one.
// The old one stays where it is: what it acknowledged is good, and the desk sets it aside if
// it cannot be read.
func (w *Writer) commitPeriod(p period, boxes []queued) error {
	s := w.segments[p]
	if s != nil {
		err := w.commitTo(s, boxes)
		if err == nil {
			return nil
		}
		w.o.OnProblem(fmt.Errorf("%w; going on in a new segment", advise(err)))
		w.retire(s)
	}
	s, err := w.create(p)
	if err != nil {
		return advise(err)
	}
	if err := w.commitTo(s, boxes); err != nil {
		// Nothing in it was acknowledged.
		w.retire(s)
		return advise(errors.Join(err, s.Remove()))
	}
	return nil
}

// commitTo appends boxes to s and commits. Only then do the parts know of them.
func (w *Writer) commitTo(s *active, boxes []queued) error {
	grown := map[*part]*segment.Entry{}
	for i := range boxes {
		q := &boxes[i]
		e := grown[q.part]
		if e == nil {
			e = w.entryIn(s, q.part)
			grown[q.part] = e
		}
		h := q.head
		h.Number = e.Number
		if len(e.Offsets) == 0 {
			e.First = h.Box
			h.Declares, h.Part = true, q.part.id
			if h.Kind == seal.Header {
				h.Commits, h.Commitment = true, q.part.commitment
				e.Commits, e.Commitment = true, q.part.commitment
			}
		}
		e.Offsets = append(e.Offsets, s.Append(h, q.data))
		if h.Last {
			e.Ended = true
			s.End(e)
		}
	}
	if err := s.Commit(); err != nil {
		return err
	}
	w.acknowledge(s, boxes, grown)
	return nil
}

// entryIn is the entry that a part has in s, or a new one. The part's own is not touched
// until the commit is safe: appending to its offsets moves no end but the copy's.
func (w *Writer) entryIn(s *active, p *part) *segment.Entry {
	if p.in == s {
		e := p.entry
		return &e
	}
	s.number++
	return &segment.Entry{Part: p.id, Number: s.number}
}

// acknowledge notes what is on disk now.
func (w *Writer) acknowledge(s *active, boxes []queued, grown map[*part]*segment.Entry) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for p, e := range grown {
		if p.in != s {
			p.in = s
			s.parts = append(s.parts, p)
		}
		p.entry = *e
		p.ended = p.ended || e.Ended
		p.next = e.First + uint64(len(e.Offsets))
	}
	for _, q := range boxes {
		w.bytes -= int64(len(q.data))
		w.boxes--
		if len(w.free) < maxFree {
			w.free = append(w.free, q.data[:0])
		}
	}
}

// maxFree is how many buffers wait for reuse: two seconds of 240 lines.
const maxFree = 512
