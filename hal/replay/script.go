package replay

import (
	"errors"
	"fmt"
	"hash/fnv"
	"io"
	"math/rand/v2"
	"os"
	"slices"
	"sync/atomic"

	"linevault/codec/pcm"
	"linevault/codec/wav"
	"linevault/hal"
)

// scripted is a line on which calls come and go.
type scripted struct {
	id     pcm.LineID
	format pcm.Format
	pace   pace
	closed *atomic.Int64 // the card's
	script Script
	noise  *rand.Rand

	pos      pcm.Pos
	captured pcm.Mono
	call     int      // the call that is heard, or comes next
	idle     pcm.Pos  // samples until it begins
	file     *os.File // of the call that is heard
	sound    *wav.Reader
	failed   error
}

func newScripted(c LineConfig, f pcm.Format, p pace, closed *atomic.Int64) *scripted {
	seed := fnv.New64a()
	seed.Write([]byte(c.ID))
	return &scripted{
		id: c.ID, format: f, pace: p, closed: closed, script: slices.Clone(c.Script),
		noise: rand.New(rand.NewPCG(seed.Sum64(), 0)),
		idle:  f.Samples(max(c.Offset, minGap)),
	}
}

func (l *scripted) ID() pcm.LineID     { return l.id }
func (l *scripted) Format() pcm.Format { return l.format }

// Read gives what is due. An error other than io.EOF means that a file could not be read; the
// line ends with it.
func (l *scripted) Read(b *hal.Block) error {
	b.Reset()
	if l.failed != nil {
		return l.failed
	}
	now := hal.Now()
	closed := pcm.Mono(l.closed.Load())
	if closed != 0 {
		now = min(now, closed)
	}
	due := l.pace.due(l.format, now)
	if closed != 0 && (l.pace.timeless() || l.pos >= due) {
		return l.end(io.EOF)
	}
	n := min(due-l.pos, l.format.Samples(hal.MaxBlock))
	b.Frame = pcm.Frame{Pos: l.pos, Format: l.format, PCM: b.Frame.PCM}
	for n > 0 {
		got, err := l.some(b, n)
		if err != nil {
			return l.end(fmt.Errorf("line %s: %w", l.id, err))
		}
		n -= got
		l.pos += got
	}
	l.captured = max(l.captured, l.pace.stamp(b.Frame, now))
	b.Captured = l.captured
	return nil
}

// some adds at most n samples to b, of one call or of the silence before it, and says how many.
func (l *scripted) some(b *hal.Block, n pcm.Pos) (pcm.Pos, error) {
	if l.idle > 0 {
		n = min(n, l.idle)
		b.Frame.PCM = l.rustle(b.Frame.PCM, n)
		l.idle -= n
		return n, nil
	}
	if l.sound == nil {
		return 0, l.begin(b)
	}
	got, err := read(l.sound, b, n)
	if errors.Is(err, io.EOF) {
		b.Signals = append(b.Signals, hal.Signal{At: l.pos + got, Kind: hal.LoopOpen})
		l.hangUp()
		return got, nil
	}
	return got, err
}

// begin lifts the receiver.
func (l *scripted) begin(b *hal.Block) (err error) {
	c := l.script[l.call]
	if l.file, l.sound, err = openWAV(c.WAV); err != nil {
		return err
	}
	if l.sound.Format() != l.format {
		return fmt.Errorf("%s has changed: it has %s now", c.WAV, describe(l.sound.Format()))
	}
	b.Signals = append(b.Signals, hal.Signal{At: l.pos, Kind: hal.LoopClosed})
	if c.Direction != "" {
		b.Signals = append(b.Signals, hal.Signal{At: l.pos, Kind: hal.Direction, Data: []byte(c.Direction)})
	}
	if c.Number != "" {
		b.Signals = append(b.Signals, hal.Signal{At: l.pos, Kind: hal.FarNumber, Data: []byte(c.Number)})
	}
	return nil
}

// hangUp goes on to the call after this one.
func (l *scripted) hangUp() {
	l.file.Close()
	l.file, l.sound = nil, nil
	l.call = (l.call + 1) % len(l.script)
	l.idle = l.format.Samples(max(l.script[l.call].Gap, minGap))
}

func (l *scripted) end(err error) error {
	if l.file != nil {
		l.file.Close()
		l.file = nil
	}
	l.failed = err
	return err
}

// rustle adds n samples of what a line sounds like when nobody speaks: noise at about
// -80 dBFS, the same each time.
func (l *scripted) rustle(dst []int16, n pcm.Pos) []int16 {
	for range int(n) * l.format.Legs {
		u := l.noise.Uint32()
		dst = append(dst, int16(u&7)-int16(u>>3&7))
	}
	return dst
}
