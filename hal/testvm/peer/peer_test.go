package main

import (
	"math/rand/v2"
	"slices"
	"testing"

	"linevault/codec/g711"
)

// babble is speech as far as the comparisons know: noise of few high frequencies.
func babble() speech {
	r := rand.New(rand.NewPCG(1, 2))
	said := make(speech, pieces*piece)
	pcm := make([]int16, len(said))
	level := 0.0
	for i := range pcm {
		level = 0.9*level + 1500*r.NormFloat64()
		pcm[i] = int16(max(-30000, min(30000, level)))
	}
	g711.EncodeA(said, pcm)
	return said
}

// A judge that cannot tell voices apart would pass anything.
func TestJudgeTellsVoicesApart(t *testing.T) {
	said := babble()
	v := newVoices(said)
	for _, shift := range []int{0, 12345, 12346} {
		sound := make([]int16, 2*3*rate)
		linear := make([]int16, piece)
		for leg, who := range []int{switchboard, network} {
			g711.DecodeA(linear, said.of(17, who))
			for i := range len(sound) / 2 {
				sound[2*i+leg] = linear[(i+shift)%piece] + int16(i%200-100)
			}
		}
		if mine, best, next := v.match(sound, 0, 17, switchboard); mine < 0.9 || next > 0.4 {
			t.Errorf("shift %d: %.3f with itself, %.3f with %s", shift, mine, next, best)
		}
		if mine, _, next := v.match(sound, 0, 17, network); mine > 0.4 || next < 0.9 {
			t.Errorf("shift %d: crossed legs correlate %.3f, and %.3f with the right one", shift, mine, next)
		}
		if mine, _, _ := v.match(sound, 1, 18, network); mine > 0.4 {
			t.Errorf("shift %d: crossed lines correlate %.3f", shift, mine)
		}
	}
}

func TestExactly(t *testing.T) {
	says := babble().of(3, network)
	heard := slices.Concat(says[5000:], says, says[:9])
	if n, err := exactly(heard, says); err != nil || n != len(heard) {
		t.Errorf("%d of %d, %v", n, len(heard), err)
	}
	heard[30000] ^= 1
	if _, err := exactly(heard, says); err == nil {
		t.Error("one wrong bit was not found")
	}
	if _, err := exactly(slices.Delete(heard, 20000, 20001), says); err == nil {
		t.Error("one missing octet was not found")
	}
	if d, err := apart(says, says[7:]); d != 7 || err != nil {
		t.Errorf("legs 7 samples apart: %d, %v", d, err)
	}
}
