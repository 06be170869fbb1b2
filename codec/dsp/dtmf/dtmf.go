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
	past   = 2 // blocks that are kept from before the window
	room   = 32

	// gate is the least energy of a window that may hold a digit: both tones at their weakest,
	// a third of the window empty.
	gate = minAmplitude * minAmplitude * window * 2 / 3
)

var (
	rows     = [4]correlate.Probe{correlate.NewProbe(697), correlate.NewProbe(770), correlate.NewProbe(852), correlate.NewProbe(941)}
	columns  = [4]correlate.Probe{correlate.NewProbe(1209), correlate.NewProbe(1336), correlate.NewProbe(1477), correlate.NewProbe(1633)}
	dialTone = [2]correlate.Probe{correlate.NewProbe(350), correlate.NewProbe(440)}
	symbols  = [4]string{"123A", "456B", "789C", "*0#D"}

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

// moment is one block and what is known of it.
type moment struct {
	samples correlate.Block
	energy  float32
	folded  correlate.Folded // these are worked out when they are first needed
	column  [4]complex64
	row     [4]complex64
	done    work
}

// work is what has been worked out of a moment.
type work uint8

const (
	folded work = 1 << iota
	columnsDone
	rowsDone
)

// Detector hears the digits of one channel. It is not safe for concurrent use.
type Detector struct {
	cut correlate.Blocks
	pos pcm.Pos // of the next sample to come into a window

	// moments hold the window, which ends before at, and what came before it.
	moments  [room]moment
	at       int
	overDial bool
	press    press
}

// New makes a detector.
func New() *Detector {
	d := &Detector{}
	d.Reset()
	return d
}

// Reset forgets all audio; the next sample is position 0.
func (d *Detector) Reset() { *d = Detector{at: past + blocks - 1, press: press{digit: none}} }

// OverDialTone says whether to expect the tones 350 and 440 Hz under the digits, which the
// exchange stops some time after the first one began. What is heard then is less certain, so
// it should be said only where there is dial tone.
func (d *Detector) OverDialTone(expected bool) { d.overDial = expected }

// Step takes in samples and emits each digit once it is certain: about 30 ms after its start,
// or after its end if it was shorter.
func (d *Detector) Step(samples []int16, emit func(Digit)) {
	for b, rest := d.cut.Next(samples); b != nil; b, rest = d.cut.Next(rest) {
		d.block(b, emit)
	}
}

func (d *Detector) block(samples []int16, emit func(Digit)) {
	if d.at == room {
		d.at = copy(d.moments[:], d.moments[room-(past+blocks-1):])
	}
	m := &d.moments[d.at]
	m.samples.Load(samples)
	m.energy, m.done = m.samples.Energy(), 0
	d.at++
	d.pos += correlate.Len
	d.press.step(d, d.look(), emit)
}

// window is the newest blocks.
func (d *Detector) window() *[blocks]moment { return (*[blocks]moment)(d.moments[d.at-blocks:]) }

// energy is that of a block, counted back from the newest.
func (d *Detector) energy(back int) float32 { return d.moments[d.at-1-back].energy }

// sight is what one window showed.
type sight struct {
	digit     int8 // row*4+column, or none
	explained float32
}

const none = -1

// look is the first stage.
func (d *Detector) look() sight {
	w := d.window()
	e := w[0].energy + w[1].energy + w[2].energy
	if e < gate {
		return sight{digit: none}
	}
	// Shares are of the window's energy. A column 11 dB under its row holds 7 %; a frequency
	// 1.5 % off loses up to a third of that here.
	minShare, minBoth := float32(0.04), float32(0.4)
	if d.overDial {
		minShare, minBoth = 0.02, 0.15
	}
	columnsOf(w)
	c, cShare := best(w, &columnTurns, e, func(m *moment) *[4]complex64 { return &m.column })
	if cShare < minShare {
		return sight{digit: none}
	}
	rowsOf(w)
	r, rShare := best(w, &rowTurns, e, func(m *moment) *[4]complex64 { return &m.row })
	if rShare < minShare || rShare+cShare < minBoth {
		return sight{digit: none}
	}
	digit := int8(r*4 + c)
	if d.press.reported && d.press.digit == digit && rShare+cShare > goodEnough {
		return sight{digit: digit, explained: rShare + cShare} // a button held: no need to be exact
	}
	f := fit(w, &rows[r], &columns[c], rShare >= cShare, d.overDial)
	if !f.plausible() {
		return sight{digit: none}
	}
	return sight{digit: digit, explained: f.explained}
}

func columnsOf(w *[blocks]moment) {
	for i := range w {
		if m := &w[i]; m.done&columnsDone == 0 {
			m.fold()
			correlate.Four(&columns, &m.folded, &m.column)
			m.done |= columnsDone
		}
	}
}

func rowsOf(w *[blocks]moment) {
	for i := range w {
		if m := &w[i]; m.done&rowsDone == 0 {
			m.fold()
			correlate.Four(&rows, &m.folded, &m.row)
			m.done |= rowsDone
		}
	}
}

func (m *moment) fold() {
	if m.done&folded == 0 {
		m.folded.Fold(&m.samples)
		m.done |= folded
	}
}

// best is the strongest of four frequencies, and its share of the window's energy e.
func best(w *[blocks]moment, t *turns, e float32, of func(*moment) *[4]complex64) (index int, share float32) {
	var y [4]complex64
	for i := range w {
		for k, v := range of(&w[i]) {
			y[k] += v * t[k][i]
		}
	}
	for k, v := range y {
		if s := correlate.Power(v); s > share {
			index, share = k, s
		}
	}
	return index, share * 2 / (window * e)
}
