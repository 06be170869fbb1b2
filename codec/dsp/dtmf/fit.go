package dtmf

import (
	"math"

	"linevault/codec/dsp/internal/correlate"
)

// tone is one sinusoid of a window.
type tone struct {
	amplitude complex64 // its phase is at the window's centre
	omega     float64
	offset    float64 // relative to the nominal frequency
}

// fitted is a window explained as two tones.
type fitted struct {
	row, column tone
	explained   float32 // share of the window's energy
}

// plausible reports whether the two tones could come from a telephone's key pad.
func (f *fitted) plausible() bool {
	r, c := correlate.Power(f.row.amplitude), correlate.Power(f.column.amplitude)
	return min(r, c) >= minAmplitude*minAmplitude &&
		r <= maxTwist*c && c <= maxTwist*r &&
		math.Abs(f.row.offset) <= maxOffset && math.Abs(f.column.offset) <= maxOffset
}

// fit explains the window as a row and a column tone. Each tone is measured with the other one
// taken away, the stronger first, because 15 ms are too short to keep them apart otherwise.
func (d *Detector) fit(row, column *correlate.Probe, rowIsStronger bool) (f fitted) {
	strong, weak := &f.row, &f.column
	strongProbe, weakProbe := row, column
	if !rowIsStronger {
		strong, weak, strongProbe, weakProbe = weak, strong, column, row
	}
	heard := d.samples
	rounds := 2
	overloaded := overload(&heard)
	if overloaded {
		rounds = 8
	}
	*strong = measure(&heard, strongProbe)
	var rest heardWindow
	for range rounds {
		rest = heard
		strong.removeFrom(&rest)
		*weak = measure(&rest, weakProbe)
		if overloaded {
			weak.removeFrom(&rest)
			repair(&heard, &d.samples, &rest)
		}
		rest = heard
		weak.removeFrom(&rest)
		*strong = measure(&rest, strongProbe)
	}
	strong.removeFrom(&rest)
	var all, residual float32
	for m := range rest {
		all += heard[m].Energy()
		residual += rest[m].Energy()
	}
	f.explained = 1 - residual/all
	return f
}

// heardWindow is a window's samples.
type heardWindow = [blocks]correlate.Block

// overload reports whether a sample of x is as large as a sample can be.
func overload(x *heardWindow) bool {
	for m := range x {
		for _, v := range x[m] {
			if v > 32000 || v < -32000 {
				return true
			}
		}
	}
	return false
}

// repair undoes what too loud a sound did to x, given that the rest after the fit is rest: a
// sample at the rail is as high as the fit says, and one that went over the rail to the other
// side, as the tone generators of soft switches do, comes back.
func repair(heard, x, rest *heardWindow) {
	for m := range x {
		for i, v := range x[m] {
			fit := heard[m][i] - rest[m][i]
			switch {
			case v > 32700 && fit > v, v < -32700 && fit < v:
				v = fit
			case fit-v > 32768:
				v += 65536
			case v-fit > 32768:
				v -= 65536
			}
			heard[m][i] = v
		}
	}
}

// measure finds the tone near p. Its frequency follows from how the phase advances from block
// to block.
func measure(x *heardWindow, p *correlate.Probe) tone {
	var c [blocks]complex64
	for m := range x {
		var f correlate.Folded
		f.Fold(&x[m])
		c[m] = p.Correlate(&f)
	}
	var advance complex64
	for m := 1; m < blocks; m++ {
		advance += c[m] * correlate.Conj(c[m-1])
	}
	advance *= correlate.Turn(-p.Omega * correlate.Len)
	delta := math.Atan2(float64(imag(advance)), float64(real(advance))) / correlate.Len
	// What is too far off is refused by plausible; a smaller step keeps the fit near its tone.
	delta = min(max(delta, -0.04*p.Omega), 0.04*p.Omega)

	t := tone{omega: p.Omega + delta, offset: delta / p.Omega}
	turn := correlate.Turn(-t.omega * correlate.Len)
	sum := c[0]*correlate.Conj(turn) + c[1] + c[2]*turn
	// Off its own frequency a probe hears less: sin(x)/x, x = delta*Len/2.
	h := delta * correlate.Len / 2
	droop := 1 - h*h/6
	scale := float32(2 / (window * droop))
	t.amplitude = complex(real(sum)*scale, imag(sum)*scale)
	return t
}

// removeFrom takes the tone out of the window x.
func (t *tone) removeFrom(x *heardWindow) {
	step := correlate.Turn(t.omega)
	v := t.amplitude * correlate.Turn(-t.omega*(window-1)/2)
	re, im := real(v), imag(v)
	c, s := real(step), imag(step)
	for m := range x {
		b := &x[m]
		for i := range b {
			b[i] -= re
			re, im = re*c-im*s, re*s+im*c
		}
	}
}
