package storage

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"math"

	"linevault/codec"
	"linevault/codec/dsp"
	"linevault/codec/ogg"
	"linevault/codec/pcm"
)

// errBox is content that no Linevault wrote. A box that opened has it only by a bug, or
// because it comes from a newer version.
var errBox = errors.New("the box holds something that this Linevault does not know")

// The bounds of what a box may hold. They are above what a recorder writes.
const (
	maxWords  = 4 << 10    // a gap's cause, who or why
	maxJSON   = 64 << 10   // a call
	maxPeaks  = 1 << 16    // bins in a record
	maxPacket = 120 * 1276 // 48 frames at most, in truth
)

// visitor is told what a box holds, in order. A nil func skips.
type visitor struct {
	run    func(restart bool, epoch pcm.Epoch) error
	packet func(codec.Packet) error // Data is good until it returns
	gap    func(Gap) error
	peak   func(leg pcm.Leg, bin int64, v uint8) error
	late   func(Gap) error
	call   func([]byte) error
	header func([]byte) error
	final  func([]byte) error
}

// parser reads a box. Its errors are all errBox: what was asked of it is in the segment's
// name and the box's number.
type parser struct {
	b    []byte
	fail bool
}

func (p *parser) byte() byte {
	if len(p.b) == 0 {
		p.fail = true
		return 0
	}
	v := p.b[0]
	p.b = p.b[1:]
	return v
}

func (p *parser) uvarint(limit uint64) uint64 {
	v, n := binary.Uvarint(p.b)
	if n <= 0 || v > limit {
		p.fail, p.b = true, nil
		return 0
	}
	p.b = p.b[n:]
	return v
}

func (p *parser) varint() int64 {
	v, n := binary.Varint(p.b)
	if n <= 0 || v > maxPos || v < -maxPos {
		p.fail, p.b = true, nil
		return 0
	}
	p.b = p.b[n:]
	return v
}

// maxPos bounds positions so that adding a few never overflows.
const maxPos = math.MaxInt64 / 4

func (p *parser) bytes(limit uint64) []byte {
	n := p.uvarint(limit)
	return p.take(n)
}

func (p *parser) take(n uint64) []byte {
	if n > uint64(len(p.b)) {
		p.fail, p.b = true, nil
		return nil
	}
	v := p.b[:n:n]
	p.b = p.b[n:]
	return v
}

func (p *parser) gapWords(g *Gap) {
	g.Cause = Cause(p.bytes(maxWords))
	g.By = string(p.bytes(maxWords))
	g.Reason = string(p.bytes(maxWords))
}

// readBox shows v what a box holds and returns the span that it covers.
func readBox(f pcm.Format, box []byte, v visitor) (pcm.Span, error) {
	p := &parser{b: box}
	if f.Legs < 1 || f.Legs > pcm.MaxLegs || f.Rate < dsp.PeaksPerSecond {
		return pcm.Span{}, errBox
	}
	from := pcm.Pos(p.varint())
	pos := from
	for len(p.b) > 0 && !p.fail {
		var err error
		switch tag := p.byte(); tag {
		case tagRun, tagRestart:
			err = p.run(f, tag == tagRestart, &pos, v)
		case tagGap:
			g := Gap{Span: pcm.Span{From: pos, To: pos + pcm.Pos(p.uvarint(maxPos))}}
			p.gapWords(&g)
			if pos = g.Span.To; pos > maxPos {
				p.fail = true
			}
			if !p.fail && v.gap != nil {
				err = v.gap(g)
			}
		case tagPeaks:
			err = p.peaks(f, from, v.peak)
		case tagLate:
			g := Gap{Span: pcm.Span{From: pcm.Pos(p.varint())}}
			g.Span.To = g.Span.From + pcm.Pos(p.uvarint(maxPos))
			p.gapWords(&g)
			if !p.fail && v.late != nil {
				err = v.late(g)
			}
		case tagCall:
			err = p.blob(maxJSON, v.call)
		case tagHeader:
			err = p.blob(maxJSON, v.header)
		case tagFinal:
			err = p.blob(math.MaxInt32, v.final)
		default:
			p.fail = true
		}
		if err != nil {
			return pcm.Span{From: from, To: pos}, err
		}
	}
	if p.fail {
		return pcm.Span{From: from, To: pos}, errBox
	}
	return pcm.Span{From: from, To: pos}, nil
}

func (p *parser) blob(limit uint64, f func([]byte) error) error {
	b := p.bytes(limit)
	if p.fail || f == nil {
		return nil
	}
	return f(b)
}

// run reads the packets of one run.
func (p *parser) run(f pcm.Format, restart bool, pos *pcm.Pos, v visitor) error {
	epoch := pcm.Epoch(p.uvarint(math.MaxUint32))
	toc := p.byte()
	tocs := [pcm.MaxLegs]byte{toc, toc}
	if p.fail {
		return nil
	}
	if v.run != nil {
		if err := v.run(restart, epoch); err != nil {
			return err
		}
	}
	var data [pcm.MaxLegs][]byte
	var room [pcm.MaxLegs][]byte
	for {
		spanLen := int64(-1)
		lead := p.byte()
		if lead == endOfRun || p.fail {
			return nil
		}
		if lead == escapeSpan {
			spanLen = int64(p.uvarint(maxPos))
			lead = p.byte()
		}
		for leg := range f.Legs {
			if leg > 0 {
				lead = p.byte()
			}
			var rest []byte
			switch {
			case lead <= maxPlain:
				rest = p.take(uint64(lead))
			case lead == escapeLong:
				rest = p.bytes(maxPacket)
			case lead == escapeTOC:
				tocs[leg] = p.byte()
				rest = p.bytes(maxPacket)
			default:
				p.fail = true
			}
			if p.fail {
				return nil
			}
			room[leg] = append(append(room[leg][:0], tocs[leg]), rest...)
			data[leg] = room[leg]
		}
		raw := packetSamples(data[0], f.Rate)
		if spanLen < 0 {
			spanLen = int64(raw)
		}
		if raw == 0 || spanLen > int64(raw) || *pos > maxPos {
			p.fail = true
			return nil
		}
		span := pcm.Span{From: *pos, To: *pos + pcm.Pos(spanLen)}
		*pos = span.To
		for leg := range f.Legs {
			if packetSamples(data[leg], f.Rate) != raw {
				p.fail = true
				return nil
			}
			if v.packet == nil {
				continue
			}
			err := v.packet(codec.Packet{Leg: pcm.Leg(leg), Epoch: epoch, Span: span, Restart: restart, Data: data[leg]})
			if err != nil {
				return err
			}
		}
		restart = false
	}
}

// runsOf is what an index says of a box, found by reading it.
func runsOf(f pcm.Format, box int, content []byte, v visitor) ([]Run, pcm.Span, error) {
	var runs []Run
	var sizes [pcm.MaxLegs]int
	ordinal := 0
	v.run = func(restart bool, _ pcm.Epoch) error {
		runs = append(runs, Run{Box: box, Restart: restart, ordinal: ordinal})
		ordinal++
		return nil
	}
	v.packet = func(p codec.Packet) error {
		sizes[p.Leg] = len(p.Data)
		runs[len(runs)-1].payload += int64(len(p.Data))
		if int(p.Leg) != f.Legs-1 {
			return nil
		}
		r := &runs[len(runs)-1]
		if r.Frames == 0 {
			r.Span = p.Span
		}
		r.Span.To = p.Span.To
		r.Frames++
		r.Raw += packetSamples(p.Data, f.Rate)
		r.Cost += ogg.Cost(sizes[:f.Legs]...)
		return nil
	}
	v.gap = func(g Gap) error {
		runs = append(runs, Run{Box: box, Span: g.Span, Gap: &g})
		return nil
	}
	span, err := readBox(f, content, v)
	return runs, span, err
}

// header is what a part's first box holds.
type header struct {
	Call   Call   `json:"call"`
	Number int    `json:"number"`           // of the part in its call, from 0
	Before string `json:"before,omitempty"` // id of the call's part before
}

// readHeader reads the content of a header box. The format of what follows comes from it.
func readHeader(content []byte) (header, error) {
	var h header
	found := false
	_, err := readBox(pcm.Format{Rate: 8000, Legs: 1}, content, visitor{header: func(b []byte) error {
		found = true
		return json.Unmarshal(b, &h)
	}})
	switch {
	case err != nil:
		return h, err
	case !found, h.Call.Format.Legs < 1, h.Call.Format.Legs > pcm.MaxLegs, h.Call.Format.Rate < dsp.PeaksPerSecond, h.Call.ID == "":
		return h, errBox
	}
	return h, nil
}
