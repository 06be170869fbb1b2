package capture

import (
	"context"
	"io"
	"sync/atomic"
	"time"

	"linevault/codec/pcm"
	"linevault/hal"
)

// hiss is a line that gives noise as time passes, until it is cut off or ends.
type hiss struct {
	began time.Time
	base  pcm.Mono
	at    pcm.Pos
	state atomic.Int32
}

// What a hiss does.
const (
	sounding int32 = iota
	cutOff         // its recorder has crashed: nothing comes any more
	ended
)

func (*hiss) ID() pcm.LineID     { return "parking" }
func (*hiss) Format() pcm.Format { return pcm.Format{Rate: rate, Legs: 1} }

// mono is an instant of the test's clock by the line's.
func (l *hiss) mono(at time.Time) pcm.Mono { return l.base + pcm.Mono(at.Sub(l.began)) }

func (l *hiss) Read(b *hal.Block) error {
	b.Reset()
	switch l.state.Load() {
	case ended:
		return io.EOF
	case cutOff:
		return nil
	}
	b.Captured = l.mono(time.Now())
	n := min(l.Format().Samples(time.Duration(b.Captured-l.base))-l.at, l.Format().Samples(hal.MaxBlock))
	for i := range n {
		b.Frame.PCM = append(b.Frame.PCM, int16((l.at+i)*7919%2000-1000))
	}
	b.Frame = pcm.Frame{Epoch: 1, Pos: l.at, Format: l.Format(), PCM: b.Frame.PCM}
	l.at += n
	return nil
}

// timely is a contact whose edges are stamped as they are sent.
type timely chan hal.Edge

func (w timely) Wait(ctx context.Context) (hal.Edge, error) {
	select {
	case e := <-w:
		return e, nil
	case <-ctx.Done():
		return hal.Edge{}, ctx.Err()
	}
}

func (timely) Close() error { return nil }
