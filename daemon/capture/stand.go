package capture

import (
	"slices"
	"time"

	"linevault/codec/pcm"
	"linevault/daemon/pause"
	"linevault/daemon/pause/standing"
)

// idleEnough is how long a line that was paused when the recorder ended has no call until that
// pause is over: the call that it was for has ended meanwhile.
const idleEnough = pcm.Mono(time.Minute)

// Dialled are the names of who asks when somebody dials.
func Dialled() []string { return []string{byCode.Name, byCard.Name} }

// Restore asks, before the line starts, for what stood when the recorder ended. It lasts until
// whoever asked resumes, or the first call ends. An empty by is somebody whose name the
// configuration does not have: a user, or a terminal that was taken out of it.
func (l *Line) Restore(p standing.Pause, by string) {
	if by == "" {
		by = "somebody who asked before the recorder was started again (" + p.By[:min(len(p.By), 6)] + ")"
		l.nameless[p.By] = pause.Source{Name: by}
	}
	src := pause.Source{Name: by}
	const why = "paused when the recorder ended"
	l.gate.Pause(0, src, why)
	l.noteStanding(src, why)
	if !p.Until.IsZero() {
		l.limits[src] = &limit{until: now() + pcm.Mono(time.Until(p.Until))}
	}
	l.restored = now()
	l.stands = append(l.stands, p)
}

// known is src as the line has it: somebody who asked before the recorder was started again is
// found by the opaque name.
func (l *Line) known(src pause.Source) pause.Source {
	if len(l.nameless) == 0 {
		return src
	}
	if s, is := l.nameless[l.Standing.Opaque(src.Name)]; is {
		return s
	}
	return src
}

// opaque is who a source is, as the book of pauses that stand has it.
func (l *Line) opaque(src pause.Source) string {
	for name, s := range l.nameless {
		if s == src {
			return name
		}
	}
	return l.Standing.Opaque(src.Name)
}

// stand writes down who asks for a pause now, if that has changed. Contacts are not written
// down: they are read anew.
func (l *Line) stand() {
	if l.Standing == nil {
		return
	}
	var all []standing.Pause
	line := l.Standing.Opaque(string(l.Source.ID()))
	for _, s := range l.gate.Asking() {
		if s.Contact {
			continue
		}
		p := standing.Pause{Line: line, By: l.opaque(s)}
		if k := l.limits[s]; k != nil {
			p.Until = l.limitAt(k).Round(time.Second)
		}
		all = append(all, p)
	}
	if !slices.Equal(all, l.stands) {
		l.stands = all
		l.turn = l.Standing.Set(line, all)
	}
}

// outlive ends what stood when the recorder ended, if there has been no call since.
func (l *Line) outlive() {
	if l.restored == 0 || l.captured < l.restored+idleEnough {
		return
	}
	if l.restored = 0; l.live() == nil {
		l.endPauses(l.upto)
	}
}

// endPauses ends, where a call ends, what was asked for that call.
func (l *Line) endPauses(at pcm.Pos) {
	l.gate.EndCall(at)
	l.noteOver(at)
	l.pad.Forget()
	clear(l.nameless)
	for src := range l.limits {
		l.noLimit(src)
	}
	l.stand()
}
