package storage

import (
	"encoding/binary"
	"encoding/json"
	"math"

	"linevault/codec/pcm"
)

// Run is a stretch of a call: a gap, or packets that one box holds with no break between
// them. A run that is not a Restart and follows a gap was encoded as if there were none (the
// sound between was lost or may not be played): a decoder must forget all state and drop
// nothing.
type Run struct {
	Part, Box int
	Span      pcm.Span
	Gap       *Gap // nil for packets
	Restart   bool // its first packet is one
	Frames    int  // packets of each leg
	Raw       pcm.Pos
	Cost      int // bytes in Ogg pages: the sum of ogg.Cost over its instants

	ordinal int   // among the box's runs of packets
	skip    int   // of that run's instants: it begins after these
	payload int64 // bytes of packets, where the box was read
}

// The low bits of an index entry's first number.
const (
	indexGap     = 1
	indexRestart = 2
	indexMore    = 4 // packets: Raw is not the span; gap: its words follow
	indexBits    = 3
)

// index is the list of a part's runs, in its stored form.
type index struct {
	b     []byte
	count int
	box   int
	gap   Gap // the words of the last gap
}

// add appends the runs of a box.
func (x *index) add(box int, runs []Run) {
	for i := range runs {
		r := &runs[i]
		lead := uint64(box-x.box) << indexBits
		x.box = box
		x.count++
		if r.Gap != nil {
			words := Gap{Cause: r.Gap.Cause, By: r.Gap.By, Reason: r.Gap.Reason}
			lead |= indexGap
			if words != x.gap {
				lead |= indexMore
			}
			x.b = binary.AppendUvarint(x.b, lead)
			x.b = binary.AppendUvarint(x.b, uint64(r.Span.Len()))
			if words != x.gap {
				x.b = appendGapWords(x.b, words)
				x.gap = words
			}
			continue
		}
		if r.Restart {
			lead |= indexRestart
		}
		if r.Raw != r.Span.Len() {
			lead |= indexMore
		}
		x.b = binary.AppendUvarint(x.b, lead)
		x.b = binary.AppendUvarint(x.b, uint64(r.Span.Len()))
		x.b = binary.AppendUvarint(x.b, uint64(r.Frames))
		if r.Raw != r.Span.Len() {
			x.b = binary.AppendUvarint(x.b, uint64(r.Raw-r.Span.Len()))
		}
		x.b = binary.AppendUvarint(x.b, uint64(r.Cost))
	}
}

// read is the reverse of add, for a part that begins at from.
func (p *parser) index(from pcm.Pos) []Run {
	// Three bytes at least for each run bound what a count can ask for.
	count := p.uvarint(uint64(len(p.b)))
	runs := make([]Run, 0, min(count, uint64(len(p.b)/2)))
	var words Gap
	box, ordinal := 0, 0
	for range count {
		lead := p.uvarint(math.MaxInt32)
		if d := int(lead >> indexBits); d > 0 {
			box, ordinal = box+d, 0
		}
		r := Run{Box: box, Span: pcm.Span{From: from, To: from + pcm.Pos(p.uvarint(maxPos))}}
		from = r.Span.To
		if lead&indexGap != 0 {
			if lead&indexMore != 0 {
				p.gapWords(&words)
			}
			g := words
			g.Span = r.Span
			r.Gap = &g
		} else {
			r.Restart, r.ordinal = lead&indexRestart != 0, ordinal
			ordinal++
			r.Frames = int(p.uvarint(math.MaxInt32))
			r.Raw = r.Span.Len()
			if lead&indexMore != 0 {
				r.Raw += pcm.Pos(p.uvarint(maxPos))
			}
			r.Cost = int(p.uvarint(math.MaxInt32))
		}
		if p.fail || from > maxPos || box > math.MaxInt32 {
			p.fail = true
			return nil
		}
		runs = append(runs, r)
	}
	return runs
}

// final is what a part's last box holds besides its index.
type final struct {
	End      End     `json:"end"`
	From     pcm.Pos `json:"from"`
	Number   int     `json:"number"` // as in the header, which may be lost
	Call     Call    `json:"call"`   // as last known
	Late     []Gap   `json:"late,omitempty"`
	Recorded pcm.Pos `json:"recorded"` // samples with sound; the rest is gaps
	Payload  int64   `json:"payload"`  // bytes of Opus
}

func appendFinal(b []byte, f *final, x *index) ([]byte, error) {
	j, err := json.Marshal(f)
	if err != nil {
		return nil, err
	}
	content := appendBytes(nil, j)
	content = binary.AppendUvarint(content, uint64(x.count))
	content = append(content, x.b...)
	b = append(b, tagFinal)
	return appendBytes(b, content), nil
}

// readFinal reads the content of a final box, and the box's own runs with it: the index has
// them, too.
func readFinal(format pcm.Format, content []byte) (f final, runs []Run, err error) {
	found := false
	_, err = readBox(format, content, visitor{final: func(b []byte) error {
		p := &parser{b: b}
		j := p.bytes(math.MaxInt32)
		if p.fail {
			return errBox
		}
		if err := json.Unmarshal(j, &f); err != nil {
			return err
		}
		if f.From > maxPos || f.From < -maxPos {
			return errBox
		}
		runs = p.index(f.From)
		if p.fail || len(p.b) > 0 {
			return errBox
		}
		found = true
		return nil
	}})
	if err == nil && !found {
		err = errBox
	}
	return f, runs, err
}
