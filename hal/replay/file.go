package replay

import (
	"slices"

	"linevault/codec/pcm"
	"linevault/codec/wav"
	"linevault/hal"
)

// fileLine is a WAV file as a line.
type fileLine struct {
	id       pcm.LineID
	pace     pace
	r        *wav.Reader
	pos      pcm.Pos
	captured pcm.Mono
	failed   error
}

// File is one WAV file as one line, which ends with the file. speed is as in Config. Its
// caller closes what r reads from.
func File(id pcm.LineID, r *wav.Reader, speed float64) (hal.Line, error) {
	if err := fit(r.Format()); err != nil {
		return nil, err
	}
	return &fileLine{id: id, pace: newPace(speed), r: r}, nil
}

func (l *fileLine) ID() pcm.LineID     { return l.id }
func (l *fileLine) Format() pcm.Format { return l.r.Format() }

func (l *fileLine) Read(b *hal.Block) error {
	b.Reset()
	f := l.r.Format()
	now := hal.Now()
	n := min(l.pace.due(f, now)-l.pos, f.Samples(hal.MaxBlock))
	b.Frame = pcm.Frame{Pos: l.pos, Format: f, PCM: b.Frame.PCM}
	if l.failed == nil && n > 0 {
		var got pcm.Pos
		got, l.failed = read(l.r, b, n)
		l.pos += got
	}
	if l.failed != nil && b.Frame.Len() == 0 {
		return l.failed
	}
	l.captured = max(l.captured, l.pace.stamp(b.Frame, now))
	b.Captured = l.captured
	return nil
}

// read adds n samples of r to b, or fewer at r's end, with io.EOF.
func read(r *wav.Reader, b *hal.Block, n pcm.Pos) (pcm.Pos, error) {
	legs := r.Format().Legs
	had := len(b.Frame.PCM)
	want := int(n) * legs
	b.Frame.PCM = slices.Grow(b.Frame.PCM, want)[:had+want]
	got := 0
	var err error
	for got < want && err == nil {
		var k int
		k, err = r.Read(b.Frame.PCM[had+got:])
		got += k
	}
	b.Frame.PCM = b.Frame.PCM[:had+got]
	if got == want {
		err = nil // it comes again, if it was one
	}
	return pcm.Pos(got / legs), err
}
