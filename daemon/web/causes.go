package web

import "linevault/daemon/control"

// causes are how the pages speak of stretches that cannot be heard, in the order in which a call's tags are shown.
var causes = []causeWords{
	{control.CausePaused, "Paused", "Paused part", "yellow", "recording was paused"},
	{control.CauseStopped, "Stopped", "Stopped early", "yellow", "recording was stopped for the rest of the call"},
	{control.CauseNotByPolicy, "Not recorded by rule", "Not recorded by rule", "grey", "a rule says that this call is not recorded"},
	{control.CauseWithheld, "Withheld", "Part withheld", "orange", "withheld, because a pause for it arrived late"},
	{control.CausePurged, "Destroyed", "Part destroyed", "yellow", "this was recorded and has been destroyed"},
	{control.CauseQuarantined, "In quarantine", "Part in quarantine", "orange", "in quarantine, because it may be card data"},
	{control.CauseLost, "Missing", "Part missing", "red", "nothing reached the recorder"},
	{control.CauseDamaged, "Damaged", "Damaged", "red", "this was recorded, but can no longer be read"},
}

// causeWords is how the pages speak of one cause.
type causeWords struct {
	of          control.Cause
	label       string // on the picture
	tag, colour string // of a call
	text        string // in a sentence
}

// wordsOf is how the pages speak of a cause; one that they do not know stands for itself.
func wordsOf(c control.Cause) causeWords {
	for _, w := range causes {
		if w.of == c {
			return w
		}
	}
	return causeWords{of: c, label: string(c), text: string(c)}
}

// gapText says why a stretch cannot be heard, who asked and what they said.
func gapText(g control.Gap) string {
	t := wordsOf(g.Cause).text
	if g.By != "" {
		t += ", by " + g.By
	}
	if g.Reason != "" {
		t += ": " + g.Reason
	}
	return t
}

// gapLabel is the word on the picture.
func gapLabel(c control.Cause) string { return wordsOf(c).label }
