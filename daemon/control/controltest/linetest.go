package controltest

import (
	"testing"
	"time"

	"linevault/codec/pcm"
	"linevault/daemon/linetest"
	"linevault/daemon/link"
)

// Certify keeps a certificate of a line that was tested, of which three steps failed, and returns its ID.
func (b *Box) Certify(t testing.TB, line pcm.LineID) string {
	t.Helper()
	test := linetest.New(linetest.Setup{Line: line})
	l := link.LineState{
		Line: line, Name: "Housing repairs", Number: "02079460102", State: link.Idle, Legs: 2, Levels: []float64{-62, -64},
		Wiring: link.Wiring{Card: "rear", Kind: "analogue", Channels: []int{1, 2}},
	}
	now := time.Now().Add(-time.Hour)
	for i := 0; !test.Done(); i++ {
		now = now.Add(link.Beat)
		test.Observe(link.Status{At: now, Lines: []link.LineState{l}})
		switch s := test.Step(); {
		case i%40 != 39 || s == nil:
		case s.ID == "near" || s.ID == "far" || s.ID == "pause":
			test.Fail()
		default:
			test.Skip("it was shown before")
		}
	}
	c := test.Certify("Example Borough Council", "test", "Emrys")
	must(t, b.Desk.Archive.Keep(c))
	return c.ID
}

// Testing moves a line on to where the step of a test that is under way passes: it rings and is
// answered, each side speaks, keys are pressed, the pause is pressed and released, and both hang up.
func (b *Box) Testing(step string) {
	s := Lines()
	s.Lines[0].State = link.Idle // its levels would go up and down as ours do
	l := &s.Lines[2]
	l.Wiring = link.Wiring{Card: "rear", Kind: "analogue", Channels: []int{1, 2}}
	l.State, l.Direction, l.FarNumber = link.Recording, "in", "07700900123"
	l.Levels, l.Signs = []float64{-70, -70}, link.Signs{Seized: 1, Keyed: []uint64{0, 0}, Clipped: []uint64{0, 0}}
	switch step {
	case "ready", "hangup":
		l.State, l.Direction, l.FarNumber = link.Idle, "", ""
	case "near":
		l.Levels[0] = -24
	case "far":
		l.Levels[1] = -55 // too quiet
	case "pause":
		l.State, l.PausedBy, l.Levels = link.Paused, []string{"contact till"}, nil
	}
	switch step {
	case "keys", "pause", "resume", "hangup":
		l.Signs.Keyed = []uint64{3, 0}
	case "ready":
		l.Signs = link.Signs{}
	}
	b.Board.Set(s)
}
