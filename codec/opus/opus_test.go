package opus_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"linevault/codec"
	"linevault/codec/codectest"
	"linevault/codec/opus"
	"linevault/codec/pcm"
)

func TestConformance(t *testing.T) {
	codectest.Run(t, func(f pcm.Format) (codec.Encoder, error) { return opus.NewEncoder(f) })
}

// legs weaves mono sounds into one frame; the shortest decides.
func legs(rate int, at pcm.Pos, sounds ...[]int16) pcm.Frame {
	f := pcm.Frame{Pos: at, Format: pcm.Format{Rate: rate, Legs: len(sounds)}}
	n := len(sounds[0])
	for _, s := range sounds {
		n = min(n, len(s))
	}
	for i := range n {
		for _, s := range sounds {
			f.PCM = append(f.PCM, s[i])
		}
	}
	return f
}

// decode decodes packets of all legs, each leg by its own decoder.
func decode(t *testing.T, f pcm.Format, packets []codec.Packet) [][]int16 {
	t.Helper()
	out := make([][]int16, f.Legs)
	decoders := make([]*opus.Decoder, f.Legs)
	for i := range decoders {
		d, err := opus.NewDecoder(f.Rate)
		if err != nil {
			t.Fatal(err)
		}
		decoders[i] = d
	}
	for _, p := range packets {
		before := len(out[p.Leg])
		var err error
		if out[p.Leg], err = decoders[p.Leg].Decode(p, out[p.Leg]); err != nil {
			t.Fatal(err)
		}
		if got := pcm.Pos(len(out[p.Leg]) - before); got != p.Span.Len() {
			t.Fatalf("%v decoded to %d samples", p.Span, got)
		}
	}
	return out
}

// twice raises 8 kHz to 16 kHz by straight lines.
func twice(in []int16) []int16 {
	out := make([]int16, 0, 2*len(in))
	for i, v := range in {
		next := in[min(i+1, len(in)-1)]
		out = append(out, v, int16((int(v)+int(next))/2))
	}
	return out
}

// correlate is the normalised correlation of a with b moved by lag.
func correlate(a, b []int16, lag int) float64 {
	var ab, aa, bb float64
	for i := range a {
		if j := i + lag; j >= 0 && j < len(b) {
			x, y := float64(a[i]), float64(b[j])
			ab, aa, bb = ab+x*y, aa+x*x, bb+y*y
		}
	}
	if aa == 0 || bb == 0 {
		return 0
	}
	return ab / math.Sqrt(aa*bb)
}

// bestLag is where b fits a best.
func bestLag(a, b []int16) (lag int, at float64) {
	for l := -30; l <= 30; l++ {
		if c := correlate(a, b, l); c > at {
			lag, at = l, c
		}
	}
	return lag, at
}

// TestInvariantTileDecoded: whatever the breaks and the frames, the decoded runs laid end to
// end are as long as the input, in step with it to the sample at 8 kHz, and good speech.
func TestInvariantTileDecoded(t *testing.T) {
	speech := codectest.Speech(t, 60*8000)
	for _, rate := range []int{8000, 16000} {
		near, far := speech[:20*8000], speech[30*8000:50*8000]
		if rate == 16000 {
			near, far = twice(near), twice(far)
		}
		for _, every := range []int{0, 30 * rate, 3 * rate, rate / 2} {
			t.Run(fmt.Sprintf("%d/%d", rate, every), func(t *testing.T) {
				rng := rand.New(rand.NewPCG(uint64(rate), uint64(every)))
				in := legs(rate, 1000, near, far)
				packets := encode(t, in, rng, every)
				out := decode(t, in.Format, packets)
				for leg, want := range [][]int16{near, far} {
					if len(out[leg]) != len(want) {
						t.Fatalf("leg %d: %d samples in, %d out", leg, len(want), len(out[leg]))
					}
					lag, c := bestLag(want, out[leg])
					// At 16 kHz libopus is some 40 us early, its high-pass included.
					if max(lag, -lag) > rate/16000 || c < 0.93 {
						t.Errorf("leg %d: fits best %d samples late, at %.3f", leg, lag, c)
					}
					if c := correlate(want, out[1-leg], 0); math.Abs(c) > 0.1 {
						t.Errorf("leg %d sounds in the other one: %.3f", leg, c)
					}
					t.Logf("leg %d: correlation %.4f, %d packets", leg, c, len(packets))
				}
			})
		}
	}
}

// TestRate: the packets of speech are of 60 ms and keep to the bitrate.
func TestRate(t *testing.T) {
	speech := codectest.Speech(t, 60*8000)[:60*8000]
	packets := encode(t, legs(8000, 0, speech), rand.New(rand.NewPCG(1, 1)), 0)
	size := 0
	for _, p := range packets {
		size += len(p.Data)
	}
	bits := size * 8 / 60
	if bits < opus.Bitrate/2 || bits > opus.Bitrate*5/4 || len(packets) != 1001 {
		t.Errorf("%d bit/s in %d packets", bits, len(packets))
	}
	t.Logf("%d bit/s", bits)
}

func TestNoAllocation(t *testing.T) {
	f := legs(8000, 0, make([]int16, 1600), make([]int16, 1600))
	rng := rand.New(rand.NewPCG(1, 2))
	for i := range f.PCM {
		f.PCM[i] = int16(rng.IntN(8000))
	}
	e, err := opus.NewEncoder(f.Format)
	if err != nil {
		t.Fatal(err)
	}
	drop := func(codec.Packet) error { return nil }
	if n := testing.AllocsPerRun(50, func() {
		if err := e.Encode(f, drop); err != nil {
			t.Fatal(err)
		}
		f.Pos += f.Len()
	}); n > 0 {
		t.Errorf("%v allocations per 200 ms", n)
	}
	d, err := opus.NewDecoder(8000)
	if err != nil {
		t.Fatal(err)
	}
	var got []codec.Packet
	if err := e.Break(codectest.Collect(&got)); err != nil {
		t.Fatal(err)
	}
	got[0].Restart = false
	dst := make([]int16, 0, 1000)
	if n := testing.AllocsPerRun(50, func() {
		if _, err := d.Decode(got[0], dst); err != nil {
			t.Fatal(err)
		}
	}); n > 0 {
		t.Errorf("%v allocations per decoded packet", n)
	}
}

// One operation is a second of one leg.
func BenchmarkEncode(b *testing.B) {
	speech := codectest.Speech(b, 60*8000)
	in := legs(8000, 0, speech[:60*8000])
	for _, c := range []int{opus.Complexity, opus.LowComplexity} {
		b.Run(fmt.Sprintf("complexity%d", c), func(b *testing.B) {
			e, err := opus.NewEncoder(in.Format)
			if err != nil {
				b.Fatal(err)
			}
			if err := e.SetComplexity(c); err != nil {
				b.Fatal(err)
			}
			b.ReportAllocs()
			i := pcm.Pos(0)
			for b.Loop() {
				f := in.Slice(pcm.Span{From: i % 60 * 8000, To: (i%60 + 1) * 8000})
				f.Pos = i * 8000
				if err := e.Encode(f, func(codec.Packet) error { return nil }); err != nil {
					b.Fatal(err)
				}
				i++
			}
		})
	}
}
