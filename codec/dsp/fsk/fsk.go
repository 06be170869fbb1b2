// Package fsk hears caller identity sent as tones before or between rings: ITU-T V.23 as BT and
// ETSI use it (SIN 227, EN 300 659-1), and Bell 202.
//
// The two differ by 100 Hz a tone. A message begins with at least 45 ms of mark; which tone that
// is says which of the two follows. Until a mark is heard, nothing is demodulated.
package fsk

import (
	"linevault/codec/dsp/internal/correlate"
	"linevault/codec/pcm"
)

// Received is a caller identity and where it was heard.
type Received struct {
	At pcm.Pos // where the transmission begins, counted from the first sample after New or Reset
	Caller
}

const (
	// gate is the least energy of a block that may hold a mark, after the filter: about -48 dBm0.
	gate = 9000 * correlate.Len
	// check is how many blocks lie between two looks for a mark: 10 ms.
	check = 2
	// marks is how many looks in a row must see a mark; the shortest, 45 ms, holds four.
	marks = 2
	// minMark is the least share of a block's energy near 1250 Hz. A clean mark of either
	// standard has 0.81 there.
	minMark = 0.55
	// history is how many looks back the start of a transmission is sought: 640 ms.
	history = 64
)

var (
	betweenMarks = correlate.NewProbe(1250)
	markProbes   = [len(standards)]correlate.Probe{
		correlate.NewProbe(standards[v23].mark), correlate.NewProbe(standards[bell202].mark),
	}
)

// Detector hears caller identity on one channel. It is not safe for concurrent use.
type Detector struct {
	cut    correlate.Blocks
	pos    pcm.Pos // samples looked at
	before [2]float32
	blocks int

	seen   int // looks in a row that saw a mark
	power  [len(standards)]float32
	levels [history]float32 // energy of the blocks looked at, the newest last

	modem modem
}

// New makes a detector.
func New() *Detector { return &Detector{} }

// Reset forgets all audio; the next sample is position 0.
func (d *Detector) Reset() { *d = Detector{} }

// Step takes in samples and emits each caller identity once its checksum has been found right.
func (d *Detector) Step(samples []int16, emit func(Received)) {
	for b, rest := d.cut.Next(samples); b != nil; b, rest = d.cut.Next(rest) {
		d.block(b, emit)
	}
}

func (d *Detector) block(samples []int16, emit func(Received)) {
	d.pos += correlate.Len
	d.blocks++
	if d.modem.on || d.blocks%check == 0 {
		b := d.filter(samples)
		if d.modem.on {
			d.modem.step(&b, emit)
		} else {
			d.look(&b)
		}
	}
	d.before = [2]float32{float32(samples[correlate.Len-2]), float32(samples[correlate.Len-1])}
}

// filter takes the difference of samples two apart, which all but removes hum and the low half
// of speech, and lifts the tones by 4 to 6 dB.
func (d *Detector) filter(samples []int16) (b correlate.Block) {
	b[0], b[1] = float32(samples[0])-d.before[0], float32(samples[1])-d.before[1]
	for i := 2; i < correlate.Len; i++ {
		b[i] = float32(int32(samples[i]) - int32(samples[i-2]))
	}
	return b
}

// look seeks a mark and, when there is one, starts the modem.
func (d *Detector) look(b *correlate.Block) {
	e := b.Energy()
	copy(d.levels[:], d.levels[1:])
	d.levels[history-1] = e
	if !d.mark(b, e) {
		d.seen, d.power = 0, [len(standards)]float32{}
		return
	}
	d.seen++
	if d.seen < marks {
		return
	}
	s := v23
	if d.power[bell202] > d.power[v23] {
		s = bell202
	}
	d.modem.start(s, e, max(0, d.pos-d.duration(e)))
	d.seen, d.power = 0, [len(standards)]float32{}
}

func (d *Detector) mark(b *correlate.Block, e float32) bool {
	if e < gate {
		return false
	}
	var f correlate.Folded
	f.Fold(b)
	if correlate.Power(betweenMarks.Correlate(&f))*2/correlate.Len < minMark*e {
		return false
	}
	for i := range markProbes {
		d.power[i] += correlate.Power(markProbes[i].Correlate(&f))
	}
	return true
}

// duration is for how long the level has been what it is now, within 6 dB.
func (d *Detector) duration(e float32) pcm.Pos {
	n := 0
	for n < history && d.levels[history-1-n] > e/4 && d.levels[history-1-n] < 4*e {
		n++
	}
	return pcm.Pos(n * check * correlate.Len)
}
