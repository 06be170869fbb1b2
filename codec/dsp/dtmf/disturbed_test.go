package dtmf

import (
	"slices"
	"testing"

	"linevault/codec/dsp/internal/linetest"
)

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
