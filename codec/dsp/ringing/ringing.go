// Package ringing hears ringing current on a tapped line, where the tap lets any of it through. Ringing
// is about 25 Hz in the United Kingdom, some 40 dB stronger than speech: below the telephone band, so
// what is left of it depends on the tap. A transformer and a sound card weaken it, and often clip it
// into a row of odd harmonics; a tap that passes nothing below 300 Hz passes none of it.
//
// What remains has a period of 23 to 62 ms (16 to 43 Hz) and, ringing being the same up and down, is
// its own opposite after half of it. No voice, tone or mains hum is both.
package ringing

import (
	"math"

	"linevault/codec/pcm"
)

// Burst is one burst of ringing.
type Burst struct {
	At pcm.Pos // where it begins, give or take a step, counted from New or Reset
}

const (
	decimate = 16        // 8 kHz to 500 Hz
	window   = 80        // samples at 500 Hz: 160 ms
	step     = 20        // between two looks: 40 ms
	shortest = 4         // lags: 8 ms, the shortest period that is looked for, to rule it out
	fastest  = 12        // 24 ms: 42 Hz
	slowest  = 31        // 62 ms: 16 Hz
	periodic = 0.85      // how alike ringing is after a period
	opposite = -0.6      // and after half of one
	gate     = 160 * 160 // mean square of what is left of ringing: -46 dBFS
	sure     = 4         // looks on end that make a burst
	looksOff = 3         // looks on end without ringing that end it
)

// Detector hears the ringing of one channel at 8 kHz. It is not safe for concurrent use.
type Detector struct {
	sum    int32 // of the samples of the next one at 500 Hz
	filled int
	before float32 // the last one of 16 samples
	past   [window]float32
	have   int // in past, no more than window
	since  int
	pos    pcm.Pos // samples taken in

	on, off int // looks on end
	burst   bool
}

// New makes a detector.
func New() *Detector { return &Detector{} }

// Reset forgets all audio; the next sample is position 0.
func (d *Detector) Reset() { *d = Detector{} }

// Present reports whether a burst is under way.
func (d *Detector) Present() bool { return d.burst }

// Step takes in samples and emits each burst once it is certain, about 0.3 s after it began.
func (d *Detector) Step(samples []int16, emit func(Burst)) {
	for _, v := range samples {
		d.sum += int32(v)
		if d.filled++; d.filled < decimate {
			continue
		}
		s := float32(d.sum) / decimate
		d.sum, d.filled = 0, 0
		d.pos += decimate
		d.take((s+d.before)/2, emit)
		d.before = s
	}
}

func (d *Detector) take(v float32, emit func(Burst)) {
	copy(d.past[:], d.past[1:])
	d.past[window-1] = v
	d.have = min(d.have+1, window)
	if d.since++; d.since < step || d.have < window {
		return
	}
	d.since = 0
	if !d.rings() {
		d.on = 0
		if d.off++; d.off >= looksOff {
			d.burst = false
		}
		return
	}
	d.off = 0
	if d.on++; d.on == sure && !d.burst {
		d.burst = true
		emit(Burst{At: max(0, d.pos-decimate*(window*3/4+(sure-1)*step))})
	}
}

// rings looks at the window: is its shortest period that of ringing, and half of it the opposite?
func (d *Detector) rings() bool {
	var mean, energy float32
	for _, v := range d.past {
		mean += v / window
	}
	var x [window]float32
	for i, v := range d.past {
		x[i] = v - mean
		energy += x[i] * x[i]
	}
	if energy < gate*window {
		return false
	}
	for lag := shortest; lag <= slowest; lag++ {
		if !d.peaks(&x, lag) {
			continue
		}
		return lag >= fastest && min(like(&x, lag/2), like(&x, (lag+1)/2)) < opposite
	}
	return false
}

// peaks reports whether a lag is a period: alike, and no less so than its neighbours. A slow wave is
// like itself at small lags, too, and that is none.
func (d *Detector) peaks(x *[window]float32, lag int) bool {
	r := like(x, lag)
	return r >= periodic && r >= like(x, lag-1) && r >= like(x, lag+1)
}

// like is the correlation of x with itself lag samples later.
func like(x *[window]float32, lag int) float32 {
	var ab, aa, bb float32
	for i := range window - lag {
		a, b := x[i], x[i+lag]
		ab, aa, bb = ab+a*b, aa+a*a, bb+b*b
	}
	if aa*bb == 0 {
		return 0
	}
	return ab / float32(math.Sqrt(float64(aa*bb)))
}
