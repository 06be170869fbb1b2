package analogue

import (
	"linevault/codec/pcm"
	"linevault/hal"
	"linevault/hal/backlog"
)

// line is one line's way through its card's ring.
type line struct {
	id       pcm.LineID
	channels []int // from 0
	ring     *ring
	format   pcm.Format
	reader   backlog.Reader[int16]
}

func newLine(c LineConfig, g *ring) *line {
	l := &line{id: c.ID, ring: g, format: pcm.Format{Rate: g.rate, Legs: len(c.Channels)}}
	for _, ch := range c.Channels {
		l.channels = append(l.channels, ch-1)
	}
	g.kept.Readers++
	return l
}

func (l *line) ID() pcm.LineID     { return l.id }
func (l *line) Format() pcm.Format { return l.format }

// Read gives whole records, of one epoch, and ends with a loss if it meets one.
func (l *line) Read(b *hal.Block) error {
	now := hal.Now()
	l.ring.mu.Lock()
	defer l.ring.mu.Unlock()
	return l.reader.Read(b, &l.ring.kept, l, now)
}

// Sound adds the line's channels of a record.
func (l *line) Sound(dst []int16, s *backlog.Slot[int16]) []int16 {
	for i := 0; i < len(s.Sound); i += l.ring.kept.Width {
		for _, ch := range l.channels {
			dst = append(dst, s.Sound[i+ch])
		}
	}
	return dst
}

// Signal adds nothing: a card of these lines signals nothing but its loss.
func (l *line) Signal(*hal.Block, uint64) {}
