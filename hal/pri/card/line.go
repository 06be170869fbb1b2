package card

import (
	"linevault/codec/g711"
	"linevault/codec/pcm"
	"linevault/hal"
	"linevault/hal/backlog"
)

// line is one timeslot's way through its card's ring.
type line struct {
	id     pcm.LineID
	index  int
	ring   *ring
	reader backlog.Reader[byte]
	legs   [pcm.MaxLegs][]int16
}

func (l *line) ID() pcm.LineID     { return l.id }
func (l *line) Format() pcm.Format { return format }

// Read gives whole slots, of one epoch, and ends with a loss if it meets one.
func (l *line) Read(b *hal.Block) error {
	now := hal.Now()
	l.ring.mu.Lock()
	defer l.ring.mu.Unlock()
	return l.reader.Read(b, &l.ring.kept, l, now)
}

// Sound adds the line's two legs of a slot.
func (l *line) Sound(dst []int16, s *backlog.Slot[byte]) []int16 {
	n := int(l.ring.kept.Instants(s))
	for leg := range l.legs {
		if cap(l.legs[leg]) < n {
			l.legs[leg] = make([]int16, n)
		}
		g711.DecodeA(l.legs[leg][:n], s.Sound[(pcm.MaxLegs*l.index+leg)*n:][:n])
	}
	for i := range n {
		dst = append(dst, l.legs[pcm.Near][i], l.legs[pcm.Far][i])
	}
	for leg := range l.legs {
		clear(l.legs[leg][:n])
	}
	return dst
}

// Signal adds what was signalled up to the slots that were read.
func (l *line) Signal(b *hal.Block, end uint64) {
	q := l.ring.queue[l.index]
	n := 0
	for n < len(q) && q[n].slot < end {
		s := q[n].Signal
		s.At = min(max(s.At, b.Frame.Pos), b.Frame.Span().To)
		if k := len(b.Signals); k > 0 {
			s.At = max(s.At, b.Signals[k-1].At)
		}
		b.Signals = append(b.Signals, s)
		n++
	}
	l.ring.queue[l.index] = q[:copy(q, q[n:])]
}
