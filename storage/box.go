package storage

import (
	"encoding/binary"
	"encoding/json"
	"fmt"

	"linevault/codec"
	"linevault/codec/ogg"
	"linevault/codec/pcm"
)

// The records of a box, each begun by its tag. FORMAT.md draws them.
const (
	tagRun     = 1 // packets that follow on from those before
	tagRestart = 2 // packets after a break
	tagGap     = 3
	tagPeaks   = 4
	tagLate    = 5
	tagCall    = 6
	tagHeader  = 7
	tagFinal   = 8
)

// In a run, the byte in a packet's table-of-contents place is the length of what follows it,
// or one of these.
const (
	maxPlain   = 250 // the longest length that stands for itself
	escapeLong = 252 // a longer packet: its length follows
	escapeTOC  = 253 // another table of contents and length follow
	escapeSpan = 254 // the instant has less sound than its packets decode to: how much
	endOfRun   = 255
)

// builder makes the content of one box as packets and gaps arrive. Its memory is reused.
type builder struct {
	format pcm.Format
	plain  []byte
	from   pcm.Pos // the box covers from..pos
	pos    pcm.Pos
	gap    *Gap // the last record, when it is a gap: it may still grow
	gapBuf Gap
	run    bool // the last record is a run, not ended
	epoch  pcm.Epoch
	toc    [pcm.MaxLegs]byte
	peaks  peakRun
	tail   []byte // earlier peaks, late spans, calls
	runs   []Run  // of this box

	// The instant being put together.
	legs  int
	first codec.Packet // without Data
	raw   pcm.Pos
	sizes [pcm.MaxLegs]int
}

// reset begins a box at pos. What waits in tail stays, for this box: peaks among it are counted
// from where it begins, so a box that is begun again begins at the same place.
func (b *builder) reset(pos pcm.Pos) {
	b.plain = binary.AppendVarint(b.plain[:0], int64(pos))
	b.from, b.pos = pos, pos
	b.gap, b.run, b.legs = nil, false, 0
	b.runs = b.runs[:0]
	b.peaks.steps = b.peaks.steps[:0]
}

// empty reports whether nothing was put into the box.
func (b *builder) empty() bool {
	return b.pos == b.from && len(b.tail) == 0 && len(b.runs) == 0 && len(b.peaks.steps) == 0
}

// packet adds one leg's packet, copying it.
func (b *builder) packet(p codec.Packet) error {
	raw := packetSamples(p.Data, b.format.Rate)
	if b.legs == 0 {
		switch {
		case p.Leg != 0:
			return fmt.Errorf("packet of leg %d before that of leg 0", p.Leg)
		case p.Span.From != b.pos || p.Span.To < p.Span.From:
			return fmt.Errorf("packet covers %d..%d where %d.. must follow", p.Span.From, p.Span.To, b.pos)
		case raw == 0:
			return fmt.Errorf("not an Opus packet at %d", p.Span.From)
		case p.Span.Len() > raw:
			return fmt.Errorf("packet at %d says that it has %d samples and decodes to %d", p.Span.From, p.Span.Len(), raw)
		}
		b.first, b.raw = p, raw
		b.first.Data = nil
		b.beginInstant(p, raw)
	} else if int(p.Leg) != b.legs || p.Span != b.first.Span || p.Epoch != b.first.Epoch ||
		p.Restart != b.first.Restart || raw != b.raw {
		return fmt.Errorf("packet of leg %d at %d is not in step with leg 0 at %d", p.Leg, p.Span.From, b.first.Span.From)
	}
	b.data(int(p.Leg), p.Data)
	b.sizes[p.Leg] = len(p.Data)
	if b.legs++; b.legs == b.format.Legs {
		b.endInstant()
	}
	return nil
}

// beginInstant opens a run if need be, and notes a span that is not the packet's whole.
func (b *builder) beginInstant(p codec.Packet, raw pcm.Pos) {
	b.closeGap()
	if !b.run || p.Restart || p.Epoch != b.epoch {
		b.closeRun()
		tag := byte(tagRun)
		if p.Restart {
			tag = tagRestart
		}
		b.plain = append(b.plain, tag)
		b.plain = binary.AppendUvarint(b.plain, uint64(p.Epoch))
		// Every leg's first packet brings its table of contents.
		b.toc = [pcm.MaxLegs]byte{}
		for leg := range b.format.Legs {
			b.toc[leg] = p.Data[0]
		}
		b.plain = append(b.plain, p.Data[0])
		b.run, b.epoch = true, p.Epoch
		b.runs = append(b.runs, Run{Span: pcm.Span{From: b.pos, To: b.pos}, Restart: p.Restart})
	}
	if n := p.Span.Len(); n != raw {
		b.plain = append(b.plain, escapeSpan)
		b.plain = binary.AppendUvarint(b.plain, uint64(n))
	}
}

// data adds a packet: a length in place of its first byte, then the rest.
func (b *builder) data(leg int, d []byte) {
	rest := len(d) - 1
	switch {
	case d[0] != b.toc[leg]:
		b.toc[leg] = d[0]
		b.plain = append(b.plain, escapeTOC, d[0])
		b.plain = binary.AppendUvarint(b.plain, uint64(rest))
	case rest > maxPlain:
		b.plain = append(b.plain, escapeLong)
		b.plain = binary.AppendUvarint(b.plain, uint64(rest))
	default:
		b.plain = append(b.plain, byte(rest))
	}
	b.plain = append(b.plain, d[1:]...)
}

func (b *builder) endInstant() {
	run := &b.runs[len(b.runs)-1]
	run.Frames++
	run.Raw += b.raw
	run.Cost += ogg.Cost(b.sizes[:b.format.Legs]...)
	b.pos = b.first.Span.To
	run.Span.To = b.pos
	b.legs = 0
}

// putGap adds a gap, or lengthens the one before.
func (b *builder) putGap(g Gap) error {
	switch {
	case b.legs != 0:
		return fmt.Errorf("gap at %d while leg %d is awaited", g.Span.From, b.legs)
	case g.Span.From != b.pos || g.Span.To < g.Span.From:
		return fmt.Errorf("gap covers %d..%d where %d.. must follow", g.Span.From, g.Span.To, b.pos)
	case g.Span.Empty():
		return nil
	}
	b.pos = g.Span.To
	if b.gap != nil && b.gap.Cause == g.Cause && b.gap.By == g.By {
		b.gap.Span.To = g.Span.To
		return nil
	}
	b.closeGap()
	b.closeRun()
	b.gapBuf = g
	b.gap = &b.gapBuf
	return nil
}

func (b *builder) closeGap() {
	if b.gap == nil {
		return
	}
	g := b.gapBuf
	b.plain = append(b.plain, tagGap)
	b.plain = binary.AppendUvarint(b.plain, uint64(g.Span.Len()))
	b.plain = appendGapWords(b.plain, g)
	b.runs = append(b.runs, Run{Span: g.Span, Gap: &g})
	b.gap = nil
}

func (b *builder) closeRun() {
	if b.run {
		b.plain = append(b.plain, endOfRun)
		b.run = false
	}
}

// late notes a span that must not be played.
func (b *builder) late(g Gap) {
	b.tail = append(b.tail, tagLate)
	b.tail = binary.AppendVarint(b.tail, int64(g.Span.From))
	b.tail = binary.AppendUvarint(b.tail, uint64(g.Span.Len()))
	b.tail = appendGapWords(b.tail, g)
}

// call notes what is known of the call now.
func (b *builder) call(c Call) error {
	j, err := json.Marshal(c)
	if err != nil {
		return err
	}
	b.tail = append(b.tail, tagCall)
	b.tail = appendBytes(b.tail, j)
	return nil
}

// finish returns the box's content, which is good until the next reset.
func (b *builder) finish() []byte {
	b.closeGap()
	b.closeRun()
	b.plain = b.appendPeaks(b.plain)
	b.plain = append(b.plain, b.tail...)
	b.tail = b.tail[:0]
	return b.plain
}

func appendGapWords(b []byte, g Gap) []byte {
	b = appendBytes(b, []byte(g.Cause))
	b = appendBytes(b, []byte(g.By))
	return appendBytes(b, []byte(g.Reason))
}

func appendBytes(b, v []byte) []byte {
	b = binary.AppendUvarint(b, uint64(len(v)))
	return append(b, v...)
}
