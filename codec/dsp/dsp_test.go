package dsp_test

import (
	"math"
	"math/rand/v2"
	"testing"

	"linevault/codec/dsp"
	"linevault/codec/pcm"
)

func TestLevel(t *testing.T) {
	square, sine := make([]int16, 800), make([]int16, 800)
	for i := range square {
		square[i] = -32768
		sine[i] = clip(32767 * math.Sin(2*math.Pi*float64(i)/8))
	}
	for _, c := range []struct {
		name string
		in   []int16
		want float64
	}{
		{"square", square, 0},
		{"sine", sine, -3.01},
		{"one", []int16{1, -1}, -90},
		{"ten", []int16{10, -10}, -70.3},
		{"silence", make([]int16, 10), -90},
		{"nothing", nil, -90},
	} {
		if got := dsp.Level(c.in); math.Abs(got-c.want) > 0.05 {
			t.Errorf("%s: %.2f dBFS, not %.2f", c.name, got, c.want)
		}
	}
	f := pcm.Frame{Format: pcm.Format{Rate: 8000, Legs: 2}, PCM: []int16{100, 0, -100, 0, 100, 0}}
	if near, far := dsp.LevelOf(f, pcm.Near), dsp.LevelOf(f, pcm.Far); math.Abs(near+50.3) > 0.05 || far != dsp.Floor {
		t.Errorf("near %.2f, far %.2f", near, far)
	}
}

// TestPeaks compares with the definition, on frames of random sizes with holes between.
func TestPeaks(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for _, f := range []pcm.Format{{Rate: 8000, Legs: 1}, {Rate: 8000, Legs: 2}, {Rate: 16000, Legs: 2}} {
		type bin struct {
			leg pcm.Leg
			at  int64
		}
		want, got := map[bin]uint8{}, map[bin]uint8{}
		emit := func(leg pcm.Leg, at int64, v uint8) { got[bin{leg, at}] = max(got[bin{leg, at}], v) }
		p := dsp.NewPeaks(f)
		at := pcm.Pos(-5000)
		for range 200 {
			frame := pcm.Frame{Pos: at, Format: f, PCM: make([]int16, rng.IntN(3000)*f.Legs)}
			for i := range frame.PCM {
				v := rng.IntN(65536) - 32768
				v >>= rng.IntN(12)
				frame.PCM[i] = int16(v)
				b := bin{pcm.Leg(i % f.Legs), int64(math.Floor(float64(at+pcm.Pos(i/f.Legs)) / float64(f.Rate/10)))}
				want[b] = max(want[b], uint8(min(255, max(v, -v)>>7)))
			}
			p.Add(frame, emit)
			at += frame.Len()
			if rng.IntN(4) == 0 {
				p.Flush(emit)
				at += pcm.Pos(rng.IntN(5000))
			}
		}
		p.Flush(emit)
		p.Flush(emit)
		if len(want) != len(got) {
			t.Errorf("%v: %d bins, not %d", f, len(got), len(want))
		}
		for b, v := range want {
			if got[b] != v {
				t.Fatalf("%v: leg %d bin %d: %d, not %d", f, b.leg, b.at, got[b], v)
			}
		}
	}
}

// One operation is a second of one leg.
func BenchmarkLevel(b *testing.B) {
	s := make([]int16, rate)
	for i := range s {
		s[i] = int16(i * 7)
	}
	for b.Loop() {
		dsp.Level(s)
	}
}

// One operation is a second of one leg: half a second of two.
func BenchmarkPeaks(b *testing.B) {
	f := pcm.Frame{Format: pcm.Format{Rate: rate, Legs: 2}, PCM: make([]int16, rate)}
	for i := range f.PCM {
		f.PCM[i] = int16(i * 7)
	}
	p := dsp.NewPeaks(f.Format)
	emit := func(pcm.Leg, int64, uint8) {}
	for b.Loop() {
		p.Add(f, emit)
		f.Pos += f.Len()
	}
}
