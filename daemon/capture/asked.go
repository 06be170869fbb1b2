package capture

import (
	"strings"
	"time"

	"linevault/codec/pcm"
	"linevault/daemon/pause"
	"linevault/storage"
)

// kindOf is what kind of source asks.
func kindOf(s pause.Source) storage.AskedKind {
	switch {
	case s.Contact:
		return storage.ByContact
	case s == byCode:
		return storage.ByKeypad
	case s == byCard:
		return storage.ByBox
	case strings.HasPrefix(s.Name, "terminal "):
		return storage.ByTerminal
	}
	return storage.ByPerson
}

// noteAsked writes down, with the call, that a pause was asked for and how long that took to
// arrive. Asking again is no other pause.
func (l *Line) noteAsked(m Mark, at pcm.Pos, late time.Duration) {
	if _, asks := l.asking[m.Source]; asks {
		return
	}
	a := storage.Asked{Kind: kindOf(m.Source), By: m.Source.Name, Reason: m.Reason, At: at, Late: late}
	a.Latency = max(0, l.Source.Format().Duration(l.upto-at))
	l.asking[m.Source] = a
	if c := l.live(); c != nil {
		c.note(a)
		l.update(c)
	}
}

// noteStanding takes note of who asks before there is a call, or a recorder.
func (l *Line) noteStanding(src pause.Source, why string) {
	l.asking[src] = storage.Asked{Kind: kindOf(src), By: src.Name, Reason: why}
}

// noteBegun writes down, where a call begins, who asks already.
func (l *Line) noteBegun(c *span) {
	for _, src := range l.gate.Asking() {
		if a, asks := l.asking[src]; asks {
			a.At, a.Latency, a.Late = c.From, 0, 0
			c.note(a)
		}
	}
}

// noteOver writes down which pauses are over at a position: those that the gate has no more.
func (l *Line) noteOver(at pcm.Pos) {
	still := map[pause.Source]bool{}
	for _, src := range l.gate.Asking() {
		still[src] = true
	}
	for src := range l.asking {
		if still[src] {
			continue
		}
		delete(l.asking, src)
		for _, c := range l.calls {
			if a := c.asked(src); a != nil {
				a.To = max(at, a.At)
			}
		}
	}
}

// noteLong writes down that a pause has outlasted its limit.
func (l *Line) noteLong(src pause.Source) {
	for _, c := range l.calls {
		if a := c.asked(src); a != nil {
			a.Long = true
		}
	}
}

// note adds to what was asked in a call.
func (c *span) note(a storage.Asked) {
	if len(c.pauses) < storage.MaxAsked {
		c.pauses = append(c.pauses, a)
	}
}

// asked is the pause of a source that is not over, or nil.
func (c *span) asked(src pause.Source) *storage.Asked {
	for i := range c.pauses {
		if a := &c.pauses[i]; a.By == src.Name && a.To == 0 && !a.Missed {
			return a
		}
	}
	return nil
}

// noteCard writes down that digits of a card were heard and nobody had paused; they come in
// pieces, which are one.
func (l *Line) noteCard(c *span, s pcm.Span, why string) {
	for i := range c.pauses {
		if a := &c.pauses[i]; a.Missed && a.Kind == storage.ByBox && s.From <= a.To+l.Source.Format().Samples(time.Minute) {
			a.To = max(a.To, s.To)
			return
		}
	}
	c.note(storage.Asked{Kind: storage.ByBox, By: byCard.Name, Reason: why, At: s.From, To: s.To, Missed: true})
	l.update(c)
}
