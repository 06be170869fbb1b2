package replay

import (
	"io"

	"linevault/codec/pcm"
	"linevault/hal"
)

// blockLine is a block file as a line.
type blockLine struct {
	r      *blockReader
	pace   pace
	first  pcm.Mono  // when the file's first block was captured
	next   hal.Block // the one that is not due yet
	held   bool      // next holds one
	begun  bool
	failed error
	epoch  pcm.Epoch
	pos    pcm.Pos
	stamp  pcm.Mono
}

// Blocks is a block file as a line, which ends with the file. At speed 0 its blocks are those
// that were written; otherwise they come as they came, at that speed, stamped anew. Its caller
// closes r.
func Blocks(r io.Reader, speed float64) (hal.Line, error) {
	b, err := newBlockReader(r)
	if err != nil {
		return nil, err
	}
	return &blockLine{r: b, pace: newPace(speed)}, nil
}

func (l *blockLine) ID() pcm.LineID     { return l.r.id }
func (l *blockLine) Format() pcm.Format { return l.r.format }

func (l *blockLine) Read(b *hal.Block) error {
	b.Reset()
	if l.pace.timeless() {
		return l.r.next(b)
	}
	now := hal.Now()
	if !l.held && l.failed == nil {
		l.failed = l.r.next(&l.next)
		l.held = l.failed == nil
	}
	if !l.held {
		return l.failed
	}
	if !l.begun {
		l.begun, l.first = true, l.next.Captured
		l.epoch, l.pos = l.next.Frame.Epoch, l.next.Frame.Pos
	}
	due := l.pace.start + pcm.Mono(float64(l.next.Captured-l.first)/l.pace.speed)
	if due > now {
		l.stamp = max(l.stamp, now)
		b.Frame = pcm.Frame{Epoch: l.epoch, Pos: l.pos, Format: l.r.format, PCM: b.Frame.PCM}
		b.Captured = l.stamp
		return nil
	}
	*b, l.next = l.next, *b // so both keep their memory
	l.held = false
	l.stamp = max(l.stamp, due)
	l.epoch, l.pos = b.Frame.Epoch, b.Frame.Span().To
	b.Captured = l.stamp
	return nil
}
