package opus_test

import (
	"math"
	"math/rand/v2"
	"testing"

	"linevault/codec"
	"linevault/codec/codectest"
	"linevault/codec/opus"
	"linevault/codec/pcm"
)

// encode encodes f in frames of random sizes with breaks at random places, every so many
// samples on average.
func encode(t *testing.T, f pcm.Frame, rng *rand.Rand, every int) []codec.Packet {
	t.Helper()
	e, err := opus.NewEncoder(f.Format)
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	var got []codec.Packet
	for !f.Span().Empty() {
		n := min(f.Len(), pcm.Pos(1+rng.IntN(1600)))
		if err := e.Encode(f.Slice(pcm.Span{From: f.Pos, To: f.Pos + n}), codectest.Collect(&got)); err != nil {
			t.Fatal(err)
		}
		f = f.Slice(pcm.Span{From: f.Pos + n, To: f.Pos + f.Len()})
		if every > 0 && rng.IntN(every) < int(n) {
			if err := e.Break(codectest.Collect(&got)); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := e.Break(codectest.Collect(&got)); err != nil {
		t.Fatal(err)
	}
	return got
}

// TestBreakCostsLittle: runs of every length below two packets end in less than 10 ms of padding.
func TestBreakCostsLittle(t *testing.T) {
	sound := make([]int16, 1000)
	for i := range sound {
		sound[i] = int16(8000 * math.Sin(float64(i)*0.3))
	}
	f := pcm.Format{Rate: 8000, Legs: 1}
	e, err := opus.NewEncoder(f)
	if err != nil {
		t.Fatal(err)
	}
	for n := 1; n < len(sound); n++ {
		var got []codec.Packet
		if err := e.Encode(pcm.Frame{Format: f, PCM: sound[:n]}, codectest.Collect(&got)); err != nil {
			t.Fatal(err)
		}
		if err := e.Break(codectest.Collect(&got)); err != nil {
			t.Fatal(err)
		}
		raw := 0
		for _, p := range got {
			m, err := opus.Samples(p.Data, f.Rate)
			if err != nil {
				t.Fatal(err)
			}
			if p.Data[0]>>3 >= 16 {
				t.Fatalf("a run of %d samples has a packet of CELT", n)
			}
			raw += m
		}
		if pad := raw - n - int(opus.Lookahead(f.Rate)); pad < 0 || pad >= 80 {
			t.Fatalf("a run of %d samples ends in %d of padding", n, pad)
		}
		if out := decode(t, f, got); len(out[0]) != n {
			t.Fatalf("%d samples in, %d out", n, len(out[0]))
		}
	}
}

// TestNothingOfTheOldRunIsHeard: a loud tone before a break leaves no trace in silence after it.
func TestNothingOfTheOldRunIsHeard(t *testing.T) {
	f := pcm.Format{Rate: 8000, Legs: 1}
	e, err := opus.NewEncoder(f)
	if err != nil {
		t.Fatal(err)
	}
	var got []codec.Packet
	tone := make([]int16, 8123)
	for i := range tone {
		tone[i] = int16(30000 * math.Sin(2*math.Pi*1000*float64(i)/8000))
	}
	if err := e.Encode(pcm.Frame{Format: f, PCM: tone}, codectest.Collect(&got)); err != nil {
		t.Fatal(err)
	}
	if err := e.Break(codectest.Collect(&got)); err != nil {
		t.Fatal(err)
	}
	if err := e.Encode(pcm.Frame{Format: f, Pos: 9000, PCM: make([]int16, 4000)}, codectest.Collect(&got)); err != nil {
		t.Fatal(err)
	}
	if err := e.Break(codectest.Collect(&got)); err != nil {
		t.Fatal(err)
	}
	out := decode(t, f, got)[0]
	for i, v := range out[len(tone):] {
		if v > 1 || v < -1 {
			t.Fatalf("sample %d of the silence is %d", i, v)
		}
	}
}

// TestComplexityIsNotABreak: the valve turns in mid run and the sound stays whole.
func TestComplexityIsNotABreak(t *testing.T) {
	speech := codectest.Speech(t, 10*8000)[:10*8000]
	in := legs(8000, 0, speech)
	e, err := opus.NewEncoder(in.Format)
	if err != nil {
		t.Fatal(err)
	}
	var got []codec.Packet
	for i := range pcm.Pos(10) {
		if err := e.SetComplexity([]int{opus.Complexity, opus.LowComplexity}[i%2]); err != nil {
			t.Fatal(err)
		}
		if err := e.Encode(in.Slice(pcm.Span{From: i * 8000, To: (i + 1) * 8000}), codectest.Collect(&got)); err != nil {
			t.Fatal(err)
		}
	}
	if err := e.Break(codectest.Collect(&got)); err != nil {
		t.Fatal(err)
	}
	out := decode(t, in.Format, got)[0]
	if lag, c := bestLag(speech, out); lag != 0 || c < 0.93 || len(out) != len(speech) {
		t.Errorf("%d samples of %d, %d late, correlation %.3f", len(out), len(speech), lag, c)
	}
	if err := e.SetComplexity(11); err == nil {
		t.Error("complexity 11 was accepted")
	}
}
