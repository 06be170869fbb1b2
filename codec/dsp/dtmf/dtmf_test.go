package dtmf

import (
	"encoding/binary"
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

// share is how many of pad's digits, sent n times, are heard, and how many others.
func share(n int, d dialled, spoil func(s linetest.Sound, i int) linetest.Sound) (right float64, wrong int) {
	hits := 0
	for i := range n {
		d.lead = float64(i) * 0.7
		got := heard(spoil(d.sound(pad), i).PCM())
		next := 0
		for _, c := range got {
			if at := slices.Index([]rune(pad[next:]), c); at >= 0 {
				next += at + 1
				hits++
			} else {
				wrong++
			}
		}
	}
	return float64(hits) / float64(n*len(pad)), wrong
}

func TestNoise(t *testing.T) {
	for _, c := range []struct{ snr, on, least float64 }{
		{6, 70, 0.99},
		{9, 40, 0.98},
		{12, 40, 0.999},
		{18, 30, 0.98},
		{24, 20, 0.99},
	} {
		d := dialled{row: -10, column: -10, on: c.on, pause: 60}
		right, wrong := share(40, d, func(s linetest.Sound, i int) linetest.Sound {
			return s.Noise(-10-c.snr, uint64(i))
		})
		t.Logf("white noise %g dB under each tone, %g ms: %.1f %% heard, %d wrong", c.snr, c.on, 100*right, wrong)
		if right < c.least || wrong > 0 {
			t.Errorf("less than %.1f %% heard, or wrong ones", 100*c.least)
		}
	}
}

// TestTalkedOver mixes speech, which here comes in bursts above its mean, with the digits.
func TestTalkedOver(t *testing.T) {
	var speech [][]int16
	linetest.Speech(t, func(_ string, p []int16) {
		if len(speech) < 40 && len(p) > 5*linetest.Rate {
			speech = append(speech, p)
		}
	})
	for _, c := range []struct{ below, on, least float64 }{
		{20, 50, 0.99}, {15, 70, 0.98}, {12, 70, 0.95},
	} {
		d := dialled{row: -10, column: -10, on: c.on, pause: 60}
		right, wrong := share(len(speech), d, func(s linetest.Sound, i int) linetest.Sound {
			return s.Mix(speech[i], -10-c.below)
		})
		t.Logf("speech %g dB under each tone, %g ms: %.1f %% heard, %d wrong", c.below, c.on, 100*right, wrong)
		if right < c.least || wrong > 0 {
			t.Errorf("less than %.1f %% heard, or wrong ones", 100*c.least)
		}
	}
}

// TestBreaks: Q.24 wants a break of 10 ms put up with; one of 25 ms parts two presses.
func TestBreaks(t *testing.T) {
	for _, c := range []struct {
		pause float64
		want  string
	}{{5, "5"}, {10, "5"}, {25, "55"}, {30, "55"}, {40, "55"}, {100, "55"}} {
		for shift := range 40 {
			d := dialled{row: -8, column: -9, on: 50, pause: c.pause, lead: float64(shift) / 8}
			if got := heard(d.sound("55").PCM()); got != c.want {
				t.Errorf("two presses %g ms apart, shifted by %d samples: heard %q", c.pause, shift, got)
			}
		}
	}
}

// TestOverDialTone: the exchange stops dial tone only when it has recognised the first digit.
func TestOverDialTone(t *testing.T) {
	for level := -5.; level >= -13; level -= 2 {
		for shift := range 20 {
			s := dialled{row: level, column: level + 2, on: 60, pause: 60, lead: float64(shift) * 1.7}.sound(pad)
			for i, v := range (linetest.Sound{}).Tones(float64(len(s))/8+1, 350, -13, 440, -13)[:len(s)] {
				s[i] += v
			}
			var got []byte
			d := New()
			d.OverDialTone(true)
			d.Step(s.PCM(), func(g Digit) { got = append(got, g.Symbol) })
			if string(got) != pad {
				t.Errorf("digits at %g dBm0 over dial tone at -13, shift %d: heard %q", level, shift, got)
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

func TestNotDigits(t *testing.T) {
	for name, s := range map[string]linetest.Sound{
		"row alone":    linetest.Sound{}.Silence(100).Tones(100, 770, -10).Silence(100),
		"column alone": linetest.Sound{}.Silence(100).Tones(100, 1336, -10).Silence(100),
		"two rows":     linetest.Sound{}.Silence(100).Tones(100, 697, -10, 852, -10).Silence(100),
		"dial tone":    linetest.Sound{}.Tones(2000, 350, -13, 440, -13),
		"three tones":  linetest.Sound{}.Silence(100).Tones(100, 770, -10, 1336, -10, 1000, -10).Silence(100),
		"10 ms":        linetest.Sound{}.Silence(100).Tones(10, 770, -10, 1336, -10).Silence(100),
		"twist 14 dB":  linetest.Sound{}.Silence(100).Tones(100, 770, -5, 1336, -19).Silence(100),
		"noise":        linetest.Sound{}.Silence(60000).Noise(-20, 5),
	} {
		if got := heard(s.PCM()); got != "" {
			t.Errorf("%s: heard %q", name, got)
		}
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

// TestTalkOff counts the digits that the detector hears in speech. Playing it faster and slower
// gives other voices and other pitches.
func TestTalkOff(t *testing.T) {
	speeds := []float64{1, 0.9}
	var seconds float64
	n, own := 0, 0
	linetest.Speech(t, func(file string, p []int16) {
		for _, speed := range speeds {
			q := p
			if speed != 1 {
				q = linetest.Resample(p, speed)
			}
			seconds += float64(len(q)) / linetest.Rate
			if s := heard(q); s != "" {
				n += len(s)
				if speed == 1 {
					own += len(s)
				}
				t.Logf("%s at speed %g: %d false", file, speed, len(s))
			}
		}
	})
	t.Logf("%d false digits in %.2f hours of speech", n, seconds/3600)
	if own > 0 || float64(n) > 2*seconds/3600 {
		t.Errorf("%d false digits at the speed it was spoken at, %d in all", own, n)
	}
}

func TestAnySplit(t *testing.T) {
	p := dialled{row: -10, column: -7, on: 40, pause: 50}.sound(pad).Noise(-35, 3).PCM()
	var want []Digit
	New().Step(p, func(d Digit) { want = append(want, d) })
	for _, n := range []int{1, 7, 39, 40, 41, 163, 1600} {
		d := New()
		var got []Digit
		for q := p; len(q) > 0; q = q[min(n, len(q)):] {
			d.Step(q[:min(n, len(q))], func(g Digit) { got = append(got, g) })
		}
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
	f.Add([]byte{1, 2, 3})
	var b []byte
	for _, v := range (dialled{row: 2, column: 2, on: 25, pause: 20}).sound("5").PCM() {
		b = binary.LittleEndian.AppendUint16(b, uint16(v))
	}
	f.Add(b)
	f.Fuzz(func(t *testing.T, b []byte) {
		p := make([]int16, len(b)/2)
		for i := range p {
			p[i] = int16(binary.LittleEndian.Uint16(b[2*i:]))
		}
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
	var speech []int16
	linetest.Speech(b, func(_ string, s []int16) {
		if len(speech) < 600*linetest.Rate {
			speech = append(speech, s...)
		}
	})
	for _, c := range []struct {
		name string
		pcm  []int16
	}{
		{"speech", speech},
		{"silence", make([]int16, 2*linetest.Rate)},
		{"digits", dialled{row: -10, column: -10, on: 70, pause: 60}.sound(pad + pad + pad).PCM()},
	} {
		b.Run(c.name, func(b *testing.B) {
			d := New()
			at := 0
			for b.Loop() {
				d.Step(c.pcm[at:at+linetest.Rate], func(Digit) {})
				at = (at + linetest.Rate) % (len(c.pcm) - linetest.Rate)
			}
		})
	}
}

func ExampleDetector() {
	p := dialled{row: -10, column: -8, on: 70, pause: 70}.sound("159").PCM()
	New().Step(p, func(d Digit) { fmt.Printf("%c ", d.Symbol) })
	// Output: 1 5 9
}
