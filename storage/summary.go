package storage

import (
	"cmp"
	"errors"
	"fmt"

	"linevault/codec/pcm"
	"linevault/storage/seal"
)

// summary is what the catalogue knows of a part.
type summary struct {
	listed bool // head is known
	head   header
	call   Call // as last known
	end    *End // nil where nobody wrote an end
	span   pcm.Span
	gaps   []Gap
	late   []Gap
	bytes  int64 // of Opus
	// For a part without an end its boxes are opened, each one once.
	runs    []Run
	next    uint64
	damaged bool
}

// describe brings a part's summary up to date, or reports that its boxes moved meanwhile. The
// caller holds refreshing; several goroutines may describe parts for it, each its own.
func (s *Store) describe(id seal.PartID) (moved bool) {
	about := "part " + id.String()
	s.mu.Lock()
	p := s.parts[id]
	if p == nil {
		s.mu.Unlock()
		return false
	}
	if len(p.places) == 0 && p.live == nil {
		delete(s.parts, id)
		s.unlist(p)
		s.mu.Unlock()
		s.forget(id)
		return false
	}
	sum, of := p.summary, p.period
	total, ended := p.extent()
	s.mu.Unlock()
	if s.destroyed(id, of) {
		s.hide(id)
		return false
	}
	if sum.end != nil {
		s.mu.Lock()
		if p.moved && p.of != "" {
			s.listing.changed[p.of] = true
		}
		p.moved = false
		s.mu.Unlock()
		return false
	}
	// The key of a live part is wanted again at the next Refresh; unlocking takes 2 ms.
	r, err := s.reader(id, s.keptKey(id))
	if err != nil && s.coming[id] {
		return false // its key comes last, when what it stands in for is destroyed
	}
	breaks := Promise(0)
	if errors.Is(err, errNoKey) && p.place1() != "" {
		about = "keys of " + p.place1() // one sentence for the segment: it may be of another box
		breaks = s.whose(p)
	}
	if err != nil {
		s.problem(about, Problem{Segment: p.place1(), Text: fmt.Sprintf("%v: the call that it belongs to is not listed whole", err), Breaks: breaks})
		return false
	}
	s.keep(id, r.key)
	err = s.summarise(r, &sum, total, ended)
	if errors.Is(err, errMoved) {
		return true
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if sum.damaged = sum.damaged || err != nil; err != nil {
		s.problems[about] = Problem{Segment: segmentOf(err), Call: cmp.Or(p.of, sum.head.Call.ID), Text: err.Error()}
	}
	p.summary = sum
	if sum.listed {
		s.list(p)
	}
	if p.over() {
		s.ended[id] = p.of
	}
	if p.live == nil || p.live.Ended {
		s.forget(id)
	}
	return false
}

// keptKey is the key that is kept while a part is live, or nil.
func (s *Store) keptKey(id seal.PartID) *seal.Key {
	s.keeping.Lock()
	defer s.keeping.Unlock()
	return s.kept[id]
}

func (s *Store) keep(id seal.PartID, k *seal.Key) {
	s.keeping.Lock()
	defer s.keeping.Unlock()
	s.kept[id] = k
}

// whose is the promise that a part without a key breaks: where the box has keys of the period and
// none of any part in the segment, the segment is somebody else's; else a key is lost.
func (s *Store) whose(p *storedPart) Promise {
	s.mu.Lock()
	defer s.mu.Unlock()
	if known, ok := s.problems["keys of "+p.place1()]; ok {
		return known.Breaks
	}
	if len(s.locked[p.period]) == 0 {
		return Whole
	}
	for id, o := range s.parts {
		if s.locked[p.period][id] != nil && o.place1() == p.place1() {
			return Whole
		}
	}
	return Ours
}

// forget drops the key that was kept while the part was live.
func (s *Store) forget(id seal.PartID) {
	s.keeping.Lock()
	defer s.keeping.Unlock()
	if k := s.kept[id]; k != nil {
		k.Forget()
		delete(s.kept, id)
	}
}

// extent is how many boxes a part has, and whether its last one is among them.
func (p *storedPart) extent() (total uint64, ended bool) {
	for _, at := range p.places {
		total, ended = max(total, at.first+at.count), ended || at.ended
	}
	if p.live != nil {
		total, ended = max(total, p.live.Boxes), ended || p.live.Ended
	}
	return total, ended
}

// place1 is a segment to name when something is said of the part.
func (p *storedPart) place1() string {
	if len(p.places) == 0 {
		return ""
	}
	return p.places[0].segment
}

func segmentOf(err error) string {
	if d, ok := errors.AsType[*DamagedError](err); ok {
		return d.Segment
	}
	return ""
}

// summarise reads the part's first and last box, or all of them where it has no last one.
func (s *Store) summarise(r *partReader, sum *summary, total uint64, ended bool) error {
	var damage error
	if !sum.listed {
		content, err := r.open(0)
		if err == nil {
			sum.head, err = readHeader(content)
		}
		if damage = err; err == nil {
			sum.listed, sum.call, sum.next = true, sum.head.Call, 1
			sum.span = pcm.Span{From: sum.call.From, To: sum.call.From}
		}
	}
	if ended {
		err := r.finish(sum, total-1)
		if err == nil {
			return damage
		}
		damage = errors.Join(damage, err)
	}
	if !sum.listed {
		return damage
	}
	return errors.Join(damage, r.follow(sum, total))
}

// finish takes the summary from the final box.
func (r *partReader) finish(sum *summary, box uint64) error {
	content, err := r.open(box)
	if err != nil {
		return err
	}
	f, runs, err := readFinalOf(sum, content)
	if err != nil {
		return &DamagedError{Part: r.id, Box: box, Err: err}
	}
	if !sum.listed {
		// The header is lost: the final box says all that it said.
		sum.head = header{Call: f.Call, Number: f.Number}
		sum.head.Call.From = f.From
		sum.listed = true
	}
	sum.call, sum.end, sum.late, sum.bytes = f.Call, &f.End, f.Late, f.Payload
	sum.span = pcm.Span{From: f.From, To: f.End.At}
	sum.runs, sum.next = nil, 0
	sum.gaps = gapsOf(runs)
	return nil
}

// readFinalOf reads a final box, by the format of the header where there is one.
func readFinalOf(sum *summary, content []byte) (f final, runs []Run, err error) {
	if sum.listed {
		return readFinal(sum.head.Call.Format, content)
	}
	for legs := 1; legs <= pcm.MaxLegs; legs++ {
		if f, _, err = readFinal(pcm.Format{Rate: 8000, Legs: legs}, content); err == nil {
			return readFinal(f.Call.Format, content)
		}
	}
	return f, nil, err
}

// follow opens the boxes of a part that has no end, from where it left off. A box that does
// not open becomes a gap as soon as the next one says where it stands.
func (r *partReader) follow(sum *summary, total uint64) error {
	var damage error
	for ; sum.next < total; sum.next++ {
		content, err := r.open(sum.next)
		if err == nil {
			err = sum.take(int(sum.next), content)
		}
		if err != nil {
			damage = err
		}
	}
	sum.gaps = gapsOf(sum.runs)
	return damage
}

// take adds what a box holds.
func (sum *summary) take(box int, content []byte) error {
	var late []Gap
	var bytes int64
	call := sum.call
	runs, span, err := runsOf(sum.head.Call.Format, box, content, visitor{
		late: func(g Gap) error { late = append(late, g); return nil },
		call: func(b []byte) error { return unmarshalCall(b, &call) },
	})
	if err != nil {
		return err
	}
	if span.From < sum.span.To {
		return errBox
	}
	if hole := (pcm.Span{From: sum.span.To, To: span.From}); !hole.Empty() {
		sum.runs = append(sum.runs, Run{Box: box - 1, Span: hole, Gap: &Gap{Span: hole, Cause: Damaged}})
	}
	for _, run := range runs {
		bytes += run.payload
	}
	sum.runs = append(sum.runs, runs...)
	sum.span.To = span.To
	sum.late = append(sum.late, late...)
	sum.call = call
	sum.bytes += bytes
	return nil
}

// gapsOf lists the gaps of runs, touching ones of one cause and By as one.
func gapsOf(runs []Run) []Gap {
	var gaps []Gap
	for i := range runs {
		if g := runs[i].Gap; g != nil {
			gaps = appendGap(gaps, *g)
		}
	}
	return gaps
}

func appendGap(gaps []Gap, g Gap) []Gap {
	if k := len(gaps) - 1; k >= 0 && gaps[k].Span.To == g.Span.From && gaps[k].Cause == g.Cause && gaps[k].By == g.By {
		gaps[k].Span.To = g.Span.To
		return gaps
	}
	return append(gaps, g)
}
