package dtmf

import (
	"fmt"
	"slices"
	"testing"

	"linevault/codec/dsp/internal/linetest"
	"linevault/codec/pcm"
)

const pad = "123A456B789C*0#D"

var (
	rowHz    = []float64{697, 770, 852, 941}
	columnHz = []float64{1209, 1336, 1477, 1633}
)

// dialled is how a test's digits are sent.
type dialled struct {
	row, column float64 // dBm0
	off         float64 // relative frequency error of both tones
	on, pause   float64 // ms
	lead        float64 // ms of silence, which shifts the digits against the detector's blocks
}

func (d dialled) sound(digits string) linetest.Sound {
	s := linetest.Sound{}.Silence(100 + d.lead)
	for _, c := range digits {
		i := slices.Index([]rune(pad), c)
		s = s.Tones(d.on, rowHz[i/4]*(1+d.off), d.row, columnHz[i%4]*(1+d.off), d.column).Silence(d.pause)
	}
	return s.Silence(100)
}

func heard(p []int16) string {
	d := New()
	var s []byte
	for len(p) > 0 {
		n := min(160, len(p))
		d.Step(p[:n], func(g Digit) { s = append(s, g.Symbol) })
		p = p[n:]
	}
	return string(s)
}

func TestLevelTwistFrequency(t *testing.T) {
	for level := -3.; level >= -33; level -= 6 {
		for _, twist := range []float64{-8, -4, 0, 4, 8} {
			for _, off := range []float64{-0.015, 0, 0.015} {
				for _, on := range []float64{25, 40, 70} {
					d := dialled{row: level, column: level + twist, off: off, on: on, pause: 45, lead: 1.3 * on}
					if twist > 0 {
						d.row, d.column = level-twist, level
					}
					if got := heard(d.sound(pad).PCM()); got != pad {
						t.Errorf("%+v: heard %q", d, got)
					}
				}
			}
		}
	}
}

// TestTwentyMilliseconds shifts the shortest digits through every place of a block.
func TestTwentyMilliseconds(t *testing.T) {
	for shift := range 40 {
		d := dialled{row: -10, column: -10, on: 20, pause: 50, lead: float64(shift) / 8}
		if got := heard(d.sound(pad).PCM()); got != pad {
			t.Errorf("%+v: heard %q", d, got)
		}
	}
}

func TestFarOff(t *testing.T) {
	for _, off := range []float64{-0.035, 0.035} {
		for _, on := range []float64{20, 50, 100} {
			d := dialled{row: -10, column: -10, off: off, on: on, pause: 50}
			if got := heard(d.sound(pad).PCM()); got != "" {
				t.Errorf("%+v: heard %q, and Q.24 wants none", d, got)
			}
		}
	}
}

// TestLongPress: a button held for long is one digit, dated from its start.
func TestLongPress(t *testing.T) {
	p := dialled{row: -8, column: -9, on: 5000, pause: 50}.sound("7").PCM()
	var got []Digit
	New().Step(p, func(d Digit) { got = append(got, d) })
	if len(got) != 1 || got[0].Symbol != '7' || got[0].At < 720 || got[0].At > 880 {
		t.Errorf("heard %v, want one 7 from sample 800", got)
	}
}

// TestSoftly: what is under -46 dBm0 is cross-talk of another pair.
func TestSoftly(t *testing.T) {
	if got := heard(dialled{row: -50, column: -50, on: 70, pause: 50}.sound(pad).PCM()); got != "" {
		t.Errorf("heard %q at -50 dBm0", got)
	}
}

// TestTooLoud: tones that overload, whether what made them clips or wraps.
func TestTooLoud(t *testing.T) {
	s := dialled{row: -3, column: -2, on: 70, pause: 60}.sound(pad)
	wrapped := make([]int16, len(s))
	for i, v := range s {
		wrapped[i] = int16(int32(v)) // keeps the low 16 bits
	}
	if got := heard(wrapped); got != pad {
		t.Errorf("wrapped: heard %q", got)
	}
	if got := heard(s.Gain(12).PCM()); got != pad {
		t.Errorf("clipped by 12 dB: heard %q", got)
	}
}

func TestAnySplit(t *testing.T) {
	p := dialled{row: -10, column: -7, on: 40, pause: 50}.sound(pad).Noise(-35, 3).PCM()
	var want []Digit
	New().Step(p, func(d Digit) { want = append(want, d) })
	for _, n := range []int{1, 7, 39, 40, 41, 163, 1600} {
		d := New()
		var got []Digit
		linetest.Split(p, n, func(piece []int16) {
			d.Step(piece, func(g Digit) { got = append(got, g) })
		})
		if !slices.Equal(got, want) {
			t.Errorf("in pieces of %d: heard %v, want %v", n, got, want)
		}
	}
}

func TestStepAllocatesNothing(t *testing.T) {
	p := dialled{row: 3, column: 3, on: 70, pause: 60}.sound(pad).PCM()
	d := New()
	if n := testing.AllocsPerRun(10, func() { d.Step(p, func(Digit) {}) }); n != 0 {
		t.Errorf("%g allocations", n)
	}
}

func FuzzPCM(f *testing.F) {
	linetest.Fuzz(f, dialled{row: 2, column: 2, on: 25, pause: 20}.sound("5").PCM(), func(t *testing.T, p []int16) {
		d := New()
		last := pcm.Pos(-1)
		for range 3 {
			d.Step(p, func(g Digit) {
				if g.At <= last || g.At > pcm.Pos(3*len(p)) || !slices.Contains([]byte(pad), g.Symbol) {
					t.Errorf("%+v of %d samples, after one at %d", g, 3*len(p), last)
				}
				last = g.At
			})
		}
	})
}

func BenchmarkSecond(b *testing.B) {
	for _, c := range []struct {
		name string
		pcm  []int16
	}{
		{"speech", linetest.Minutes(b)},
		{"silence", make([]int16, 2*linetest.Rate)},
		{"digits", dialled{row: -10, column: -10, on: 70, pause: 60}.sound(pad + pad + pad).PCM()},
	} {
		b.Run(c.name, func(b *testing.B) {
			d := New()
			linetest.Seconds(b, c.pcm, func(second []int16) { d.Step(second, func(Digit) {}) })
		})
	}
}

func ExampleDetector() {
	p := dialled{row: -10, column: -8, on: 70, pause: 70}.sound("159").PCM()
	New().Step(p, func(d Digit) { fmt.Printf("%c ", d.Symbol) })
	// Output: 1 5 9
}
