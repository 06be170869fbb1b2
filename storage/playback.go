package storage

import (
	"cmp"
	"errors"
	"fmt"
	"io"

	"linevault/codec"
	"linevault/codec/pcm"
)

// maxLength bounds the call that Peaks makes room for: two days.
const maxLength = 48 * 3600

// Playback is a call being played. It belongs to one goroutine.
type Playback struct {
	s       *Store
	row     Row
	format  pcm.Format
	span    pcm.Span
	runs    []Run
	late    []Gap
	readers []*partReader
	boxes   []uint64 // of each part
	cut     bool     // it is interrupted

	at      int // Next: the run after this one
	packets []codec.Packet
}

// Play opens a call to be played, or returns ErrNoCall. Of a live call it plays what is on
// disk by now.
func (s *Store) Play(id CallID) (*Playback, error) {
	row, err := s.Find(id)
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	awake, err := s.wake(id)
	if err != nil || len(awake) == 0 {
		s.mu.Unlock()
		return nil, fmt.Errorf("call %s: %w", id, cmp.Or(err, ErrNoCall))
	}
	parts := append([]*storedPart(nil), awake...)
	sums := make([]summary, len(parts))
	p := &Playback{s: s, row: row, format: row.Call.Format, cut: row.Why == Interrupted}
	for i, sp := range parts {
		sums[i] = sp.summary
		total, _ := sp.extent()
		if sp.end == nil {
			total = sp.next
		}
		p.boxes = append(p.boxes, total)
		p.late = append(p.late, sp.late...)
	}
	p.late = unreleased(s.released[id], p.late)
	s.mu.Unlock()
	for i, sp := range parts {
		r, err := s.readerOf(sp)
		if err != nil {
			p.Close()
			return nil, err
		}
		r.refresh = true
		p.readers = append(p.readers, r)
		if err := p.add(i, &sums[i]); err != nil {
			p.Close()
			return nil, err
		}
	}
	p.span = pcm.Span{From: sums[0].span.From, To: sums[len(sums)-1].span.To}
	if err := p.withholdWaiting(); err != nil {
		p.Close()
		return nil, err
	}
	p.withhold()
	p.runs = mergeGaps(p.runs)
	return p, nil
}

// add appends the runs of a part.
func (p *Playback) add(part int, sum *summary) error {
	runs := sum.runs
	if sum.end != nil {
		content, err := p.readers[part].open(p.boxes[part] - 1)
		if err != nil {
			return err
		}
		if _, runs, err = readFinal(p.format, content); err != nil {
			return &DamagedError{Part: p.readers[part].id, Box: p.boxes[part] - 1, Err: err}
		}
	}
	from := sum.span.From
	if k := len(p.runs) - 1; k >= 0 && p.runs[k].Span.To != from {
		// A part between is lost.
		hole := pcm.Span{From: p.runs[k].Span.To, To: from}
		if hole.Empty() {
			return fmt.Errorf("call %s: part %d begins before the one before it ended", p.row.Call.ID, part)
		}
		p.runs = append(p.runs, Run{Part: part, Span: hole, Gap: &Gap{Span: hole, Cause: Damaged}})
	}
	for _, r := range runs {
		if r.Span.From != from {
			return fmt.Errorf("call %s: part %d: its index does not tile", p.row.Call.ID, part)
		}
		from = r.Span.To
		r.Part = part
		p.runs = append(p.runs, r)
	}
	return nil
}

// mergeGaps makes touching gaps of one cause and By one run.
func mergeGaps(runs []Run) []Run {
	out := runs[:0:0]
	for _, r := range runs {
		if k := len(out) - 1; k >= 0 && r.Gap != nil && out[k].Gap != nil &&
			out[k].Gap.Cause == r.Gap.Cause && out[k].Gap.By == r.Gap.By {
			g := *out[k].Gap
			g.Span.To = r.Span.To
			out[k].Gap, out[k].Span = &g, g.Span
			continue
		}
		out = append(out, r)
	}
	return out
}

// Close forgets the keys. A Playback that is not closed is only untidy.
func (p *Playback) Close() {
	for _, r := range p.readers {
		r.close()
	}
}

// Row is the call, with its gaps as they are played.
func (p *Playback) Row() Row {
	row := p.row
	row.Gaps = gapsOf(p.runs)
	if row.Gaps == nil {
		row.Gaps = []Gap{}
	}
	recorded := p.span.Len()
	for _, g := range row.Gaps {
		recorded -= g.Span.Len()
		row.Damaged = row.Damaged || g.Cause == Damaged
	}
	row.Length, row.Recorded = p.format.Duration(p.span.Len()), p.format.Duration(recorded)
	return row
}

// Span is the call's stretch of its line's clock.
func (p *Playback) Span() pcm.Span { return p.span }

// Runs tile the span. The caller must not change them.
func (p *Playback) Runs() []Run { return p.runs }

// Damage marks run i as a gap of cause Damaged from now on: after Sound said so.
func (p *Playback) Damage(i int) {
	r := &p.runs[i]
	*r = gapRun(*r, Gap{Cause: Damaged})
}

// Sound emits the packets of run i, leg by leg within each instant. Their Data is good until
// emit returns. A box that cannot be had is a *DamagedError, before anything was emitted.
func (p *Playback) Sound(i int, emit func(codec.Packet) error) error {
	if p.runs[i].Gap != nil {
		return nil
	}
	return p.sound(p.runs[i], emit)
}

func (p *Playback) sound(run Run, emit func(codec.Packet) error) error {
	content, err := p.readers[run.Part].open(uint64(run.Box))
	if err != nil {
		return err
	}
	ordinal, instant := -1, -1
	_, err = readBox(p.format, content, visitor{
		run: func(bool, pcm.Epoch) error {
			ordinal++
			instant = -1
			return nil
		},
		packet: func(k codec.Packet) error {
			if k.Leg == 0 {
				instant++
			}
			if ordinal != run.ordinal || instant < run.skip || instant >= run.skip+run.Frames {
				return nil
			}
			return emit(k)
		},
	})
	return err
}

// Next returns the call's packets and gaps in order, leg by leg. What it returns is the
// caller's. A box that cannot be had comes as a gap of cause Damaged. At the end it returns
// io.EOF, or io.ErrUnexpectedEOF where the call was cut off.
func (p *Playback) Next() (*codec.Packet, *Gap, error) {
	for {
		if len(p.packets) > 0 {
			k := p.packets[0]
			p.packets = p.packets[1:]
			return &k, nil, nil
		}
		if p.at == len(p.runs) {
			if p.cut {
				return nil, nil, io.ErrUnexpectedEOF
			}
			return nil, nil, io.EOF
		}
		i := p.at
		p.at++
		err := p.Sound(i, func(k codec.Packet) error {
			k.Data = append([]byte(nil), k.Data...)
			p.packets = append(p.packets, k)
			return nil
		})
		if _, damaged := errors.AsType[*DamagedError](err); damaged {
			p.Damage(i)
		} else if err != nil {
			return nil, nil, err
		}
		if g := p.runs[i].Gap; g != nil {
			c := *g
			return nil, &c, nil
		}
	}
}

// Peaks returns the waveform of each leg, 8 bits for every 100 ms, and the number of the first
// value (positions over a tenth of the rate). They are the 16 heights that are kept. What is not played is zero, and so is what cannot be read.
func (p *Playback) Peaks() ([][]uint8, int64, error) {
	bin := binSize(p.format)
	if p.span.Len() > maxLength*pcm.Pos(p.format.Rate) {
		return nil, 0, fmt.Errorf("call %s: longer than two days: no waveform", p.row.Call.ID)
	}
	first := floorDiv(p.span.From, bin)
	count := max(0, floorDiv(p.span.To+bin-1, bin)-first)
	legs := make([][]uint8, p.format.Legs)
	for i := range legs {
		legs[i] = make([]uint8, count)
	}
	put := visitor{peak: func(leg pcm.Leg, at int64, v uint8) error {
		if k := at - first; k >= 0 && k < count {
			legs[leg][k] = max(legs[leg][k], v)
		}
		return nil
	}}
	for part, r := range p.readers {
		for n := range p.boxes[part] {
			content, err := r.open(n)
			if err != nil {
				continue // damage shows when it is played
			}
			if _, err := readBox(p.format, content, put); err != nil {
				return nil, 0, fmt.Errorf("call %s: part %d, box %d: %w", p.row.Call.ID, part, n, err)
			}
		}
	}
	for i := range p.runs {
		if g := p.runs[i].Gap; g != nil && (g.Cause == Withheld || g.Cause == Quarantined || g.Cause == Damaged) {
			from, to := floorDiv(g.Span.From, bin)-first, floorDiv(g.Span.To+bin-1, bin)-first
			for _, values := range legs {
				clear(values[max(0, from):max(0, min(to, count))])
			}
		}
	}
	return legs, first, nil
}

func floorDiv(a, b pcm.Pos) int64 {
	q := a / b
	if a%b < 0 {
		q--
	}
	return int64(q)
}
