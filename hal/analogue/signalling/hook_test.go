package signalling

import (
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"linevault/codec/pcm"
	"linevault/hal"
)

// tapped is a made-up line: ringing as a tap with a transformer may pass it, clicks, tones and a voice.
// No real line has been heard for this.
type tapped struct {
	format pcm.Format
	pcm    []int16
	noise  *rand.Rand
}

// tap is a line on which nothing was heard yet, with the same noise each time.
func tap(f pcm.Format) *tapped { return &tapped{format: f, noise: rand.New(rand.NewPCG(3, 4))} }

func (l *tapped) ID() pcm.LineID     { return "tapped" }
func (l *tapped) Format() pcm.Format { return l.format }

// at is the position of what comes next.
func (l *tapped) at() pcm.Pos { return pcm.Pos(len(l.pcm) / l.format.Legs) }

func (l *tapped) sound(seconds float64, f func(t float64) float64) {
	for i := range int(seconds * float64(l.format.Rate)) {
		for range l.format.Legs {
			l.pcm = append(l.pcm, int16(f(float64(i)/float64(l.format.Rate))))
		}
	}
}

func (l *tapped) quiet(seconds float64) {
	l.sound(seconds, func(float64) float64 { return l.noise.NormFloat64() * 4 })
}

func (l *tapped) ring() {
	for _, pause := range []float64{0.2, 2} {
		l.sound(0.4, func(t float64) float64 { return 9000 * min(max(3*math.Sin(2*math.Pi*25*t), -1), 1) })
		l.quiet(pause)
	}
}

func (l *tapped) click() pcm.Pos {
	at := l.at()
	l.sound(0.02, func(t float64) float64 { return 20000 * math.Exp(-t*300) })
	return at
}

func (l *tapped) dialTone(seconds float64) {
	l.sound(seconds, func(t float64) float64 { return 2500 * (math.Sin(2*math.Pi*350*t) + math.Sin(2*math.Pi*440*t)) })
}

func (l *tapped) voice(seconds float64) {
	l.sound(seconds, func(t float64) float64 {
		loud := math.Pow(math.Abs(math.Sin(math.Pi*t*2.3)), 1.5)
		return 5000 * loud * (math.Sin(2*math.Pi*118*t) + math.Sin(2*math.Pi*590*t)/2 + math.Sin(2*math.Pi*1180*t)/3)
	})
}

// Read gives the line in blocks of 100 ms.
func (l *tapped) reader() hal.Line { return &blocks{tapped: l} }

type blocks struct {
	*tapped
	pos pcm.Pos
}

func (b *blocks) Read(out *hal.Block) error {
	out.Reset()
	n := min(b.format.Samples(hal.MaxBlock/2), b.at()-b.pos)
	from := int(b.pos) * b.format.Legs
	out.Frame = pcm.Frame{Epoch: 1, Pos: b.pos, Format: b.format, PCM: append(out.Frame.PCM, b.pcm[from:from+int(n)*b.format.Legs]...)}
	b.pos += n
	return nil
}

// told is what a listener signals of a line, and where it says that the receiver was lifted.
func told(t *testing.T, l *tapped) (words []string, lifted []pcm.Pos) {
	t.Helper()
	line, err := Listen(l.reader())
	if err != nil {
		t.Fatal(err)
	}
	var b hal.Block
	for end := l.at(); b.Frame.Span().To < end; {
		if err := line.Read(&b); err != nil {
			t.Fatal(err)
		}
		for _, s := range b.Signals {
			if s.At < b.Frame.Pos || s.At > b.Frame.Span().To {
				t.Fatalf("%v at %d is outside its block", s.Kind, s.At)
			}
			w := strings.TrimSpace(s.Kind.String() + " " + string(s.Data))
			if s.Kind == hal.Lifted {
				w = "lifted"
				var ago pcm.Pos
				for _, d := range s.Data {
					ago = 10*ago + pcm.Pos(d-'0')
				}
				lifted = append(lifted, s.At-ago)
			}
			if len(words) == 0 || words[len(words)-1] != w {
				words = append(words, w)
			}
		}
	}
	return words, lifted
}

func TestHookByEar(t *testing.T) {
	for _, f := range []pcm.Format{{Rate: 8000, Legs: 1}, {Rate: 16000, Legs: 2}} {
		near := func(what string, got []pcm.Pos, want ...pcm.Pos) {
			t.Helper()
			if len(got) != len(want) {
				t.Errorf("%s: lifted at %v, want %v", what, got, want)
				return
			}
			for i := range got {
				if off := f.Duration(got[i] - want[i]).Seconds(); math.Abs(off) > 0.05 {
					t.Errorf("%s: lifted %.3f s off", what, off)
				}
			}
		}
		in := tap(f)
		in.quiet(3)
		in.ring()
		in.ring()
		in.quiet(0.3)
		at := in.click()
		in.quiet(0.4)
		in.voice(5)
		words, lifted := told(t, in)
		if want := []string{"ringing burst", "ringing", "ringing burst", "ringing", "ringing burst", "ringing", "ringing burst", "ringing", "lifted"}; !slices.Equal(words, want) {
			t.Errorf("incoming: %q", words)
		}
		near("incoming", lifted, at)

		missed := tap(f)
		missed.quiet(3)
		missed.ring()
		missed.quiet(6)
		if words, lifted := told(t, missed); len(lifted) != 0 || len(words) != 4 {
			t.Errorf("not answered: %q", words)
		}

		out := tap(f)
		out.quiet(3)
		at = out.click()
		out.quiet(0.2)
		out.dialTone(2)
		words, lifted = told(t, out)
		if want := []string{"lifted", "direction out"}; !slices.Equal(words, want) {
			t.Errorf("outgoing: %q", words)
		}
		near("outgoing", lifted, at)

		over := tap(f)
		over.quiet(3)
		over.voice(6)
		over.dialTone(2)
		over.quiet(3)
		if words, lifted := told(t, over); !slices.Equal(words, []string{"cleared dial"}) || len(lifted) != 0 {
			t.Errorf("dial tone after a call: %q", words)
		}
	}
}
