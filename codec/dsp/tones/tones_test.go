package tones

import (
	"slices"
	"testing"

	"linevault/codec/dsp/internal/linetest"
	"linevault/codec/pcm"
)

// made is a cadence synthesised for the given number of seconds; off is a relative frequency
// error, stretch a relative error of all times.
func made(name string, dbm0, seconds, off, stretch float64) linetest.Sound {
	type cadence struct {
		hz []float64
		on []float64 // ms on, off, on ...
	}
	c := map[string]cadence{
		"dial":         {[]float64{350, 440}, []float64{1e6}},
		"ringback":     {[]float64{400, 450}, []float64{400, 200, 400, 2000}},
		"busy":         {[]float64{400}, []float64{375, 375}},
		"congestion":   {[]float64{400}, []float64{400, 350, 225, 525}},
		"unobtainable": {[]float64{400}, []float64{1e6}},
	}[name]
	var pairs []float64
	for _, f := range c.hz {
		pairs = append(pairs, f*(1+off), dbm0)
	}
	s := linetest.Sound{}.Silence(200)
	end := int(seconds*linetest.Rate) + len(s)
	for i := 0; len(s) < end; i++ {
		ms := min(c.on[i%len(c.on)]*(1+stretch), float64(end-len(s))*1000/linetest.Rate+1)
		if i%2 == 0 {
			s = s.Tones(ms, pairs...)
		} else {
			s = s.Silence(ms)
		}
	}
	return s[:end].Silence(200)
}

func heard(p []int16) (names []string, at []pcm.Pos) {
	d := New(UK)
	for len(p) > 0 {
		n := min(163, len(p))
		d.Step(p[:n], func(t Tone) { names, at = append(names, t.Name), append(at, t.At) })
		p = p[n:]
	}
	return names, at
}

func TestEachToneOnce(t *testing.T) {
	for _, s := range UK {
		for _, dbm0 := range []float64{-6, -13, -25, -38} {
			for _, off := range []float64{-0.015, 0, 0.015} {
				for _, stretch := range []float64{-0.1, 0, 0.1} {
					names, at := heard(made(s.Name, dbm0, 7, off, stretch).PCM())
					if !slices.Equal(names, []string{s.Name}) {
						t.Errorf("%s at %g dBm0, frequency %+g, times %+g: heard %v", s.Name, dbm0, off, stretch, names)
					} else if off := at[0] - 1600; off < -200 || off > 200 {
						t.Errorf("%s at %g dBm0: dated %d samples from where it begins", s.Name, dbm0, off)
					}
				}
			}
		}
	}
}

func TestToneInNoise(t *testing.T) {
	for _, s := range UK {
		for seed := range uint64(10) {
			sound := made(s.Name, -20, 7, 0, 0).Noise(-32, seed)
			if names, _ := heard(sound.PCM()); !slices.Equal(names, []string{s.Name}) {
				t.Errorf("%s 12 dB over noise, seed %d: heard %v", s.Name, seed, names)
			}
		}
	}
}

// TestJoinedLate begins to listen at any place of a cadence, as after a restart.
func TestJoinedLate(t *testing.T) {
	for _, s := range UK {
		p := made(s.Name, -13, 12, 0, 0).PCM()
		for from := 1600; from < 1600+3*linetest.Rate; from += 407 {
			if names, _ := heard(p[from:]); !slices.Equal(names, []string{s.Name}) {
				t.Errorf("%s joined %d ms late: heard %v", s.Name, (from-1600)/8, names)
			}
		}
	}
}

// TestToneChanges follows one call through several tones.
func TestToneChanges(t *testing.T) {
	var s linetest.Sound
	want := []string{"dial", "ringback", "busy", "unobtainable", "congestion", "dial", "dial"}
	for _, name := range want {
		s = append(s, made(name, -15, 4, 0, 0)...)
		s = s.Silence(400)
	}
	if names, _ := heard(s.PCM()); !slices.Equal(names, want) {
		t.Errorf("heard %v, want %v", names, want)
	}
}

// TestAnsweredEarly: a tone of its own frequencies needs but one burst and the pause after it.
func TestAnsweredEarly(t *testing.T) {
	s := made("ringback", -15, 0.75, 0, 0).Silence(2500)
	if names, _ := heard(s.PCM()); !slices.Equal(names, []string{"ringback"}) {
		t.Errorf("heard %v", names)
	}
}

func TestNotATone(t *testing.T) {
	for name, s := range map[string]linetest.Sound{
		"nothing":             linetest.Sound{}.Silence(5000),
		"noise":               linetest.Sound{}.Silence(5000).Noise(-20, 1),
		"one burst of 400 Hz": linetest.Sound{}.Silence(500).Tones(400, 400, -13).Silence(4000),
		"425 Hz":              linetest.Sound{}.Tones(5000, 425, -13),
		"440 Hz":              linetest.Sound{}.Tones(5000, 440, -13),
		"1 kHz":               linetest.Sound{}.Tones(5000, 1000, -13),
		"1600 Hz":             linetest.Sound{}.Tones(5000, 1600, -13),
		"French ringing":      linetest.Sound{}.Tones(1500, 440, -13).Silence(3500).Tones(1500, 440, -13),
		"American ringing":    linetest.Sound{}.Tones(2000, 440, -13, 480, -13).Silence(4000).Tones(2000, 440, -13, 480, -13),
		"hum":                 linetest.Sound{}.Tones(5000, 50, -13, 150, -20, 350, -30),
	} {
		if names, _ := heard(s.PCM()); len(names) > 0 {
			t.Errorf("%s: heard %v", name, names)
		}
	}
}

func TestNoToneInSpeech(t *testing.T) {
	var seconds float64
	n := 0
	linetest.Speech(t, func(file string, p []int16) {
		seconds += float64(len(p)) / linetest.Rate
		if names, _ := heard(p); len(names) > 0 {
			n++
			t.Errorf("%s: heard %v", file, names)
		}
	})
	t.Logf("%d false tones in %.2f hours of speech", n, seconds/3600)
}

func TestAnySplit(t *testing.T) {
	p := made("congestion", -13, 5, 0, 0).PCM()
	want, wantAt := heard(p)
	for _, n := range []int{1, 7, 39, 40, 41, 1600, len(p)} {
		d := New(UK)
		var names []string
		var at []pcm.Pos
		linetest.Split(p, n, func(piece []int16) {
			d.Step(piece, func(t Tone) { names, at = append(names, t.Name), append(at, t.At) })
		})
		if !slices.Equal(names, want) || !slices.Equal(at, wantAt) {
			t.Errorf("in pieces of %d: heard %v, want %v", n, names, want)
		}
	}
}

func TestStepAllocatesNothing(t *testing.T) {
	p := made("busy", -13, 2, 0, 0).PCM()
	d := New(UK)
	if n := testing.AllocsPerRun(10, func() { d.Step(p, func(Tone) {}) }); n != 0 {
		t.Errorf("%g allocations", n)
	}
}

func FuzzPCM(f *testing.F) {
	linetest.Fuzz(f, made("busy", -13, 2, 0, 0).PCM(), func(t *testing.T, p []int16) {
		d := New(UK)
		last := pcm.Pos(-1)
		for range 3 { // fuzzers keep inputs short
			d.Step(p, func(tone Tone) {
				if tone.At < 0 || tone.At > pcm.Pos(3*len(p)) || tone.At < last {
					t.Errorf("a tone at %d of %d samples, after one at %d", tone.At, 3*len(p), last)
				}
				last = tone.At
			})
		}
	})
}

// Speech is the dearest sound: it is loud and often between 300 and 500 Hz.
func BenchmarkSecond(b *testing.B) {
	p := linetest.Minutes(b)
	d := New(UK)
	linetest.Seconds(b, p, func(second []int16) { d.Step(second, func(Tone) {}) })
}
