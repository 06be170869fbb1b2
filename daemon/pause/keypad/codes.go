package keypad

import (
	"strings"
	"time"

	"linevault/codec/pcm"
)

// between is the longest pause between two digits of a code.
const between = 3 * time.Second

// codes listens for codes. It remembers digits only as far as a code begins with them.
type codes struct {
	Codes
	between pcm.Pos
	dialled []byte
	first   []pcm.Pos // where each begins
	last    pcm.Pos   // where the last one ends
}

func newCodes(c Codes, between pcm.Pos) codes { return codes{Codes: c, between: between} }

func (c *codes) forget() { c.dialled, c.first = c.dialled[:0], c.first[:0] }

// press takes a digit of the near leg.
func (c *codes) press(symbol byte, s pcm.Span, emit func(Event)) {
	if len(c.dialled) > 0 && s.From-c.last > c.between {
		c.forget()
	}
	c.dialled, c.first, c.last = append(c.dialled, symbol), append(c.first, s.From), s.To
	for len(c.dialled) > 0 && !begins(c.Pause, c.dialled) && !begins(c.Resume, c.dialled) {
		c.dialled, c.first = c.dialled[1:], c.first[1:]
	}
	if len(c.dialled) == 0 {
		return
	}
	whole := pcm.Span{From: c.first[0], To: s.To}
	switch string(c.dialled) {
	case c.Pause:
		emit(Event{Kind: PauseCode, Span: whole})
		c.forget()
	case c.Resume:
		emit(Event{Kind: ResumeCode, Span: whole})
		c.forget()
	}
}

func begins(code string, dialled []byte) bool { return strings.HasPrefix(code, string(dialled)) }

// Valid reports whether a code can be dialled, and not by chance: 2 to 8 of the buttons of a
// telephone, one of them * or #, or none at all.
func Valid(code string) bool {
	if code == "" {
		return true
	}
	return len(code) >= 2 && len(code) <= 8 && strings.Trim(code, "0123456789*#") == "" && strings.ContainsAny(code, "*#")
}
