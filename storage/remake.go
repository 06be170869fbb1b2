package storage

import (
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"linevault/codec"
	"linevault/codec/pcm"
	"linevault/storage/seal"
	"linevault/storage/segment"
)

// carry is how far around a purged span packets go, too. What a packet decodes to is its
// span, and once the packets before it are gone its decoder starts from nothing. But an
// encoder looks ahead (6.5 ms, and some 5 ms more to shape noise), overlaps frames (2.5 ms) and
// predicts pitch from what went before (18 ms at most), so that the bits of a neighbour are
// not free of what was said next to it.
const carry = 20 * time.Millisecond

// remake makes a part again without a span, under a new key.
type remake struct {
	r       *partReader // of the old part
	sum     summary
	cut     pcm.Span
	words   Gap // cause, who and why
	id      seal.PartID
	key     *seal.Key
	b       builder
	box     uint64
	before  [32]byte
	index   index
	sound   pcm.Pos
	payload int64
	dropped pcm.Pos
	sealed  []sealedBox
}

type sealedBox struct {
	head segment.Head
	data []byte
}

// run makes all boxes of the new part from those of the old one. It takes the part's memory:
// an hour of speech is some 15 MB.
func (m *remake) run(total uint64, ended bool) error {
	f := final{
		End: End{Why: Interrupted}, From: m.sum.head.Call.From, Number: m.sum.head.Number, Call: m.sum.call, Late: m.sum.late,
	}
	m.b.format = m.sum.head.Call.Format
	m.b.reset(f.From)
	h, err := json.Marshal(m.sum.head)
	if err != nil {
		return err
	}
	m.b.tail = appendBytes(append(m.b.tail, tagHeader), h)
	m.seal(seal.Header, notLast)
	for n := uint64(1); n < total; n++ {
		isFinal := ended && n == total-1
		content, err := m.r.open(n)
		if err == nil && isFinal {
			if f, _, err = readFinal(m.b.format, content); err != nil {
				return err
			}
		}
		if err == nil {
			err = m.content(content)
		}
		if _, damaged := errors.AsType[*DamagedError](err); damaged && !isFinal {
			continue // what it held becomes a gap as soon as a box says where it stands
		}
		if err != nil {
			return err
		}
		if !isFinal && !m.b.empty() {
			m.seal(seal.Sound, notLast)
		}
	}
	if m.b.legs != 0 {
		return errBox
	}
	if m.b.pos < f.End.At {
		hole := Gap{Span: pcm.Span{From: m.b.pos, To: f.End.At}, Cause: Damaged}
		if err := m.b.putGap(hole); err != nil {
			return err
		}
	}
	m.b.closeGap()
	m.b.closeRun()
	m.count()
	f.End.At, f.Recorded, f.Payload = m.b.pos, m.sound, m.payload
	if m.b.tail, err = appendFinal(m.b.tail, &f, &m.index); err != nil {
		return err
	}
	m.put(seal.Final, last)
	return nil
}

// content takes over what a box holds, without what goes.
func (m *remake) content(content []byte) error {
	first := true
	lead := func(at pcm.Pos) error {
		if !first || at == m.b.pos {
			first = false
			return nil
		}
		first = false
		// A box before this one is damaged.
		return m.b.putGap(Gap{Span: pcm.Span{From: m.b.pos, To: at}, Cause: Damaged})
	}
	_, err := readBox(m.b.format, content, visitor{
		packet: func(p codec.Packet) error {
			if err := lead(p.Span.From); err != nil {
				return err
			}
			if m.goes(p.Span) {
				if p.Leg > 0 {
					return nil
				}
				g := m.words
				g.Span = p.Span
				m.dropped += p.Span.Len()
				return m.b.putGap(g)
			}
			m.payload += int64(len(p.Data))
			return m.b.packet(p)
		},
		gap: func(g Gap) error {
			if err := lead(g.Span.From); err != nil {
				return err
			}
			return m.b.putGap(g)
		},
		peak: func(leg pcm.Leg, bin int64, v uint8) error {
			size := binSize(m.b.format)
			at := pcm.Pos(bin) * size
			if m.goes(pcm.Span{From: at, To: at + size}) {
				v = 0
			}
			m.b.peak(leg, bin, v)
			return nil
		},
		late: func(g Gap) error { m.b.late(g); return nil },
		call: func(b []byte) error {
			m.b.tail = appendBytes(append(m.b.tail, tagCall), b)
			return nil
		},
	})
	return err
}

// goes reports whether sound of a span is to go. A packet without a sample of its own, which
// ends a run, goes with what it ends.
func (m *remake) goes(s pcm.Span) bool {
	if s.Empty() {
		return s.From > m.cut.From && s.From <= m.cut.To
	}
	return !s.Intersect(m.cut).Empty()
}

// count takes the runs of the box into the index.
func (m *remake) count() {
	m.index.add(int(m.box), m.b.runs)
	for i := range m.b.runs {
		if run := &m.b.runs[i]; run.Gap == nil {
			m.sound += run.Span.Len()
		}
	}
}

func (m *remake) seal(kind seal.Kind, isLast bool) {
	m.b.closeGap()
	m.b.closeRun()
	m.count()
	m.put(kind, isLast)
}

func (m *remake) put(kind seal.Kind, isLast bool) {
	at := seal.Place{Part: m.id, Box: m.box, Kind: kind, Last: isLast, Before: m.before}
	data := m.key.Seal(nil, at, m.b.finish())
	m.before = seal.Hash(data)
	m.sealed = append(m.sealed, sealedBox{segment.Head{Box: m.box, Kind: kind, Last: isLast}, data})
	m.box++
	m.b.reset(m.b.pos)
}

// write puts the new part into a segment of its own.
func (m *remake) write(w *segment.Writer) error {
	e := &segment.Entry{Part: m.id, Number: 1, Ended: true, Commits: true, Commitment: m.key.Commitment()}
	for i, b := range m.sealed {
		h := b.head
		h.Number = 1
		if i == 0 {
			h.Declares, h.Part = true, m.id
			h.Commits, h.Commitment = true, m.key.Commitment()
		}
		e.Offsets = append(e.Offsets, w.Append(h, b.data))
	}
	w.End(e)
	return nil
}

// remade reads a part and makes it again without cut.
func (s *Store) remade(p *storedPart, cut pcm.Span, words Gap, id seal.PartID) (*remake, error) {
	s.mu.Lock()
	sum := p.summary
	total, ended := p.extent()
	ended = ended && sum.end != nil // or its last box is damaged
	s.mu.Unlock()
	r, err := s.reader(p.id, nil)
	if err != nil {
		return nil, err
	}
	defer r.close()
	r.refresh = true
	m := &remake{r: r, sum: sum, words: words, id: id, key: seal.NewKey()}
	more := sum.head.Call.Format.Samples(carry)
	m.cut = pcm.Span{From: cut.From - more, To: cut.To + more}
	if err := m.run(total, ended); err != nil {
		return nil, fmt.Errorf("make part %s again: %w", p.id, err)
	}
	return m, nil
}
