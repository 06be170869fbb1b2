package linetest

import (
	"fmt"
	"math"
	"strings"
	"time"

	"linevault/daemon/link"
)

// What speech reaches on a line, in dBFS: the mean while somebody speaks. Telephone networks
// are planned for about -26 there, where 0 is a full-scale square wave; 12 dB to each side are as
// people and handsets differ. Below faint there is nobody on the leg, only what leaks into it.
const (
	nominal = -26
	quiet   = nominal - 12
	loud    = nominal + 12
	faint   = -52
	noisy   = -45 // of an idle line
)

// apart is how much louder, in dB, whoever speaks must be on their own leg than on the other.
const apart = 3

// enough is how much speech is judged.
const enough = 3 * time.Second

// speech is what was heard of one leg in one step.
type speech struct {
	blocks int // of link.Beat each, in which somebody spoke
	power  float64
}

func (s speech) length() time.Duration { return time.Duration(s.blocks) * link.Beat }

// level is the mean while somebody spoke, in dBFS.
func (s speech) level() float64 {
	if s.blocks == 0 {
		return faint - 40
	}
	return 10 * math.Log10(s.power/float64(s.blocks))
}

const (
	// hush is how long nobody may have spoken before a step listens: whoever spoke in the step before
	// goes on for a while after it has passed.
	hush = 10 // statuses: a second
	// listenAnyway is after how long it listens all the same, on a line that is never quiet.
	listenAnyway = 8 * time.Second
)

// hear takes in the levels of the line under test.
func (t *Test) hear(l link.LineState) {
	spoke := false
	for leg, v := range l.Levels {
		spoke = spoke || leg < len(t.legs) && v > t.floor(leg)
	}
	if t.quiet++; spoke {
		t.quiet = 0
	}
	if !t.listening {
		t.listening = t.quiet >= hush || t.Waited() >= listenAnyway
		return
	}
	for leg, v := range l.Levels {
		if leg < len(t.legs) && v > t.floor(leg) {
			t.legs[leg].blocks++
			t.legs[leg].power += math.Pow(10, v/10)
		}
	}
}

// floor is what a leg must rise above to be heard: its noise, and some.
func (t *Test) floor(leg int) float64 {
	limit := float64(faint)
	if leg < len(t.idle) {
		limit = max(limit, t.idle[leg]+8)
	}
	return limit
}

func decibels(v float64) string { return strings.Replace(fmt.Sprintf("%.0f dB", v), "-", "−", 1) }

// legNames are whose voices the legs carry, in the words of the pages.
var legNames = []string{"council side", "other side"}

// leg is a leg by name; a line whose parties are mixed has only one.
func (t *Test) leg(n int) string {
	if len(t.legs) == 1 {
		return "line"
	}
	return legNames[n]
}

// judge says whether a leg's level is right: wrong is empty if it is.
func (t *Test) level(leg int) (seen, wrong string) {
	v := t.legs[leg].level()
	seen = fmt.Sprintf("heard on the %s at %s", t.leg(leg), decibels(v))
	clipped := leg < len(t.last.Signs.Clipped) && leg < len(t.entered.Signs.Clipped) && t.last.Signs.Clipped[leg] > t.entered.Signs.Clipped[leg]+1
	switch {
	case clipped:
		return seen + ", distorted", "Too loud: the sound is cut off at its peaks. " + t.gain(leg, "down", max(6, v-nominal)) + again
	case v > loud:
		return seen + ", too loud", "Too loud. " + t.gain(leg, "down", v-nominal) + again
	case v < quiet:
		return seen + ", too quiet", "Too quiet. " + t.gain(leg, "up", nominal-v) + again
	}
	return seen + ", good", ""
}

const again = " Then try this step again."

// gain says which gain to turn, and how far.
func (t *Test) gain(leg int, way string, by float64) string {
	w := t.last.Wiring
	amount := fmt.Sprintf("by about %.0f dB", math.Abs(by))
	switch {
	case w.Kind == "pri":
		return fmt.Sprintf("A tap on ISDN has no gain: the level comes from the %s. Have it turned %s there %s, or speak nearer to the telephone.",
			[]string{"switchboard", "network"}[leg], way, amount)
	case leg < len(w.Channels):
		return fmt.Sprintf("Turn the input gain of channel %d of card %s %s %s.", w.Channels[leg], w.Card, way, amount)
	}
	return fmt.Sprintf("Turn the input gain of the %s %s %s.", t.leg(leg), way, amount)
}
