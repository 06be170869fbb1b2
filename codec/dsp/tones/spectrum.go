package tones

import (
	"slices"

	"linevault/codec/dsp/internal/correlate"
)

// kind is a set of frequencies that one or more signals share. Kinds are numbered by their
// place in Detector.kinds.
type kind struct {
	hz      []float64
	signals []int // by place in Detector.signals
	tries   []try
}

// try is a kind at one relative frequency error.
type try struct {
	turns [2][blocks]complex64 // of each frequency against centre, block by block
	droop [2]float32           // how much weaker a block hears it than centre
	cross complex64            // inner product of the two
}

const silent = -1

// Exchanges are exact; PBXs and our own card's clock are not. 50 ms tell 4 Hz from 8 Hz no
// better than this.
var errors = [...]float64{0, -0.01, 0.01, -0.02, 0.02}

func kindsOf(signals []Signal) (kinds []kind) {
	for i := range signals {
		s := &signals[i]
		at := slices.IndexFunc(kinds, func(k kind) bool { return slices.Equal(k.hz, s.Hz) })
		if at < 0 {
			at = len(kinds)
			kinds = append(kinds, newKind(s.Hz))
		}
		kinds[at].signals = append(kinds[at].signals, i)
	}
	return kinds
}

func newKind(hz []float64) kind {
	k := kind{hz: hz}
	for _, e := range errors {
		var t try
		for i, f := range hz[:min(2, len(hz))] {
			tone := correlate.NewProbe(f * (1 + e))
			delta := tone.Omega - probe.Omega
			// 5 ms hold two whole cycles of centre, so that blocks need no turn of their own.
			for m := range blocks {
				t.turns[i][m] = correlate.Turn(delta * correlate.Len * float64(m))
			}
			h := delta * correlate.Len / 2
			t.droop[i] = float32(1 - h*h/6 + h*h*h*h/120)
		}
		for m := range blocks {
			t.cross += t.turns[1][m] * correlate.Conj(t.turns[0][m])
		}
		k.tries = append(k.tries, t)
	}
	return k
}

// look says which kind of tone fills the window, or silent.
func (d *Detector) look() int {
	var all, band float32
	for m := range blocks {
		all += d.energy[m]
		band += correlate.Power(d.band[m])
	}
	// A sine of energy E has 2*E*blocks/length of band power when it lies at the centre, 0.8
	// of that at the edges.
	const minBand = 0.55
	if all < gate || band*length < minBand*2*correlate.Len*correlate.Len/2*all {
		return silent
	}
	found, most := silent, float32(0)
	for i := range d.kinds {
		if share := d.kinds[i].share(&d.band, band, all); share > most {
			found, most = i, share
		}
	}
	return found
}

// share is how much of the window's sound the kind explains, 0 if it is not that kind.
func (k *kind) share(x *[blocks]complex64, band, all float32) (most float32) {
	for i := range k.tries {
		if len(k.hz) == 1 {
			most = max(most, k.tries[i].single(x, band, all))
		} else {
			most = max(most, k.tries[i].pair(x, band, all))
		}
	}
	return most
}

const (
	// minShare is how much of the band's energy the tones must explain; speech on the same
	// line and noise take the rest.
	minShare = 0.85
	// minAll is how much of all energy they must explain.
	minAll = 0.70
	// maxTwist is the most that the powers of a pair may differ: 10 dB.
	maxTwist = 10
)

func (t *try) single(x *[blocks]complex64, band, all float32) float32 {
	y := inner(x, &t.turns[0])
	e := correlate.Power(y) / blocks
	return accept(e/band, e/(t.droop[0]*t.droop[0]), all)
}

func (t *try) pair(x *[blocks]complex64, band, all float32) float32 {
	y0, y1 := inner(x, &t.turns[0]), inner(x, &t.turns[1])
	// Least squares: the two overlap by cross.
	det := blocks*blocks - correlate.Power(t.cross)
	a0 := (y0*blocks - y1*t.cross) / complex(det, 0)
	a1 := (y1*blocks - y0*correlate.Conj(t.cross)) / complex(det, 0)
	p0, p1 := correlate.Power(a0)/(t.droop[0]*t.droop[0]), correlate.Power(a1)/(t.droop[1]*t.droop[1])
	if p0 > maxTwist*p1 || p1 > maxTwist*p0 {
		return 0
	}
	e := real(a0*correlate.Conj(y0)) + real(a1*correlate.Conj(y1))
	return accept(e/band, (p0+p1)*blocks, all)
}

// accept is the share of the band explained, or 0 if that, or the share of all energy, is too
// little.
func accept(share, power, all float32) float32 {
	// Block coefficients have Len/2 times a sine's amplitude.
	if share < minShare || power*2/correlate.Len < minAll*all {
		return 0
	}
	return share
}

func inner(x, turns *[blocks]complex64) (y complex64) {
	for m, v := range x {
		y += v * correlate.Conj(turns[m])
	}
	return y
}
