package linetest

import (
	"fmt"
	"strings"
	"time"

	"linevault/daemon/link"
)

// rule is how one step is judged.
type rule struct {
	id, title, do string
	limit         time.Duration            // after this its advice is shown
	judge         func(*Test) verdict      // of everything since the step began
	late          func(*Test) (say string) // the advice when nothing came
}

// verdict is what a step has come to. With none of pass, wrong and skip it goes on.
type verdict struct {
	seen  string
	pass  bool
	wrong string
	skip  string
}

// rules are the steps in order.
var rules = []rule{
	{
		id: "ready", title: "The line is quiet", limit: time.Minute,
		do:    "Leave the telephone on its hook. Nothing else is to be done yet.",
		judge: ready, late: notReady,
	},
	{
		id: "ring", title: "Signal seen", limit: 90 * time.Second,
		do:    "Ring this line now, from a mobile telephone or another line. Let it ring twice, then answer it.",
		judge: rung, late: notRung,
	},
	{
		id: "number", title: "Caller's number seen", limit: 5 * time.Second,
		do:    "Wait: the box compares the number that the line delivered with the one that you gave.",
		judge: number, late: noNumber,
	},
	{
		id: "direction", title: "Direction right", limit: 5 * time.Second,
		do:    "Wait: the box looks whether it takes this for an incoming call.",
		judge: direction, late: func(*Test) string { return "" },
	},
	{
		id: "near", title: "Council side heard", limit: time.Minute,
		do:    "Speak into the handset of this line: count slowly from one to ten. The caller says nothing.",
		judge: nearHeard, late: func(t *Test) string { return t.dead(0) },
	},
	{
		id: "far", title: "Other side heard", limit: time.Minute,
		do:    "Let the caller speak: count slowly from one to ten. Say nothing into the handset.",
		judge: farHeard, late: func(t *Test) string { return t.dead(1) },
	},
	{
		id: "keys", title: "Right way round", limit: time.Minute,
		do:    "Press 1, 2 and 3 on the telephone of this line, one after the other.",
		judge: keyed, late: notKeyed,
	},
	{
		id: "pause", title: "Pause seen", limit: 90 * time.Second,
		do:    "Press the pause contact, or send a pause from the payment terminal, and leave it so.",
		judge: paused, late: notPaused,
	},
	{
		id: "resume", title: "Resume seen", limit: 90 * time.Second,
		do:    "Release the pause contact, or send a resume from the payment terminal.",
		judge: resumed, late: notResumed,
	},
	{
		id: "hangup", title: "End seen", limit: 90 * time.Second,
		do:    "Hang up at both ends.",
		judge: hungUp, late: notHungUp,
	},
	{
		id: "alone", title: "No other line reacted", limit: 5 * time.Second,
		do:    "Wait: the box compares what other lines did meanwhile.",
		judge: alone, late: func(*Test) string { return "" },
	},
}

const (
	calm     = 2 * time.Second // how long a line must be quiet
	presses  = 3               // how many digits are asked for
	settling = 3 * time.Second // a number or a direction may come a little after the call
)

func ready(t *Test) verdict {
	l := t.last
	switch {
	case l.State == link.Failed:
		return verdict{wrong: "The box hears nothing from the card: " + l.Problem + "."}
	case live(l.State):
		t.since = t.now // it must be quiet from when the call is over
		return verdict{wrong: "A call goes on on this line. Wait until it is over; the test goes on by itself."}
	case t.Waited() < calm || len(l.Levels) == 0:
		return verdict{}
	}
	t.idle = append(t.idle[:0], l.Levels...)
	var levels []string
	most := -90.0
	for leg, v := range l.Levels {
		levels, most = append(levels, t.leg(leg)+" at "+decibels(v)), max(most, v)
	}
	seen := "quiet, " + strings.Join(levels, ", ")
	if most > noisy {
		return verdict{seen: "noise, " + strings.Join(levels, ", "), wrong: "The line is noisy though nobody speaks. " +
			"Look for a loose wire, a screen that is not earthed at one end, or mains cables beside the pair." + again}
	}
	return verdict{seen: seen, pass: true}
}

func notReady(*Test) string {
	return "No level comes from this line. If its recording is paused, resume it first." + again
}

// rung passes once there is a call, and says by what the box knew of it.
func rung(t *Test) verdict {
	l := t.last
	var seen []string
	if n := l.Signs.Rung - t.entered.Signs.Rung; n > 0 {
		seen = append(seen, plural(int(n), "burst")+" of ringing")
	}
	if l.Signs.Seized > t.entered.Signs.Seized {
		seen = append(seen, map[string]string{"pri": "the call on the D-channel (Q.931)", "siprec": "the call (SIP)"}[l.Wiring.Kind])
		if seen[len(seen)-1] == "" {
			seen[len(seen)-1] = "off hook (loop current)"
		}
	}
	if !live(l.State) {
		return verdict{seen: strings.Join(seen, ", ")}
	}
	if len(seen) == 0 {
		seen = append(seen, "the call's sound; nothing on this line signals it")
	}
	return verdict{seen: strings.Join(seen, ", "), pass: true}
}

func notRung(t *Test) string {
	if other := t.company.instead(); other != "" {
		return fmt.Sprintf("Line %s reacted instead of this one: the two are exchanged, at the tap or in the configuration. Exchange them, then try this step again.", other)
	}
	switch t.last.Wiring.Kind {
	case "pri":
		return "The D-channel showed no call on this timeslot. Check that the taps are on the circuit that you rang, and that calls come in on this timeslot: an exchange takes the first free one." + again
	case "analogue":
		if t.last.Wiring.Detect == "loop" {
			return "The loop contact did not close. Check its wires; if it works the wrong way round, turn normally_closed of the contact." + again
		}
		return "Nothing was heard. Check that the tap is on the pair of this line, on both wires, and that its plug is in the channel that the configuration names." + again
	}
	return "Nothing was seen. Check that this is the line that was rung." + again
}

func direction(t *Test) verdict {
	switch t.last.Direction {
	case "in":
		return verdict{seen: "incoming", pass: true}
	case "out":
		advice := "The box takes the call for an outgoing one. Check that it was this line that was rung, not one that rang out."
		if t.last.Wiring.Kind == "pri" {
			advice += " If it was, exchange network_span and user_span of the card: the two directions are the wrong way round."
		}
		return verdict{seen: "outgoing", wrong: advice + again}
	}
	if t.Waited() < settling {
		return verdict{}
	}
	return verdict{skip: "nothing on this line tells the direction of this call"}
}

func hungUp(t *Test) verdict {
	if live(t.last.State) {
		return verdict{}
	}
	if t.last.State == link.Failed {
		return verdict{wrong: "The card was lost: " + t.last.Problem + "."}
	}
	return verdict{seen: "the call ended", pass: true}
}

func notHungUp(t *Test) string {
	switch {
	case t.last.Wiring.Kind == "pri":
		return "The D-channel did not clear the call. Check that both ends hung up." + again
	case t.last.Wiring.Detect == "loop":
		return "The loop contact is still closed. Check that the telephone is on its hook, and the contact's wires." + again
	}
	return "The box still hears sound on this line. Check that both ends hung up; noise that does not end keeps a call open, and hangover says how long silence must be." + again
}

func alone(t *Test) verdict {
	if t.Waited() < 2*together {
		return verdict{} // what others do a little later counts, too
	}
	switch name, heard := t.company.double(); {
	case heard:
		return verdict{seen: "line " + name + " heard the same", wrong: "Line " + name + " hears what this line hears: both taps are on one pair, or two pairs touch. Trace both pairs, then test both lines again."}
	case name != "":
		return verdict{seen: "line " + name + " began and ended a call with this one", wrong: "Line " + name + " began and ended a call within a second and a half of this one. If that was no coincidence, both hear one circuit: trace both pairs, then test again."}
	}
	if len(t.company.others) == 0 {
		return verdict{skip: "the box has no other line"}
	}
	seen := plural(len(t.company.others), "other line") + " compared"
	if !t.company.compared() {
		seen += ", by the times of calls only: too little was spoken to compare the sound"
	}
	return verdict{seen: seen, pass: true}
}

func plural(n int, one string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %ss", n, one)
}

// callOver is what is wrong when the test call ended too early; empty if it goes on.
func (t *Test) callOver() string {
	if live(t.last.State) {
		return ""
	}
	return "The call is over. Ring the line again and answer, and the test goes on by itself."
}
