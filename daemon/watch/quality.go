package watch

import (
	"fmt"
	"math"
)

// What is usual, measured on the speech of Debian's sound packages at the levels that they come in and 30 dB below;
// DESIGN.md has the figures.
const (
	loudShare   = 0.05  // speech is louder than what 5 % of blocks are above, less below
	softShare   = 0.9   // and what 90 % of blocks are above is the noise between words
	peakShare   = 0.005 // what 0.5 % of blocks are above is the loudest of a call
	liveliness  = 12    // dB from noise to speech
	steadiness  = 8     // dB from the usual to the loudest, where nothing is heard
	inaudible   = -66   // dBFS
	faint       = -45   // dBFS: steady sound below it is noise or hum
	below       = 15    // dB: how much below its loudest there is speech
	tooQuiet    = -40   // dBFS, of blocks with speech
	loudAgain   = -38
	clipSamples = 3           // in 20 ms: speech may touch the ceiling
	tooClipped  = 0.05        // of blocks with speech
	enough      = 20 * blocks // of speech, to judge its level by
	spoke       = 10 * blocks // of speech, to expect the other party to be heard
	flatSpoke   = 30 * blocks // of speech, over which a leg without even noise is dead
	deafCalls   = 3
)

// judge judges the call that is over. The caller holds mu.
func (e *Ear) judge() {
	talk := make([]int, len(e.legs))
	for i, l := range e.legs {
		n, power := l.talk()
		talk[i] = n
		l.spoken, l.speech, l.clipped = l.spoken+n, l.speech+power, l.clipped+l.top
		if l.spoken >= enough {
			e.level(i, 10*math.Log10(l.speech/float64(l.spoken)), float64(l.clipped)/float64(l.spoken))
			l.spoken, l.speech, l.clipped = 0, 0, 0
		}
	}
	if len(e.legs) == 2 {
		e.oneLegged(0, talk[1])
		e.oneLegged(1, talk[0])
	}
}

// oneLegged judges whether a leg had sound, where the other party spoke for so many blocks.
func (e *Ear) oneLegged(i, other int) {
	l := e.legs[i]
	what := fmt.Sprintf("leg %d dead", i)
	switch {
	case !l.dead():
		l.deaf = 0
		e.alarm(false, what, "")
	case other < spoke:
	default:
		l.deaf++
		flat := l.above(peakShare) <= -(levels-2) && other >= flatSpoke
		if l.deaf >= deafCalls || flat {
			e.alarm(true, what, fmt.Sprintf(
				"%s is not heard on %s, while the other side is: only one party is recorded; check the wiring of that pair, or the receiver of that direction",
				e.side(i), e.name))
		}
	}
}

// level judges how loud a leg's speech is.
func (e *Ear) level(i int, db, clipped float64) {
	switch {
	case db < tooQuiet:
		e.alarm(true, fmt.Sprintf("leg %d quiet", i), fmt.Sprintf(
			"%s on %s is too quiet, %.0f dB where -26 to -18 is usual: turn up the input's gain, or check the wiring of that pair", e.side(i), e.name, db))
	case db > loudAgain:
		e.alarm(false, fmt.Sprintf("leg %d quiet", i), "")
	}
	switch {
	case clipped > tooClipped:
		e.alarm(true, fmt.Sprintf("leg %d clips", i), fmt.Sprintf(
			"%s on %s is too loud and distorted, in %.0f %% of what is said: turn down the input's gain", e.side(i), e.name, 100*clipped))
	case clipped < tooClipped/2:
		e.alarm(false, fmt.Sprintf("leg %d clips", i), "")
	}
}

// side is whose voice a leg carries.
func (e *Ear) side(i int) string {
	switch {
	case len(e.legs) == 1:
		return "speech"
	case i == 0:
		return "the council’s side"
	}
	return "the other side"
}
