package capture

import (
	"fmt"
	"time"

	"linevault/codec/pcm"
	"linevault/daemon/pause"
	"linevault/daemon/pause/keypad"
)

// Who asks when somebody dials.
var (
	byCode = pause.Source{Name: "keypad"}
	byCard = pause.Source{Name: "card digits"}
)

// dialling is how long after its start a call's near leg dials the number, which is no card's.
const dialling = 20 * time.Second

// listen hears the push-button digits of a block and does what they ask for.
func (l *Line) listen(f pcm.Frame) {
	l.dialled = false
	l.pad.Step(f, func(e keypad.Event) {
		switch e.Kind {
		case keypad.Digit:
			l.dialled = true
			if !l.KeepKeypad {
				l.gate.Mute(e.Span)
			}
		case keypad.PauseCode:
			l.do(Mark{Pos: &e.Span.From, Do: Pause, Source: byCode, Reason: "code dialled"})
		case keypad.ResumeCode:
			l.do(Mark{Pos: &e.Span.To, Do: Resume, Source: byCode})
		case keypad.Card:
			l.card(e)
		case keypad.Pressed:
			l.signs.Keyed[e.Leg]++
		}
	})
}

// card cuts a card number that is keyed while nobody has asked for a pause, and what is said
// meanwhile. What of it has been recorded is withheld. A person must know, and mend whatever
// did not pause.
func (l *Line) card(e keypad.Event) {
	c := l.live()
	f := l.Source.Format()
	if c == nil || len(l.gate.Asking()) > 0 || (e.Near && e.Span.From < c.From+f.Samples(dialling)) {
		return
	}
	const why = "digits of a card, and no pause"
	s := pcm.Span{From: e.Span.From - f.Samples(l.Pause.GuardBefore), To: e.Span.To + f.Samples(l.Pause.GuardAfter)}
	var late pcm.Span
	if l.Pause.Stop {
		late = l.gate.Pause(e.Span.From, byCard, why)
		l.stand()
	} else {
		late = l.gate.Cut(s, byCard, why)
	}
	if first := l.calls[0]; first.rec != nil && !first.dead && !late.Empty() {
		l.quarantine(first, late.Intersect(pcm.Span{From: first.From, To: first.kept}), byCard, why)
	}
	l.noteCard(c, s, why)
	l.Health.Raise("card digits "+string(c.id), l.Source.ID(), fmt.Sprintf(
		"digits of the length of a card number were keyed on %s and nobody had paused it: they are cut, and what was recorded of that time is in quarantine: purge or release it on the call's page, and look why the terminal did not pause",
		l.Call.Name))
}
