package dsp

import "math"

// The thresholds of Voice, in dB.
const (
	// VoiceOn is how far above the noise a sound must rise to be taken for speech.
	VoiceOn = 7
	// VoiceOff is how far above the noise it must stay.
	VoiceOff = 4
	// VoiceFloor is what speech reaches on the quietest line, in dBFS: anything below it is silence.
	VoiceFloor = -52
)

const (
	voiceBlocks = 50 // a second: blocks of 20 ms
	// voiceRise is how many loud blocks on end begin speech: clicks are shorter.
	voiceRise = 3
	// voiceHang is how many quiet blocks on end end it: 300 ms, the gaps between words.
	voiceHang = 15
	// voiceWindow is in how many windows of half a second the noise is sought: a sound as
	// steady as noise is for 5 s is noise.
	voiceWindow = 10
)

// Voice tells whether somebody speaks on one leg. It looks at the band from 300 to 2200 Hz,
// which hum and hiss have little of, in blocks of 20 ms, and takes the quietest of the last
// 5 s for the noise of the line. It takes 60 ms to say that speech began and 300 ms that it
// ended.
type Voice struct {
	lag   int // samples in 125 us
	block int // samples in 20 ms
	past  [8]int16

	energy int64
	filled int

	smooth  float64 // power of a block, over some of them
	noise   float64 // power
	windows [voiceWindow]float64
	current float64 // the quietest of the window that is not complete
	blocks  int     // in that window
	next    int

	loud, quiet int // blocks on end
	active      bool
}

// NewVoice makes a detector for a leg at 8 or 16 kHz.
func NewVoice(rate int) *Voice {
	v := &Voice{lag: max(1, min(2, rate/8000)), block: rate / voiceBlocks, current: math.Inf(1)}
	// Until it has heard more, it takes the line for a quiet one.
	v.noise = power(VoiceFloor - VoiceOn)
	for i := range v.windows {
		v.windows[i] = v.noise
	}
	return v
}

// power is the mean square that stands for a level in dBFS, in the units of the band filter,
// which doubles amplitudes twice in the middle of its band.
func power(level float64) float64 { return 8 * fullScale * math.Pow(10, level/10) }

var (
	voiceOn    = math.Pow(10, VoiceOn/10.)
	voiceOff   = math.Pow(10, VoiceOff/10.)
	voiceFloor = power(VoiceFloor)
)

// Step takes in the next samples of the leg, as many as there are, and says whether somebody
// speaks at their end.
func (v *Voice) Step(samples []int16) (active bool) {
	for len(samples) > 0 {
		n := min(len(samples), v.block-v.filled)
		v.measure(samples[:n])
		samples = samples[n:]
		if v.filled == v.block {
			v.judge(float64(v.energy) / float64(v.block))
			v.energy, v.filled = 0, 0
		}
	}
	return v.active
}

// measure adds the energy of samples behind the band filter (1+z^-1)(1-z^-3) at 8 kHz: it has
// zeros at 0, 2667 and 4000 Hz and takes 23 dB off 50 Hz.
func (v *Voice) measure(samples []int16) {
	v.filled += len(samples)
	n := 4 * v.lag
	head := min(n, len(samples))
	var joint [16]int16
	copy(joint[:], v.past[8-n:])
	copy(joint[n:], samples[:head])
	v.energy += band(joint[:n+head], v.lag)
	if len(samples) > n {
		v.energy += band(samples, v.lag)
	}
	if len(samples) >= n {
		copy(v.past[8-n:], samples[len(samples)-n:])
		return
	}
	copy(v.past[:], v.past[head:])
	copy(v.past[8-head:], samples)
}

// band is the energy of all but the first four lags of s.
func band(s []int16, lag int) int64 {
	var sum int64
	a := s[4*lag:]
	b, c, d := s[3*lag:][:len(a)], s[lag:][:len(a)], s[:len(a)]
	for i := range a {
		y := int64(int32(a[i]) + int32(b[i]) - int32(c[i]) - int32(d[i]))
		sum += y * y
	}
	return sum
}

// judge takes in the mean power of a block.
func (v *Voice) judge(p float64) {
	v.smooth += (p - v.smooth) / 3
	v.learn(v.smooth)
	limit := max(v.noise*voiceOn, voiceFloor)
	if v.active {
		limit *= voiceOff / voiceOn
	}
	if p > limit {
		v.loud, v.quiet = v.loud+1, 0
	} else {
		v.loud, v.quiet = 0, v.quiet+1
	}
	switch {
	case v.loud >= voiceRise:
		v.active = true
	case v.quiet >= voiceHang:
		v.active = false
	}
}

// learn keeps the noise up to date: the quietest of the last windows.
func (v *Voice) learn(p float64) {
	v.current = min(v.current, p)
	v.noise = min(v.noise, p)
	if v.blocks++; v.blocks < voiceBlocks/2 {
		return
	}
	v.windows[v.next] = v.current
	v.next = (v.next + 1) % voiceWindow
	v.current, v.blocks = math.Inf(1), 0
	v.noise = v.windows[0]
	for _, w := range v.windows[1:] {
		v.noise = min(v.noise, w)
	}
}
