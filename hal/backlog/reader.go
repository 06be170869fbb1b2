package backlog

import (
	"io"

	"linevault/codec/pcm"
	"linevault/hal"
)

// Reader is one line's way through its card's ring.
type Reader[S Sample] struct {
	At       uint64  // number of the next slot to read
	Pos      pcm.Pos // where what was read ended
	epoch    pcm.Epoch
	captured pcm.Mono
	begun    bool // there was audio
	lost     bool // Lost was signalled, Back was not
}

// Line is what a reader must know of its line.
type Line[S Sample] interface {
	Format() pcm.Format
	// Sound adds to dst what a slot has of the line, interleaved by leg.
	Sound(dst []int16, s *Slot[S]) []int16
	// Signal adds to b what was signalled before the slot of number end.
	Signal(b *hal.Block, end uint64)
}

// Read fills b for l with whole slots, of one epoch, and ends with a loss if it meets one. now is when it was called.
func (r *Reader[S]) Read(b *hal.Block, g *Ring[S], l Line[S], now pcm.Mono) error {
	b.Reset()
	r.skip(g)
	if r.At == g.Next && g.Closed {
		return io.EOF
	}
	f := l.Format()
	b.Frame = pcm.Frame{Epoch: r.epoch, Pos: r.Pos, Format: f, PCM: b.Frame.PCM}
	stamp := now
	for r.At < g.Next {
		s := g.At(r.At)
		n, held := g.Instants(s), b.Frame.Len()
		full := held > 0 && held+n > f.Samples(hal.MaxBlock)
		if full || s.Fresh && (held > 0 || len(b.Signals) > 0) {
			break
		}
		r.At++
		if s.Lost != "" {
			l.Signal(b, r.At)
			r.lose(b, s.Lost)
			break
		}
		if n > 0 {
			r.take(b, s)
			b.Frame.PCM = l.Sound(b.Frame.PCM, s)
			r.Pos = b.Frame.Span().To
			g.done(s)
			stamp = s.Mono
		}
		l.Signal(b, r.At)
	}
	r.captured = max(r.captured, stamp)
	b.Captured = r.captured
	return nil
}

// skip gives up what the ring has overwritten because this line's reader was too slow.
func (r *Reader[S]) skip(g *Ring[S]) {
	oldest := g.oldest()
	if r.At >= oldest {
		return
	}
	r.At = oldest
	r.epoch++
	r.Pos = max(r.Pos, g.At(oldest).Pos)
}

// take readies b for the sound of s.
func (r *Reader[S]) take(b *hal.Block, s *Slot[S]) {
	if s.Fresh {
		if r.begun || r.lost {
			r.epoch++
		}
		r.begun = true
		r.Pos = s.Pos
		b.Frame.Epoch, b.Frame.Pos = r.epoch, r.Pos
	}
	if r.lost {
		r.lost = false
		b.Signals = append(b.Signals, hal.Signal{At: r.Pos, Kind: hal.Back})
	}
}

func (r *Reader[S]) lose(b *hal.Block, reason string) {
	if r.lost { // the return in between was overwritten before it was read
		return
	}
	r.lost = true
	b.Signals = append(b.Signals, hal.Signal{At: r.Pos, Kind: hal.Lost, Data: []byte(reason)})
}
