package ringing

import (
	"math"
	"os"
	"testing"
	"time"

	"linevault/codec/dsp/internal/linetest"
	"linevault/codec/pcm"
)

// ring is a line that rings as British ones do, twice 0.4 s with 0.2 s between and 2 s after, some times
// over. The waveform is made up: ringing of a frequency, clipped at a share of its peak, as a tap's
// protection does, and then weakened below a corner, as a transformer does.
func ring(hz, clip, corner, level float64, times int) (s linetest.Sound, bursts []int) {
	s = s.Silence(1000)
	for range times {
		for _, pause := range []float64{200, 2000} {
			bursts = append(bursts, len(s))
			for i := range linetest.Rate * 4 / 10 {
				v := math.Sin(2 * math.Pi * hz * float64(i) / linetest.Rate)
				s = append(s, 32768*min(max(v, -clip), clip)/clip)
			}
			s = s.Silence(pause)
		}
	}
	if corner > 0 {
		a := 1 / (1 + 2*math.Pi*corner/linetest.Rate)
		var y, x float64
		for i, v := range s {
			y = a * (y + v - x)
			x, s[i] = v, y
		}
	}
	return s.Gain(level), bursts
}

func heard(p []int16) (at []pcm.Pos) {
	d := New()
	for len(p) > 0 {
		n := min(len(p), 333)
		d.Step(p[:n], func(b Burst) { at = append(at, b.At) })
		p = p[n:]
	}
	return at
}

// Each burst is heard once, near where it begins, for what a tap may make of it.
func TestBursts(t *testing.T) {
	for _, c := range []struct {
		name                    string
		hz, clip, corner, level float64
	}{
		{"as it is", 25, 1, 0, -12},
		{"weak", 25, 1, 0, -38},
		{"clipped", 25, 0.1, 0, -6},
		{"through a transformer", 25, 1, 300, 0},
		{"clipped, through a transformer", 25, 0.1, 300, -6},
		{"20 Hz", 20, 0.5, 100, -6},
		{"33 Hz", 33, 0.5, 100, -6},
	} {
		s, bursts := ring(c.hz, c.clip, c.corner, c.level, 3)
		got := heard(s.Noise(-60, 1).PCM())
		if len(got) != len(bursts) {
			t.Errorf("%s: %d bursts heard, want %d", c.name, len(got), len(bursts))
			continue
		}
		for i, at := range got {
			if off := float64(int(at)-bursts[i]) / linetest.Rate; math.Abs(off) > 0.12 {
				t.Errorf("%s: burst %d is dated %.3f s off", c.name, i, off)
			}
		}
	}
}

// A tap that passes the telephone band alone passes no ringing; it is not heard, and nothing else is.
func TestNothingThroughASteepFilter(t *testing.T) {
	s, _ := ring(25, 1, 0, -12, 2)
	for range 4 {
		a := 1 / (1 + 2*math.Pi*300/linetest.Rate)
		var y, x float64
		for i, v := range s {
			y = a * (y + v - x)
			x, s[i] = v, y
		}
	}
	if got := heard(s.Noise(-60, 1).PCM()); len(got) != 0 {
		t.Errorf("%d bursts", len(got))
	}
}

// Nothing else rings: hum, tones, digits, and hours of speech.
func TestNothingElse(t *testing.T) {
	for name, s := range map[string]linetest.Sound{
		"50 Hz":     linetest.Sound(nil).Tones(8000, 50, -12),
		"hum":       linetest.Sound(nil).Tones(8000, 50, -12, 100, -16, 150, -20),
		"100 Hz":    linetest.Sound(nil).Tones(8000, 100, -10),
		"dial tone": linetest.Sound(nil).Tones(8000, 350, -10, 440, -10),
		"ringback":  linetest.Sound(nil).Tones(8000, 400, -10, 450, -10),
		"digit":     linetest.Sound(nil).Tones(8000, 697, -6, 1209, -6),
		"rumble":    linetest.Sound(nil).Silence(8000).Noise(-10, 5),
		"thump":     append(append(linetest.Sound(nil).Silence(500), 30000, 25000, 20000), linetest.Sound(nil).Silence(500)...),
	} {
		if got := heard(s.PCM()); len(got) != 0 {
			t.Errorf("%s: %d bursts", name, len(got))
		}
	}
}

// Speech does not ring. In `make test` it is a part of what there is.
func TestTalkOff(t *testing.T) {
	var length time.Duration
	bursts, files := 0, 0
	linetest.Speech(t, func(file string, p []int16) {
		if files++; files%12 != 0 && os.Getenv("LINEVAULT_LONG") == "" {
			return
		}
		length += time.Duration(len(p)) * time.Second / linetest.Rate
		if n := len(heard(p)); n > 0 {
			bursts += n
			t.Logf("%s: %d", file, n)
		}
	})
	t.Logf("%d bursts heard in %v of speech", bursts, length.Round(time.Second))
	if bursts > int(length/time.Hour) {
		t.Errorf("%d bursts in %v of speech", bursts, length)
	}
}

func BenchmarkSecond(b *testing.B) {
	s, _ := ring(25, 0.5, 100, -10, 1)
	p := s.PCM()[:linetest.Rate]
	d := New()
	b.ReportAllocs()
	for b.Loop() {
		d.Step(p, func(Burst) {})
	}
}
