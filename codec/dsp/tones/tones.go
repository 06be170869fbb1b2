// Package tones hears a telephone network's supervisory tones in 8 kHz speech-band audio and
// tells them apart by frequency and cadence.
package tones

import (
	"time"

	"linevault/codec/dsp/internal/correlate"
	"linevault/codec/pcm"
)

// Tone is one presence of a supervisory tone: all its bursts together.
type Tone struct {
	At   pcm.Pos // where the first burst that showed the cadence begins, counted from New or Reset
	Name string  // as in UK
}

// Signal is a supervisory tone's definition.
type Signal struct {
	Name string
	Hz   []float64 // one or two
	// Cadence is how long the tone is on, off, on, ... before it repeats; a continuous tone has
	// just the time after which it is certain.
	Cadence []time.Duration
}

// UK are the tones of the United Kingdom (BT SIN 350, BS 6305).
var UK = []Signal{
	{Name: "dial", Hz: []float64{350, 440}, Cadence: ms(300)},
	{Name: "ringback", Hz: []float64{400, 450}, Cadence: ms(400, 200, 400, 2000)},
	{Name: "busy", Hz: []float64{400}, Cadence: ms(375, 375)},
	{Name: "congestion", Hz: []float64{400}, Cadence: ms(400, 350, 225, 525)},
	{Name: "unobtainable", Hz: []float64{400}, Cadence: ms(1000)},
}

func ms(d ...time.Duration) []time.Duration {
	for i := range d {
		d[i] *= time.Millisecond
	}
	return d
}

func (s *Signal) continuous() bool { return len(s.Cadence) == 1 }

const (
	hop    = 2  // blocks between two looks: 10 ms
	blocks = 10 // in the window: 50 ms, which parts tones 50 Hz from each other
	length = blocks * correlate.Len
	centre = 400 // Hz, the middle of the band of 300 to 500 Hz that a block's coefficient spans

	// gate is the least energy of a window with a tone: RMS -48 dBm0 in int16 units.
	gate = 4200 * length
)

var probe = correlate.NewProbe(centre)

// Detector hears the tones of one channel. It is not safe for concurrent use.
type Detector struct {
	cut correlate.Blocks
	pos pcm.Pos // samples that have come into windows

	energy [blocks]float32
	band   [blocks]complex64 // what each block holds about centre
	since  int               // blocks since the last look

	kinds   []kind
	signals []Signal
	cadence cadence
}

// New makes a detector of the given signals, of which there may be any number.
func New(signals []Signal) *Detector {
	d := &Detector{signals: signals, kinds: kindsOf(signals)}
	d.Reset()
	return d
}

// Reset forgets all audio; the next sample is position 0.
func (d *Detector) Reset() {
	*d = Detector{signals: d.signals, kinds: d.kinds, cadence: cadence{name: silent}}
}

// Present is the tone that is there now, if it has been emitted, or empty.
func (d *Detector) Present() string {
	if d.cadence.reported == 0 {
		return ""
	}
	return d.signals[d.cadence.reported-1].Name
}

// Step takes in samples and emits each tone once for as long as it goes on, when its cadence is
// certain.
func (d *Detector) Step(samples []int16, emit func(Tone)) {
	for b, rest := d.cut.Next(samples); b != nil; b, rest = d.cut.Next(rest) {
		d.block(b, emit)
	}
}

func (d *Detector) block(samples []int16, emit func(Tone)) {
	copy(d.energy[:], d.energy[1:])
	copy(d.band[:], d.band[1:])
	var b correlate.Block
	b.Load(samples)
	e := b.Energy()
	d.energy[blocks-1], d.band[blocks-1] = e, 0
	if e > gate/length*correlate.Len/4 {
		var f correlate.Folded
		f.Fold(&b)
		d.band[blocks-1] = probe.Correlate(&f)
	}
	d.pos += correlate.Len
	d.since++
	if d.since == hop {
		d.since = 0
		d.cadence.step(d, d.look(), emit)
	}
}
