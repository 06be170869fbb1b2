package keypad

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"linevault/codec/pcm"
)

// tape is what a test's line carries.
type tape struct {
	format pcm.Format
	pcm    []int16
}

// newTape is a line with some noise on it.
func newTape(rate, legs int, length time.Duration) *tape {
	f := pcm.Format{Rate: rate, Legs: legs}
	t := &tape{format: f, pcm: make([]int16, int(f.Samples(length))*legs)}
	r := rand.New(rand.NewPCG(1, 2))
	for i := range t.pcm {
		t.pcm[i] = int16(r.NormFloat64() * 6)
	}
	return t
}

// press adds a digit to a leg.
func (t *tape) press(leg int, symbol byte, at, length time.Duration, amplitude float64) pcm.Span {
	k := strings.IndexByte(symbols, symbol)
	s := pcm.Span{From: t.format.Samples(at), To: t.format.Samples(at + length)}
	for i := s.From; i < s.To; i++ {
		x := 2 * math.Pi * float64(i) / float64(t.format.Rate)
		t.pcm[int(i)*t.format.Legs+leg] += int16(amplitude * (math.Sin(x*rows[k/4]) + math.Sin(x*columns[k%4])))
	}
	return s
}

// dial adds digits of 80 ms, 80 ms apart, and returns where the last ends.
func (t *tape) dial(leg int, digits string, at time.Duration, amplitude float64) time.Duration {
	for _, d := range []byte(digits) {
		t.press(leg, d, at, 80*time.Millisecond, amplitude)
		at += 160 * time.Millisecond
	}
	return at - 80*time.Millisecond
}

// heard is what a pad hears of the tape, given in blocks of any length up to most. No event
// may come later than Latency, or go back.
func (t *tape) heard(tb testing.TB, p *Pad, most time.Duration) (events []Event) {
	tb.Helper()
	r := rand.New(rand.NewPCG(3, 4))
	end := pcm.Pos(len(t.pcm) / t.format.Legs)
	for at := pcm.Pos(0); at < end; {
		n := min(1+pcm.Pos(r.IntN(int(t.format.Samples(most)))), end-at)
		f := pcm.Frame{Epoch: 1, Pos: at, Format: t.format, PCM: t.pcm[int(at)*t.format.Legs : int(at+n)*t.format.Legs]}
		p.Step(f, func(e Event) {
			if e.Kind == Digit && e.Span.From < at-t.format.Samples(Latency) {
				tb.Errorf("a digit at %v is heard after %d had left", e.Span, at)
			}
			events = append(events, e)
		})
		at += n
	}
	return events
}

func of(events []Event, k Kind) (spans []pcm.Span) {
	for _, e := range events {
		if e.Kind == k {
			spans = append(spans, e.Span)
		}
	}
	return spans
}

// Invariant 2, No leak: of every digit on either leg, all is heard in time to be removed, and
// little besides.
func TestInvariantEveryDigitIsCoveredWhole(t *testing.T) {
	for _, rate := range []int{8000, 16000} {
		for _, legs := range []int{1, 2} {
			t.Run(fmt.Sprintf("%d Hz, %d legs", rate, legs), func(t *testing.T) {
				r := rand.New(rand.NewPCG(5, uint64(rate+legs)))
				line := newTape(rate, legs, 120*time.Second)
				var digits []pcm.Span
				for at := time.Second; at < 118*time.Second; {
					length := 40*time.Millisecond + time.Duration(r.IntN(460))*time.Millisecond
					digits = append(digits, line.press(r.IntN(legs), symbols[r.IntN(16)], at, length, 400+r.Float64()*6000))
					at += length + 50*time.Millisecond + time.Duration(r.IntN(400))*time.Millisecond
				}
				covered := make([]bool, len(line.pcm)/legs+rate)
				for _, s := range of(line.heard(t, New(line.format, Codes{}), 200*time.Millisecond), Digit) {
					for i := max(0, s.From); i < s.To; i++ {
						covered[i] = true
					}
				}
				for _, d := range digits {
					for i := d.From; i < d.To; i++ {
						if !covered[i] {
							t.Fatalf("of the digit %v the sample %d is not removed", d, i)
						}
					}
				}
				count := func(from, to pcm.Pos) (n int) {
					for i := from; i < to; i++ {
						if covered[i] {
							n++
						}
					}
					return n
				}
				all := 0
				for _, d := range digits {
					all += int(d.Len())
				}
				extra := time.Duration(count(0, pcm.Pos(len(covered)))-all) * time.Second / time.Duration(rate) / time.Duration(len(digits))
				t.Logf("%d digits; besides each, %v of sound is removed", len(digits), extra)
				if extra > 150*time.Millisecond {
					t.Errorf("besides each digit %v is removed", extra)
				}
			})
		}
	}
}

var codesUsual = Codes{Pause: "*#0", Resume: "*#1"}

func TestCodes(t *testing.T) {
	const loud, second = 3000, time.Second
	for _, r := range []struct {
		name          string
		legs          int
		dial          func(*tape)
		pause, resume []time.Duration // where a pause begins, and a resume ends
	}{
		{"pause and resume", 2, func(l *tape) {
			l.dial(0, "*#0", second, loud)
			l.dial(0, "*#1", 4*second, loud)
		}, []time.Duration{second}, []time.Duration{4*second + 400*time.Millisecond}},
		{"after other digits", 2, func(l *tape) { l.dial(0, "41**#0", second, loud) }, []time.Duration{second + 3*160*time.Millisecond}, nil},
		{"one digit wrong", 2, func(l *tape) { l.dial(0, "*#*0", second, loud) }, nil, nil},
		{"too slowly", 2, func(l *tape) {
			l.dial(0, "*#", second, loud)
			l.dial(0, "0", 5*second, loud)
		}, nil, nil},
		{"by the outside party", 2, func(l *tape) {
			l.dial(1, "*#0", second, loud)
			l.dial(1, "*#1", 4*second, loud)
		}, nil, nil},
		{"by the outside party, and leaking into the near leg", 2, func(l *tape) {
			for _, at := range []time.Duration{second, 4 * second} {
				code := "*#0"
				if at > second {
					code = "*#1"
				}
				l.dial(1, code, at, loud)
				l.dial(0, code, at, loud/3.2) // 10 dB down
			}
		}, nil, nil},
		{"leaking into the far leg", 2, func(l *tape) {
			l.dial(0, "*#0", second, loud)
			l.dial(1, "*#0", second, loud/3.2)
		}, []time.Duration{second}, nil},
		{"on a mixed line", 1, func(l *tape) { l.dial(0, "*#0*#1", second, loud) }, nil, nil},
	} {
		t.Run(r.name, func(t *testing.T) {
			line := newTape(8000, r.legs, 8*second)
			r.dial(line)
			events := line.heard(t, New(line.format, codesUsual), 100*time.Millisecond)
			var pauses, resumes []pcm.Pos
			for _, s := range of(events, PauseCode) {
				pauses = append(pauses, s.From)
			}
			for _, s := range of(events, ResumeCode) {
				resumes = append(resumes, s.To)
			}
			near := func(got []pcm.Pos, want []time.Duration, early, late time.Duration) bool {
				return slices.EqualFunc(got, want, func(p pcm.Pos, d time.Duration) bool {
					off := line.format.Duration(p) - d
					return off >= -early && off <= late
				})
			}
			// A pause begins no later than its first digit; a resume no earlier than its last ends.
			if !near(pauses, r.pause, 50*time.Millisecond, 0) || !near(resumes, r.resume, 0, 50*time.Millisecond) {
				t.Errorf("pauses at %v, resumes at %v, want %v and %v", pauses, resumes, r.pause, r.resume)
			}
		})
	}
}

// Whatever comes, in whatever blocks, spans lie where something has come.
func FuzzPad(f *testing.F) {
	line := newTape(8000, 2, time.Second)
	line.dial(0, "*#0*#1", 0, 3000)
	seed := make([]byte, 0, 2*len(line.pcm))
	for _, v := range line.pcm {
		seed = append(seed, byte(v), byte(v>>8))
	}
	f.Add(seed, uint16(160))
	f.Add([]byte{1, 2, 3, 4}, uint16(1))
	f.Fuzz(func(t *testing.T, b []byte, block uint16) {
		p := New(pcm.Format{Rate: 8000, Legs: 2}, codesUsual)
		at := pcm.Pos(0)
		n := max(1, int(block)%1600) * 4
		for len(b) >= 4 {
			k := min(n, len(b)/4*4)
			frame := pcm.Frame{Epoch: 1, Pos: at, Format: p.format}
			for i := 0; i < k; i += 2 {
				frame.PCM = append(frame.PCM, int16(b[i])|int16(b[i+1])<<8)
			}
			b, at = b[k:], at+pcm.Pos(k/4)
			p.Step(frame, func(e Event) {
				if e.Span.Empty() || e.Span.From < -p.margin-window || e.Span.To > at+p.margin {
					t.Errorf("%+v, and %d samples have come", e, at)
				}
			})
		}
	})
}

// window is how far before what it has of it a detector may place a digit's start.
const window = 200

// BenchmarkPad is the cost of a second of two legs.
func BenchmarkPad(b *testing.B) {
	line := newTape(8000, 2, time.Second)
	line.dial(1, "123", 0, 2000)
	p := New(line.format, codesUsual)
	f := pcm.Frame{Epoch: 1, Format: line.format, PCM: line.pcm}
	for b.Loop() {
		p.Step(f, func(Event) {})
		f.Pos += 8000
	}
}
