// Package correlate measures how much of a block of 8 kHz audio lies at given frequencies.
// The detectors of DTMF, supervisory tones and caller ID are all built on it.
package correlate

import "math"

// Rate is the only sample rate that the detectors know.
const Rate = 8000

// Len is how many samples a block holds: 5 ms.
const Len = 40

const half = Len / 2

// Block is a run of samples, in units of int16.
type Block [Len]float32

// Load converts samples, of which there must be Len.
func (b *Block) Load(samples []int16) {
	for i, s := range samples[:Len] {
		b[i] = float32(s)
	}
}

// Energy is the sum of squares.
func (b *Block) Energy() float32 {
	var e0, e1 float32
	for i := 0; i < Len; i += 2 {
		e0 += b[i] * b[i]
		e1 += b[i+1] * b[i+1]
	}
	return e0 + e1
}

// Folded is a block folded about its centre into an even and an odd half: it halves the work
// of every correlation that follows.
type Folded struct{ even, odd [half]float32 }

// Fold folds b into f.
func (f *Folded) Fold(b *Block) {
	for i := range half {
		late, early := b[half+i], b[half-1-i]
		f.even[i], f.odd[i] = late+early, late-early
	}
}

// Probe is a correlator at one frequency.
type Probe struct {
	// Omega is the frequency in radians per sample.
	Omega    float64
	cos, sin [half]float32
}

// NewProbe makes a correlator at a frequency in Hz.
func NewProbe(hz float64) Probe {
	p := Probe{Omega: 2 * math.Pi * hz / Rate}
	for i := range half {
		s, c := math.Sincos(p.Omega * (float64(i) + 0.5))
		p.cos[i], p.sin[i] = float32(c), float32(s)
	}
	return p
}

// Correlate is the block's Fourier coefficient at the probe's frequency, its phase taken at the
// centre of the block. A sine of amplitude a gives a magnitude of a*Len/2.
func (p *Probe) Correlate(f *Folded) complex64 {
	var re, im float32
	for i := range half {
		re += f.even[i] * p.cos[i]
		im -= f.odd[i] * p.sin[i]
	}
	return complex(re, im)
}

// Four is four probes in one loop, which takes little longer than one.
func Four(p *[4]Probe, f *Folded, out *[4]complex64) {
	var r0, r1, r2, r3, i0, i1, i2, i3 float32
	a, b, c, d := &p[0], &p[1], &p[2], &p[3]
	for i := range half {
		e, o := f.even[i], f.odd[i]
		r0 += e * a.cos[i]
		r1 += e * b.cos[i]
		r2 += e * c.cos[i]
		r3 += e * d.cos[i]
		i0 -= o * a.sin[i]
		i1 -= o * b.sin[i]
		i2 -= o * c.sin[i]
		i3 -= o * d.sin[i]
	}
	out[0], out[1], out[2], out[3] = complex(r0, i0), complex(r1, i1), complex(r2, i2), complex(r3, i3)
}

// Power is the square of z's magnitude.
func Power(z complex64) float32 { return real(z)*real(z) + imag(z)*imag(z) }

// Conj is the complex conjugate of z.
func Conj(z complex64) complex64 { return complex(real(z), -imag(z)) }

// Turn is the unit vector at angle a.
func Turn(a float64) complex64 {
	s, c := math.Sincos(a)
	return complex(float32(c), float32(s))
}
