package dtmf

import (
	"linevault/codec/pcm"
)

// When a run of windows that show one digit is that digit. Speech fits two tones at the right
// places for 20 ms now and then, but not for longer, nor alone between silences; the figures
// are set by what hours of speech left over.
const (
	goodEnough = 0.70   // least explained energy of a window that counts
	longRun    = 5      // windows: 35 ms of tone
	longMean   = 0.85   // least mean of explained energy over such a run,
	perWindow  = 0.0125 // less this for each further window,
	leastMean  = 0.77   // and never less than this
	shortBest  = 0.90   // a shorter run is a digit if one window was this good and it stood alone
	alone      = 0.1    // energy beside a short digit, relative to the digit's
	endOfPress = 5      // windows without the digit that end it: 10 ms of break do not, 25 ms do
)

// press is the digit that is being heard, if any.
type press struct {
	digit    int8
	at       pcm.Pos
	good     int // windows
	missed   int // windows since the last good one
	sum      float32
	best     float32
	power    float32 // energy per block of the best window
	before   float32 // most energy of the blocks just before
	reported bool
}

// step takes what the newest window showed.
func (p *press) step(d *Detector, s sight, emit func(Digit)) {
	if s.digit == none || s.explained < goodEnough {
		p.miss(d, emit)
		return
	}
	if s.digit != p.digit {
		p.close(d, emit)
		*p = press{digit: s.digit, at: d.pos - window, before: max(d.energy(blocks), d.energy(blocks+1))}
	}
	p.missed = 0
	p.good++
	p.sum += s.explained
	if s.explained > p.best {
		p.best = s.explained
		p.power = (d.energy(0) + d.energy(1) + d.energy(2)) / blocks
	}
	need := max(leastMean, longMean-perWindow*float32(p.good-longRun))
	if p.good >= longRun && p.sum >= need*float32(p.good) {
		p.report(emit)
	}
}

func (p *press) miss(d *Detector, emit func(Digit)) {
	if p.digit == none {
		return
	}
	p.missed++
	if p.missed >= endOfPress {
		p.close(d, emit)
	}
}

// close ends the press; a short one that stood alone is reported now.
func (p *press) close(d *Detector, emit func(Digit)) {
	after := d.energy(0)
	if p.missed >= endOfPress && p.best >= shortBest &&
		p.before <= alone*p.power && after <= alone*p.power {
		p.report(emit)
	}
	*p = press{digit: none}
}

func (p *press) report(emit func(Digit)) {
	if p.reported {
		return
	}
	p.reported = true
	emit(Digit{At: max(0, p.at), Symbol: symbols[p.digit/4][p.digit%4]})
}
