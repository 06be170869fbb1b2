package capture

import (
	"fmt"
	"time"

	"linevault/codec/pcm"
	"linevault/daemon/link"
	"linevault/daemon/pause"
)

// limit is how long a pause may last before a person must know.
type limit struct {
	until pcm.Mono
	over  bool // and it has been told
}

// limit notes how long the pause that m asks for may last. Asking again makes it longer, and
// never shorter. A contact says how things are, so it has none.
func (l *Line) limit(m Mark) {
	until := m.Until
	if until == 0 && l.PauseLimit > 0 {
		until = l.captured + pcm.Mono(l.PauseLimit)
	}
	if until == 0 || m.Source.Contact {
		return
	}
	k := l.limits[m.Source]
	if k == nil {
		k = &limit{}
		l.limits[m.Source] = k
	}
	k.until = max(k.until, until)
	if k.over && k.until > l.captured {
		k.over = false
		l.Health.Clear(l.limitKey(m.Source))
	}
}

// watchLimits raises an alarm for a pause that outlasts its limit. The pause stays, unless the
// line was set to resume then.
func (l *Line) watchLimits() {
	for src, k := range l.limits {
		if k.over || l.captured <= k.until {
			continue
		}
		k.over = true
		l.noteLong(src)
		text := "%s has paused %s for longer than it said it would; the line stays paused until it resumes or the call ends"
		if l.OnLimit == ResumeAtLimit {
			l.gate.Resume(l.clock.PosAt(k.until), src)
			l.noteOver(l.clock.PosAt(k.until))
			l.stand()
			text = "%s has paused %s for longer than it said it would, so recording went on, as on_limit says; look whether a card was read out"
		}
		l.Health.Raise(l.limitKey(src), l.Source.ID(), fmt.Sprintf(text, link.Unnamed(src.Name), l.Call.Name))
	}
}

// noLimit forgets the limit of a pause that is over.
func (l *Line) noLimit(src pause.Source) {
	delete(l.limits, src)
	l.Health.Clear(l.limitKey(src))
}

// limitAt is a limit by the time of day.
func (l *Line) limitAt(k *limit) time.Time {
	if k == nil {
		return time.Time{}
	}
	return l.clock.WallAt(l.clock.PosAt(k.until))
}

// firstLimit is the first limit that there is.
func (l *Line) firstLimit() time.Time {
	var first *limit
	for _, k := range l.limits {
		if first == nil || k.until < first.until {
			first = k
		}
	}
	return l.limitAt(first)
}

func (l *Line) limitKey(src pause.Source) string {
	who := link.Unnamed(src.Name)
	if who != src.Name {
		who += " " + l.Standing.Opaque(src.Name)[:8] // two of them are two alarms
	}
	return "long pause " + string(l.Source.ID()) + " " + who
}

// OnLimit is what becomes of a pause at its limit.
type OnLimit uint8

// What becomes of a pause at its limit. In either case there is an alarm.
const (
	StayAtLimit   OnLimit = iota // the line stays paused
	ResumeAtLimit                // recording goes on
)
