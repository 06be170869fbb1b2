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
// Zero comes first.
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
		t := &k.tries[i]
		e, power := t.energy(x, len(k.hz))
		if i == 0 && e < minTry*band {
			return 0
		}
		// A block's coefficient has Len/2 times a sine's amplitude.
		if e >= minShare*band && power*2/correlate.Len >= minAll*all {
			most = max(most, e/band)
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
	// minTry is how much of the band the tones must explain for a frequency error to be
	// sought: 2 % leave 0.57 of a tone.
	minTry = 0.4
	// maxTwist is the most that the powers of a pair may differ: 10 dB.
	maxTwist = 10
)

// energy is how much of the band's energy the try's tones explain, and what power they have in
// all, were they at the centre of the band. Both are 0 for a pair of too unlike tones.
func (t *try) energy(x *[blocks]complex64, tones int) (e, power float32) {
	y0 := inner(x, &t.turns[0])
	if tones == 1 {
		e = correlate.Power(y0) / blocks
		return e, e / (t.droop[0] * t.droop[0])
	}
	y1 := inner(x, &t.turns[1])
	// Least squares: the two overlap by cross.
	det := 1 / (blocks*blocks - correlate.Power(t.cross))
	a0 := scale(y0*blocks-y1*t.cross, det)
	a1 := scale(y1*blocks-y0*correlate.Conj(t.cross), det)
	p0, p1 := correlate.Power(a0)/(t.droop[0]*t.droop[0]), correlate.Power(a1)/(t.droop[1]*t.droop[1])
	if p0 > maxTwist*p1 || p1 > maxTwist*p0 {
		return 0, 0
	}
	e = real(a0)*real(y0) + imag(a0)*imag(y0) + real(a1)*real(y1) + imag(a1)*imag(y1)
	return e, (p0 + p1) * blocks
}

func scale(z complex64, f float32) complex64 { return complex(real(z)*f, imag(z)*f) }

// inner is the inner product of x and turns.
func inner(x, turns *[blocks]complex64) complex64 {
	var re, im float32
	for m, v := range x {
		t := turns[m]
		re += real(v)*real(t) + imag(v)*imag(t)
		im += imag(v)*real(t) - real(v)*imag(t)
	}
	return complex(re, im)
}
