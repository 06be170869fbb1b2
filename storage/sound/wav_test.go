package sound

import (
	"errors"
	"io"
	"math"
	"testing"

	"linevault/codec/dsp"
	"linevault/codec/pcm"
	"linevault/codec/wav"
)

// unwav reads a whole WAV into its legs.
func unwav(t *testing.T, r io.Reader) [][]int16 {
	t.Helper()
	w, err := wav.NewReader(r)
	if err != nil {
		t.Fatal(err)
	}
	legs := make([][]int16, w.Format().Legs)
	buf := make([]int16, 4096)
	for {
		n, err := w.Read(buf)
		for i, v := range buf[:n] {
			legs[i%len(legs)] = append(legs[i%len(legs)], v)
		}
		if errors.Is(err, io.EOF) {
			return legs
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

func correlate(a, b []int16) float64 {
	var ab, aa, bb float64
	for i := range min(len(a), len(b)) {
		x, y := float64(a[i]), float64(b[i])
		ab, aa, bb = ab+x*y, aa+x*x, bb+y*y
	}
	return ab / math.Sqrt(aa*bb+1)
}

// TestInvariantTileWAV: a WAV is exactly as long as the call, and every sample is at its place.
func TestInvariantTileWAV(t *testing.T) {
	for seed := range uint64(8) {
		f := pcm.Format{Rate: 8000, Legs: 1 + int(seed)%2}
		m, perfect := random(t, f, seed)
		for leg, got := range unwav(t, mustWAV(t, m)) {
			if len(got) != len(perfect[leg]) {
				t.Fatalf("seed %d: %d samples, not %d", seed, len(got), len(perfect[leg]))
			}
			for _, r := range m.runs {
				from, to := r.Span.From-m.call.From, r.Span.To-m.call.From
				switch heard := got[from:to]; {
				case r.Gap != nil && dsp.Level(heard) > toneLevel:
					t.Errorf("seed %d: a gap of %d is at %.0f dBFS", seed, r.Span.Len(), dsp.Level(heard))
				case r.Gap == nil && r.Span.Len() > 4000 && dsp.Level(perfect[leg][from:to]) > -40:
					if c := correlate(heard, perfect[leg][from:to]); c < 0.9 {
						t.Errorf("seed %d: run at %d: correlation %.3f", seed, from, c)
					}
				}
			}
		}
	}
}
