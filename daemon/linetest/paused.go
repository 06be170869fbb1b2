package linetest

import "strings"

func paused(t *Test) verdict {
	if by := t.last.PausedBy; len(by) > 0 {
		return verdict{seen: "asked for by " + strings.Join(by, " and "), pass: true}
	}
	return verdict{wrong: t.callOver()}
}

func notPaused(*Test) string {
	return "No pause came. Of a contact: check its wires, its pin and which lines it is for, and normally_closed if it works the wrong way round. " +
		"Of a terminal: check its token, its lines and that it reaches the box; the box's own answer says why it refused." + again
}

func resumed(t *Test) verdict {
	if t.last.Wiring.OnPause == "stop" {
		return verdict{skip: "on this line a pause lasts to the end of the call"}
	}
	if len(t.entered.PausedBy) == 0 {
		return verdict{skip: "there was no pause"}
	}
	if len(t.last.PausedBy) == 0 {
		return verdict{seen: "the recording goes on", pass: true}
	}
	return verdict{}
}

func notResumed(t *Test) string {
	return "The line is still paused, by " + strings.Join(t.last.PausedBy, " and ") + ". Look whether the contact is stuck, or whether the terminal sent a resume for this line." + again
}
