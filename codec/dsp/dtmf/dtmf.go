// Package dtmf hears push-button digits (ITU-T Q.23, Q.24) in 8 kHz speech-band audio.
//
// It works in two stages. Every 5 ms it asks cheaply whether one row and one column frequency
// hold about half of the energy of the last 15 ms. If so it fits the two tones exactly, their
// frequencies left free, and takes what the fit does not explain as the measure of doubt.
package dtmf

import (
	"linevault/codec/dsp/internal/correlate"
	"linevault/codec/pcm"
)

// Digit is one press of a button.
type Digit struct {
	At     pcm.Pos // where the tone begins, counted from the first sample after New or Reset
	Symbol byte    // one of 0-9 A-D * #
}

// Limits of what counts as a digit. Q.24 asks for +-1.5 % to be taken and +-3.5 % to be
// refused, and for levels down to about -25 dBm; taps are weaker than exchanges, so ours
// reach further down.
const (
	minAmplitude = 110   // of each tone, in int16 units: -46 dBm0
	maxTwist     = 13    // ratio of the tones' powers, either way: 11 dB
	maxOffset    = 0.024 // of each tone, relative
)

const (
	blocks = 3 // in the window that is looked at
	window = blocks * correlate.Len
	past   = 3 // blocks of energy remembered from before the window

	// gate is the least energy of a window that may hold a digit: both tones at their weakest,
	// a third of the window empty.
	gate = minAmplitude * minAmplitude * window * 2 / 3
)

var (
	rows    = [4]correlate.Probe{correlate.NewProbe(697), correlate.NewProbe(770), correlate.NewProbe(852), correlate.NewProbe(941)}
	columns = [4]correlate.Probe{correlate.NewProbe(1209), correlate.NewProbe(1336), correlate.NewProbe(1477), correlate.NewProbe(1633)}
	symbols = [4]string{"123A", "456B", "789C", "*0#D"}

	rowTurns    = turnsOf(&rows)
	columnTurns = turnsOf(&columns)
)

// turns bring the coefficients of a window's blocks to a common phase, the middle block's.
type turns [4][blocks]complex64

func turnsOf(p *[4]correlate.Probe) (t turns) {
	for k := range p {
		for m := range blocks {
			t[k][m] = correlate.Turn(-p[k].Omega * correlate.Len * float64(m-1))
		}
	}
	return t
}

// Detector hears the digits of one channel. It is not safe for concurrent use.
type Detector struct {
	pending [correlate.Len]int16
	filled  int
	pos     pcm.Pos // of the next sample to come into a window

	samples [blocks]correlate.Block
	folded  [blocks]correlate.Folded
	energy  [past + blocks]float32
	column  [blocks][4]complex64
	row     [blocks][4]complex64
	hasCol  [blocks]bool
	hasRow  [blocks]bool

	press press
}

// New makes a detector.
func New() *Detector {
	d := &Detector{}
	d.Reset()
	return d
}

// Reset forgets all audio; the next sample is position 0.
func (d *Detector) Reset() { *d = Detector{press: press{digit: none}} }

// Step takes in samples and emits each digit once it is certain: about 30 ms after its start,
// or after its end if it was shorter.
func (d *Detector) Step(samples []int16, emit func(Digit)) {
	for len(samples) > 0 {
		if d.filled == 0 && len(samples) >= correlate.Len {
			d.block(samples, emit)
			samples = samples[correlate.Len:]
			continue
		}
		n := copy(d.pending[d.filled:], samples)
		d.filled, samples = d.filled+n, samples[n:]
		if d.filled == correlate.Len {
			d.filled = 0
			d.block(d.pending[:], emit)
		}
	}
}

func (d *Detector) block(samples []int16, emit func(Digit)) {
	copy(d.samples[:], d.samples[1:])
	copy(d.folded[:], d.folded[1:])
	copy(d.energy[:], d.energy[1:])
	copy(d.column[:], d.column[1:])
	copy(d.row[:], d.row[1:])
	copy(d.hasCol[:], d.hasCol[1:])
	copy(d.hasRow[:], d.hasRow[1:])
	const last = blocks - 1
	b := &d.samples[last]
	b.Load(samples)
	d.energy[past+last] = b.Energy()
	d.hasCol[last], d.hasRow[last] = false, false
	d.pos += correlate.Len
	d.press.step(d, d.look(), emit)
}

// sight is what one window showed.
type sight struct {
	digit     int8 // row*4+column, or none
	explained float32
}

const none = -1

// look is the first stage.
func (d *Detector) look() sight {
	var e float32
	for _, v := range d.energy[past:] {
		e += v
	}
	if e < gate {
		return sight{digit: none}
	}
	// Shares are of the window's energy. A column 11 dB under its row holds 7 %; a frequency
	// 1.5 % off loses up to a third of that here.
	const minShare, minBoth = 0.04, 0.4
	c, cShare := best(&columns, &columnTurns, d.folds(&d.column, &d.hasCol, &columns), e)
	if cShare < minShare {
		return sight{digit: none}
	}
	r, rShare := best(&rows, &rowTurns, d.folds(&d.row, &d.hasRow, &rows), e)
	if rShare < minShare || rShare+cShare < minBoth {
		return sight{digit: none}
	}
	f := d.fit(&rows[r], &columns[c], rShare >= cShare)
	if !f.plausible() {
		return sight{digit: none}
	}
	return sight{digit: int8(r*4 + c), explained: f.explained}
}

// folds makes sure that all blocks of the window have been correlated with p.
func (d *Detector) folds(at *[blocks][4]complex64, has *[blocks]bool, p *[4]correlate.Probe) *[blocks][4]complex64 {
	for m := range blocks {
		if has[m] {
			continue
		}
		if !d.hasCol[m] && !d.hasRow[m] {
			d.folded[m].Fold(&d.samples[m])
		}
		correlate.Four(p, &d.folded[m], &at[m])
		has[m] = true
	}
	return at
}

// best is the strongest of four frequencies, and its share of the window's energy e.
func best(p *[4]correlate.Probe, t *turns, x *[blocks][4]complex64, e float32) (index int, share float32) {
	for k := range p {
		var y complex64
		for m := range blocks {
			y += x[m][k] * t[k][m]
		}
		if s := correlate.Power(y); s > share {
			index, share = k, s
		}
	}
	return index, share * 2 / (window * e)
}
