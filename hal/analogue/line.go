package analogue

import (
	"io"

	"linevault/codec/pcm"
	"linevault/hal"
)

// line is one line's way through its card's ring.
type line struct {
	id       pcm.LineID
	channels []int // from 0
	ring     *ring
	format   pcm.Format
	most     pcm.Pos // hal.MaxBlock

	at       uint64 // number of the next slot to read
	epoch    pcm.Epoch
	pos      pcm.Pos
	captured pcm.Mono
	lost     bool // Lost was signalled, Back was not
}

func newLine(c LineConfig, g *ring) *line {
	l := &line{id: c.ID, ring: g, format: pcm.Format{Rate: g.rate, Legs: len(c.Channels)}}
	for _, ch := range c.Channels {
		l.channels = append(l.channels, ch-1)
	}
	g.lines++
	l.most = l.format.Samples(hal.MaxBlock)
	return l
}

func (l *line) ID() pcm.LineID     { return l.id }
func (l *line) Format() pcm.Format { return l.format }

// Read gives whole records, of one epoch, and ends with a loss if it meets one.
func (l *line) Read(b *hal.Block) error {
	now := hal.Now()
	l.ring.mu.Lock()
	defer l.ring.mu.Unlock()
	b.Reset()
	l.skip()
	if l.at == l.ring.next && l.ring.closed {
		return io.EOF
	}
	b.Frame = pcm.Frame{Epoch: l.epoch, Pos: l.pos, Format: l.format, PCM: b.Frame.PCM}
	stamp := now
	for l.at < l.ring.next {
		s := l.ring.slot(l.at)
		if s.lost != "" {
			l.at++
			l.lose(b, s)
			break
		}
		n := pcm.Pos(len(s.pcm) / l.ring.channels)
		if held := b.Frame.Len(); held > 0 && (s.fresh || held+n > l.most) {
			break
		}
		l.at++
		l.take(b, s)
		stamp = s.mono
	}
	l.captured = max(l.captured, stamp)
	b.Captured = l.captured
	return nil
}

// skip gives up what the ring has overwritten because this line's reader was too slow.
func (l *line) skip() {
	oldest := l.ring.oldest()
	if l.at >= oldest {
		return
	}
	l.at = oldest
	l.epoch++
	l.pos = l.ring.slot(oldest).pos
}

// take adds a record's audio to b.
func (l *line) take(b *hal.Block, s *slot) {
	if s.fresh {
		l.epoch++
		l.pos = s.pos
		b.Frame.Epoch, b.Frame.Pos = l.epoch, l.pos
	}
	if l.lost {
		l.lost = false
		b.Signals = append(b.Signals, hal.Signal{At: l.pos, Kind: hal.Back})
	}
	for i := 0; i < len(s.pcm); i += l.ring.channels {
		for _, ch := range l.channels {
			b.Frame.PCM = append(b.Frame.PCM, s.pcm[i+ch])
		}
	}
	l.pos = b.Frame.Span().To
	l.ring.done(s)
}

func (l *line) lose(b *hal.Block, s *slot) {
	if l.lost { // the return in between was overwritten before it was read
		return
	}
	l.lost = true
	b.Signals = append(b.Signals, hal.Signal{At: l.pos, Kind: hal.Lost, Data: []byte(s.lost)})
}
