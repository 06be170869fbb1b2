package pcm

import (
	"math/rand/v2"
	"testing"
	"time"
)

func TestSamplesAndDurationRoundTripForYears(t *testing.T) {
	f := Format{Rate: 8000, Legs: 2}
	for _, n := range []Pos{0, 1, 7999, 8000, 8000 * 86400 * 3650} {
		if got := f.Samples(f.Duration(n)); got != n {
			t.Errorf("Samples(Duration(%d)) = %d", n, got)
		}
	}
	if got := f.Samples(-1500 * time.Millisecond); got != -12000 {
		t.Errorf("Samples(-1.5 s) = %d, want -12000", got)
	}
}

func TestFrameSlice(t *testing.T) {
	f := Frame{Pos: 100, Format: Format{Rate: 8000, Legs: 2}, PCM: []int16{0, 10, 1, 11, 2, 12, 3, 13}}
	g := f.Slice(Span{From: 101, To: 103})
	if g.Pos != 101 || len(g.PCM) != 4 || g.PCM[0] != 1 || g.PCM[3] != 12 {
		t.Errorf("Slice = %+v", g)
	}
	if g := f.Slice(Span{From: 200, To: 300}); g.Len() != 0 {
		t.Errorf("Slice outside = %+v", g)
	}
}

// A card 200 parts a million fast, read with up to 80 ms of delay: a position is found to
// within 5 ms, which the guard of a pause covers a hundred times over.
func TestTimelineFindsPositionsThroughJitterAndDrift(t *testing.T) {
	for _, ppm := range []float64{-200, 0, 200} {
		f := Format{Rate: 8000, Legs: 1}
		r := rand.New(rand.NewPCG(1, uint64(ppm+1000)))
		start := Mono(1000 * time.Hour)
		wall := time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC)
		tl := NewTimeline(f, start, wall)
		truth := func(p Pos) Mono {
			return start + Mono(float64(p)/8000/(1+ppm/1e6)*1e9)
		}
		for p := Pos(160); p < 8000*600; p += 160 {
			tl.Observe(p, truth(p)+Mono(r.IntN(80))*Mono(time.Millisecond))
			if p < 8000*2 {
				continue
			}
			got := tl.PosAt(truth(p))
			if d := f.Duration(max(got-p, p-got)); d > 5*time.Millisecond {
				t.Fatalf("%v ppm: at %d found %d, %v off", ppm, p, got, d)
			}
		}
		p := Pos(8000 * 599)
		want := wall.Add(time.Duration(truth(p) - start))
		if d := tl.WallAt(p).Sub(want).Abs(); d > 5*time.Millisecond {
			t.Errorf("%v ppm: time of day is %v off", ppm, d)
		}
	}
}
