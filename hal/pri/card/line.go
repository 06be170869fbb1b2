package card

import (
	"io"

	"linevault/codec/g711"
	"linevault/codec/pcm"
	"linevault/hal"
)

// line is one timeslot's way through its card's ring.
type line struct {
	id    pcm.LineID
	index int
	ring  *ring

	at       uint64 // number of the next slot to read
	epoch    pcm.Epoch
	pos      pcm.Pos
	captured pcm.Mono
	begun    bool // there was audio
	lost     bool // Lost was signalled, Back was not
	legs     [pcm.MaxLegs][]int16
}

func (l *line) ID() pcm.LineID     { return l.id }
func (l *line) Format() pcm.Format { return format }

// Read gives whole slots, of one epoch, and ends with a loss if it meets one.
func (l *line) Read(b *hal.Block) error {
	now := hal.Now()
	l.ring.mu.Lock()
	defer l.ring.mu.Unlock()
	b.Reset()
	l.skip()
	if l.at == l.ring.next && l.ring.closed {
		return io.EOF
	}
	b.Frame = pcm.Frame{Epoch: l.epoch, Pos: l.pos, Format: format, PCM: b.Frame.PCM}
	stamp := now
	for l.at < l.ring.next {
		s := l.ring.slot(l.at)
		full := b.Frame.Len()+pcm.Pos(s.n) > format.Samples(hal.MaxBlock)
		if full || s.fresh && (b.Frame.Len() > 0 || len(b.Signals) > 0) {
			break
		}
		l.at++
		if s.lost != "" {
			l.signals(b)
			l.lose(b, s)
			break
		}
		if s.n > 0 {
			l.take(b, s)
			stamp = s.mono
		}
		l.signals(b)
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
	l.pos = max(l.pos, l.ring.slot(oldest).pos)
}

// take adds a slot's audio to b: near is what the switchboard sends.
func (l *line) take(b *hal.Block, s *slot) {
	if s.fresh {
		if l.begun || l.lost {
			l.epoch++
		}
		l.begun = true
		l.pos = s.pos
		b.Frame.Epoch, b.Frame.Pos = l.epoch, l.pos
	}
	if l.lost {
		l.lost = false
		b.Signals = append(b.Signals, hal.Signal{At: l.pos, Kind: hal.Back})
	}
	near, far := user, network
	if s.swapped {
		near, far = far, near
	}
	octets := func(d side) []byte { return s.alaw[(2*l.index+int(d))*s.n:][:s.n] }
	for leg, d := range [...]side{pcm.Near: near, pcm.Far: far} {
		if cap(l.legs[leg]) < s.n {
			l.legs[leg] = make([]int16, s.n)
		}
		g711.DecodeA(l.legs[leg][:s.n], octets(d))
	}
	for i := range s.n {
		b.Frame.PCM = append(b.Frame.PCM, l.legs[pcm.Near][i], l.legs[pcm.Far][i])
	}
	for leg := range l.legs {
		clear(l.legs[leg][:s.n])
	}
	l.ring.done(s)
	l.pos = b.Frame.Span().To
}

// signals adds what was signalled up to the slots that were read.
func (l *line) signals(b *hal.Block) {
	q := l.ring.queue[l.index]
	n := 0
	for n < len(q) && q[n].slot < l.at {
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

func (l *line) lose(b *hal.Block, s *slot) {
	if l.lost { // the return in between was overwritten before it was read
		return
	}
	l.lost = true
	b.Signals = append(b.Signals, hal.Signal{At: b.Frame.Span().To, Kind: hal.Lost, Data: []byte(s.lost)})
}
