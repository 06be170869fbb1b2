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

// fit explains the window as a row and a column tone, and dial tone where that is expected.
// Each tone is measured with the others taken away, round after round, because 15 ms are too
// short to keep them apart otherwise.
func fit(w *[blocks]moment, row, column *correlate.Probe, rowIsStronger, overDial bool) fitted {
	var tones [4]tone
	probes := [4]*correlate.Probe{column, row, &dialTone[0], &dialTone[1]}
	r, c := 1, 0
	if rowIsStronger {
		probes[0], probes[1], r, c = row, column, 0, 1
	}
	n, rounds := 2, 3
	if overDial {
		n, rounds = 4, 6
	}
	var heard heardWindow
	for m := range w {
		heard[m] = w[m].samples
	}
	original := heard
	overloaded := overload(&heard)
	if overloaded {
		rounds = 8
	}
	rest := heard
	for range rounds {
		for i := range n {
			tones[i].addTo(&rest, +1)
			tones[i] = measure(&rest, probes[i])
			tones[i].addTo(&rest, -1)
		}
		if overloaded {
			repair(&heard, &rest, &original)
		}
	}
	residual := energy(&rest)
	tones[0].addTo(&rest, +1)
	tones[1].addTo(&rest, +1)
	return fitted{row: tones[r], column: tones[c], explained: 1 - residual/energy(&rest)}
}

func energy(x *heardWindow) (e float32) {
	for m := range x {
		e += x[m].Energy()
	}
	return e
}

// heardWindow is the samples of a window.
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

// repair undoes what too loud a sound did to the samples x. A sample at the rail is as high as
// the fit says; one that went over the rail to the other side, as the tone generators of soft
// switches let it, comes back. What is repaired changes in heard and in rest, which is heard
// without the fit.
func repair(heard, rest, x *heardWindow) {
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
			heard[m][i], rest[m][i] = v, v-fit
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

// addTo adds the tone, times sign, to the window x.
func (t *tone) addTo(x *heardWindow, sign float32) {
	if t.amplitude == 0 {
		return
	}
	// Four samples at a time: each lane turns by four samples' phase, so that no lane waits
	// for another.
	const lanes = 4
	step := correlate.Turn(t.omega * lanes)
	c, s := real(step), imag(step)
	var re, im [lanes]float32
	for i := range lanes {
		v := t.amplitude * correlate.Turn(t.omega*(float64(i)-(window-1)/2.))
		re[i], im[i] = sign*real(v), sign*imag(v)
	}
	for m := range x {
		b := &x[m]
		for i := 0; i < correlate.Len; i += lanes {
			for k := range lanes {
				b[i+k] += re[k]
				re[k], im[k] = re[k]*c-im[k]*s, re[k]*s+im[k]*c
			}
		}
	}
}
