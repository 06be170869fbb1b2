package capture

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"linevault/codec/codectest"
	"linevault/codec/pcm"
	"linevault/daemon/call"
	"linevault/daemon/pause"
	"linevault/storage"
)

// loudest is the highest level of the frequency hz, in dBFS, in any 50 ms of s.
func loudest(s []int16, hz float64) float64 {
	const n = rate / 20
	best := 0.0
	for i := 0; i+n <= len(s); i += n / 2 {
		var re, im float64
		for k, v := range s[i : i+n] {
			w := 0.5 - 0.5*math.Cos(2*math.Pi*float64(k)/n)
			a := 2 * math.Pi * hz * float64(k) / rate
			re += w * float64(v) * math.Cos(a)
			im += w * float64(v) * math.Sin(a)
		}
		best = max(best, math.Hypot(re, im)/(n/4)/32768)
	}
	return 20 * math.Log10(best+1e-9)
}

func put(s []int16, from, to pcm.Pos, hz float64) {
	for i := from; i < to; i++ {
		s[i] += int16(8000 * math.Sin(2*math.Pi*hz*float64(i)/rate))
	}
}

// Invariant 2, No leak: a 1 kHz marker sounds only inside pauses, guards included. On a quiet
// line it is below -60 dBFS everywhere in what is decoded; under speech, what is decoded is the
// same to the sample whether it sounded or not.
func TestInvariantNoLeak(t *testing.T) {
	quiet := func() []int16 {
		r := rand.New(rand.NewPCG(7, 8))
		s := make([]int16, 45*rate)
		for i := range s {
			s[i] = int16(r.NormFloat64() * 8)
		}
		return s
	}
	speech := codectest.Speech(t, 90*rate)
	for _, row := range []struct {
		name      string
		near, far func() []int16
		silent    bool
	}{
		{"quiet", quiet, quiet, true},
		{
			"speech", func() []int16 { return slices.Clone(speech[:45*rate]) },
			func() []int16 { return slices.Clone(speech[45*rate : 90*rate]) }, false,
		},
	} {
		t.Run(row.name, func(t *testing.T) {
			with := leak(t, row.near(), row.far(), true)
			for leg, d := range with {
				if l := loudest(d, 1000); row.silent && l > -60 {
					t.Errorf("leg %d: the marker is at %.1f dBFS", leg, l)
				}
			}
			if without := leak(t, row.near(), row.far(), false); !slices.Equal(with[0], without[0]) || !slices.Equal(with[1], without[1]) {
				t.Error("the recording differs by what sounded inside pauses")
			}
		})
	}
}

// leak records near and far with pauses at random, and with or without a marker inside them,
// and returns what is decoded.
func leak(t *testing.T, near, far []int16, marker bool) [2][]int16 {
	type span struct{ from, to pcm.Pos }
	var pauses []span
	rng := rand.New(rand.NewPCG(5, 6))
	for at := pcm.Pos(2 * rate); at < 38*rate; {
		p := span{from: at + pcm.Pos(rng.IntN(2*rate))}
		p.to = p.from + pcm.Pos(rng.IntN(3*rate))
		pauses = append(pauses, p)
		at = p.to + 3*rate
	}
	g1, g2 := pcm.Pos(rate/2), pcm.Pos(rate/5)
	for _, p := range pauses {
		if marker {
			put(near, p.from-g1, p.to+g2, 1000)
			put(far, p.from-g1, p.to+g2, 1000)
		}
	}
	if l := loudest(near, 1000); marker && l < -20 {
		t.Fatalf("the marker is at %.0f dBFS in the source: this test proves nothing", l)
	}
	b := newBench(t)
	f := pcm.Format{Rate: rate, Legs: 2}
	l := b.line(file(t, near, far), call.NewWhole(call.Defaults(f)), usual)
	for _, p := range pauses {
		src := pause.Source{Name: "terminal 1"}
		if !l.Post(Mark{Pos: &p.from, Do: Pause, Source: src, Arm: true}) || !l.Post(Mark{Pos: &p.to, Do: Resume, Source: src}) {
			t.Fatal("the mailbox is full")
		}
	}
	s, rows := b.run(l)
	if len(rows) != 1 || len(rows[0].Gaps) != len(pauses) {
		t.Fatalf("%d calls, %d gaps for %d pauses", len(rows), len(rows[0].Gaps), len(pauses))
	}
	cut := pcm.Pos(0)
	for i, g := range rows[0].Gaps {
		if g.Span.From != pauses[i].from-g1 || g.Span.To != pauses[i].to+g2 || g.Cause != storage.Paused {
			t.Errorf("gap %+v, want %d..%d", g, pauses[i].from-g1, pauses[i].to+g2)
		}
		cut += g.Span.Len()
	}
	if r := rows[0]; r.Length != f.Duration(pcm.Pos(len(near))) || r.Recorded != f.Duration(pcm.Pos(len(near))-cut) {
		t.Errorf("invariant 1 Tile: length %v, recorded %v, cut %v", r.Length, r.Recorded, f.Duration(cut))
	}
	noPeaks(t, s, rows[0])
	legs := decoded(t, s, rows[0].Call.ID)
	for leg, d := range legs {
		if len(d) != len(near) {
			t.Errorf("leg %d has %d samples, want %d", leg, len(d), len(near))
		}
	}
	return legs
}

// noPeaks checks that the waveform shows nothing inside gaps.
func noPeaks(t *testing.T, s *storage.Store, r storage.Row) {
	p, err := s.Play(r.Call.ID)
	if err != nil {
		t.Fatal(err)
	}
	peaks, bin0, err := p.Peaks()
	if err != nil {
		t.Fatal(err)
	}
	for _, g := range r.Gaps {
		for bin := g.Span.From/(rate/10) + 1; bin < g.Span.To/(rate/10); bin++ {
			for leg := range peaks {
				if i := int64(bin) - bin0; i >= 0 && i < int64(len(peaks[leg])) && peaks[leg][i] != 0 {
					t.Fatalf("leg %d has a peak of %d inside the gap %v", leg, peaks[leg][i], g.Span)
				}
			}
		}
	}
}
