package linetest

import (
	"fmt"

	"linevault/codec/pcm"
)

func nearHeard(t *Test) verdict {
	t.company.talking = true
	return t.heard(int(pcm.Near))
}

func farHeard(t *Test) verdict {
	if len(t.legs) == 1 {
		return t.heard(0)
	}
	return t.heard(int(pcm.Far))
}

// heard judges the step in which whoever is on one leg speaks and the other is silent.
func (t *Test) heard(leg int) verdict {
	own := t.legs[leg]
	if over := t.callOver(); over != "" && own.blocks == 0 {
		return verdict{wrong: over}
	}
	if len(t.legs) > 1 {
		if other := t.legs[1-leg]; other.length() >= enough && other.level() >= own.level()+apart {
			return verdict{
				seen:  fmt.Sprintf("%s at %s, %s at %s", t.leg(leg), spoken(own), t.leg(1-leg), spoken(other)),
				wrong: t.exchanged(leg),
			}
		}
	}
	if own.length() < enough {
		if own.blocks == 0 {
			return verdict{}
		}
		return verdict{seen: fmt.Sprintf("%.1f s of speech so far, at %s", own.length().Seconds(), decibels(own.level()))}
	}
	seen, wrong := t.level(leg)
	if wrong == "" && len(t.legs) > 1 {
		if other := t.legs[1-leg]; other.blocks >= own.blocks/2 && own.level()-other.level() < apart {
			seen += fmt.Sprintf(", and on the %s at %s", t.leg(1-leg), decibels(other.level()))
			wrong = "Both sides carry the same sound as loud. Check that the two channels are not on one pair, and that only one person speaks." + again
		}
	}
	return verdict{seen: seen, wrong: wrong, pass: wrong == ""}
}

func spoken(s speech) string {
	if s.blocks == 0 {
		return "nothing"
	}
	return decibels(s.level())
}

// exchanged is the advice when who speaks on one leg is heard on the other.
func (t *Test) exchanged(leg int) string {
	who := []string{"Whoever speaks into the handset is", "The caller is"}[leg]
	mend := "Exchange the two channels of this line in the configuration, or the two plugs."
	if t.last.Wiring.Kind == "pri" {
		mend = "Exchange network_span and user_span of the card."
	}
	return fmt.Sprintf("%s heard on the %s: the two sides are exchanged. %s%s", who, t.leg(1-leg), mend, again)
}

// dead is the advice when nobody was heard on a leg.
func (t *Test) dead(leg int) string {
	if over := t.callOver(); over != "" {
		return over
	}
	if len(t.legs) == 1 {
		leg = 0
	}
	if s := t.legs[leg]; s.blocks > 0 {
		return fmt.Sprintf("Only %.1f s of speech was heard; count to ten, slowly.%s", s.length().Seconds(), again)
	}
	w := t.last.Wiring
	switch {
	case w.Kind == "pri":
		return fmt.Sprintf("The %s is silent. Check the receiver of the %s: its pair, and its alarms on the Lines page.%s", t.leg(leg),
			[]string{"switchboard's direction (user_span)", "network's direction (network_span)"}[leg], again)
	case leg < len(w.Channels):
		return fmt.Sprintf("Nobody is heard on the %s, channel %d of card %s. Check its wires and its plug, and that its input is not switched off.%s",
			t.leg(leg), w.Channels[leg], w.Card, again)
	}
	return fmt.Sprintf("Nobody is heard on the %s. Check its wires and its plug.%s", t.leg(leg), again)
}

// keyed looks which leg the digits are on that were pressed on the council's telephone. No digit
// is known here, only how many there were.
func keyed(t *Test) verdict {
	var n [pcm.MaxLegs]int
	for leg := range min(len(n), len(t.last.Signs.Keyed), len(t.entered.Signs.Keyed)) {
		n[leg] = int(t.last.Signs.Keyed[leg] - t.entered.Signs.Keyed[leg])
	}
	switch {
	case len(t.legs) == 1 && n[0] >= presses:
		return verdict{seen: plural(n[0], "digit") + " heard; both sides are on one pair, so there is no way round", pass: true}
	case n[0] >= presses && n[0] > n[1]:
		return verdict{seen: plural(n[0], "digit") + " on the council side", pass: true}
	case n[1] >= presses && n[1] > n[0]:
		return verdict{seen: plural(n[1], "digit") + " on the other side", wrong: "The digits are heard on the other side: the two sides are exchanged. " +
			"If they were pressed on the telephone of this line, exchange them as the steps before say." + again}
	case n[0]+n[1] > 0:
		return verdict{seen: plural(n[0]+n[1], "digit") + " so far"}
	}
	return verdict{wrong: t.callOver()}
}

func notKeyed(t *Test) string {
	if over := t.callOver(); over != "" {
		return over
	}
	return "Fewer than three digits were heard. Press each for half a second; a telephone that sends no tones in a call cannot show this: leave the step out then." + again
}
