package capture

import (
	"fmt"
	"io"
	"slices"
	"time"

	"linevault/codec/dsp"
	"linevault/codec/pcm"
	"linevault/daemon/link"
	"linevault/daemon/pause"
	"linevault/hal"
	"linevault/storage"
)

var errEnded = io.EOF

func now() pcm.Mono { return hal.Now() }

// Mark asks a line for something at an instant of capture.
type Mark struct {
	At     pcm.Mono
	Pos    *pcm.Pos // instead of At, where the position itself is known
	Do     Do
	Source pause.Source
	Reason string
	Until  pcm.Mono       // how long the pause may last before it is an alarm; 0 for the line's own limit
	Arm    bool           // pause even when no call is being recorded
	Once   bool           // not if the source asks already: its limit may not be put off
	Call   storage.CallID // only if this call is being recorded; any, if empty
	answer chan<- Receipt
}

// Do is what a mark asks for.
type Do uint8

// What marks ask for.
const (
	Pause Do = iota + 1
	Resume
	LoopClosed
	LoopOpen
	Ringing
	PaymentBegins // at a terminal; Reason is its own reference
	PaymentEnds
)

// Receipt says what a mark did, once the gate has switched.
type Receipt struct {
	State    link.State
	Idle     bool           // nothing is being recorded, and the mark did not arm: nothing was done
	Other    bool           // another call than the mark's is being recorded, or none: nothing was done
	Already  bool           // the source asks already, and may not again: nothing was done
	Unasked  bool           // a resume of somebody who had not asked for a pause
	Call     storage.CallID // the call it cut, if one is being recorded
	Position pcm.Pos        // where audio is cut, or begins again, guards included
	At       time.Time      // the same by the time of day
	Late     time.Duration  // how much of the pause had been passed on already
	PausedBy []string
	LimitAt  time.Time // when the pause becomes an alarm
	Problem  string    // why the call is not being recorded although it should be
	Kept     bool      // it outlasts a power cut
	turn     uint64
}

// Post puts a mark in the line's mailbox and says whether there was room. The line's owner
// takes it at its next step.
func (l *Line) Post(m Mark) bool {
	select {
	case l.marks <- m:
		return true
	default:
		return false
	}
}

// drain does what the marks in the mailbox ask for.
func (l *Line) drain() {
	for {
		select {
		case m := <-l.marks:
			r := l.do(m)
			if m.answer != nil {
				l.publish()   // who is answered may ask at once how the line is
				m.answer <- r // has room for one
			}
		default:
			l.watchLimits()
			return
		}
	}
}

func (l *Line) do(m Mark) Receipt {
	at := l.clock.PosAt(m.At)
	if m.Pos != nil {
		at = *m.Pos
	}
	if s := l.live(); m.Call != "" && (s == nil || s.id != m.Call) {
		return Receipt{Other: true, State: l.doing()}
	}
	m.Source = l.known(m.Source)
	switch m.Do {
	case LoopClosed:
		l.signals = append(l.signals, hal.Signal{At: at, Kind: hal.LoopClosed})
	case Ringing:
		l.signals = append(l.signals, hal.Signal{At: at, Kind: hal.Ringing, Data: []byte("burst")})
	case LoopOpen:
		l.signals = append(l.signals, hal.Signal{At: at, Kind: hal.LoopOpen})
	case Pause:
		if (l.live() == nil || l.live().rule.Rule != "") && !m.Arm && !m.Source.Contact {
			return Receipt{Idle: true, State: l.doing()}
		}
		if m.Once && slices.Contains(l.gate.Asking(), m.Source) {
			r := l.receipt(at)
			r.Already = true
			return r
		}
		return l.pause(m, at)
	case Resume:
		asked := slices.Contains(l.gate.Asking(), m.Source)
		l.gate.Resume(at, m.Source)
		l.noLimit(m.Source)
		l.noteOver(at)
		r := l.receipt(at + l.Source.Format().Samples(l.Pause.GuardAfter))
		r.Unasked = !asked
		return r
	case PaymentBegins, PaymentEnds:
		return l.pays(m, at)
	}
	return Receipt{State: l.doing()}
}

func (l *Line) pause(m Mark, at pcm.Pos) Receipt {
	f := l.Source.Format()
	late := l.gate.Pause(at, m.Source, m.Reason)
	l.limit(m)
	r := l.receipt(at - f.Samples(l.Pause.GuardBefore))
	r.LimitAt = l.limitAt(l.limits[m.Source])
	if r.Late = l.withhold(late, m.Source, m.Reason); r.Late > 0 {
		l.Health.Raise(fmt.Sprintf("late pause %s", l.calls[0].id), l.Source.ID(), fmt.Sprintf(
			"%s paused %s too late: %.1f s had been recorded and is withheld from playback, until it is destroyed when the call has ended; raise hold_back on this line",
			link.Unnamed(m.Source.Name), l.Call.Name, r.Late.Seconds()))
	}
	l.noteAsked(m, at, r.Late)
	return r
}

// withhold keeps from playback what of late has been recorded already, and says how much.
func (l *Line) withhold(late pcm.Span, by pause.Source, why string) time.Duration {
	if len(l.calls) == 0 || l.calls[0].rec == nil || l.calls[0].dead {
		return 0
	}
	c := l.calls[0]
	if late = late.Intersect(pcm.Span{From: c.From, To: c.kept}); late.Empty() {
		return 0
	}
	if err := c.rec.Late(late, by.Name, why); err != nil {
		l.broke(c, err)
	}
	return l.Source.Format().Duration(late.Len())
}

func (l *Line) receipt(at pcm.Pos) Receipt {
	l.stand()
	state, problem := l.condition()
	r := Receipt{turn: l.turn, State: state, Problem: problem, Position: at, At: l.clock.WallAt(at), PausedBy: l.pausedBy()}
	if s := l.live(); s != nil {
		r.Call = s.id
	}
	return r
}

func (l *Line) pausedBy() []string {
	var names []string
	for _, s := range l.gate.Asking() {
		names = append(names, s.Name)
	}
	slices.Sort(names)
	return names
}

// doing is what the line does at the card now.
func (l *Line) doing() link.State {
	s, _ := l.condition()
	return s
}

// condition is what the line does at the card now, and what is wrong with that.
func (l *Line) condition() (s link.State, problem string) {
	c := l.live()
	switch {
	case l.problem != "":
		return link.Failed, l.problem
	case c == nil:
		return link.Idle, ""
	case c.rule.Rule != "":
		return link.Excluded, ""
	case len(l.gate.Asking()) > 0:
		return link.Paused, ""
	}
	why := l.Writer.NoSound()
	if c.dead {
		why = c.fault
	}
	if why != "" {
		return link.Unrecorded, fmt.Sprintf("This call is not being recorded: %s. See to what the alarms say.", why)
	}
	return link.Recording, ""
}

// measure takes the levels of the block before the last, of which it is known whether a
// push-button digit began in it: there is no level of those that are removed. While anybody
// asks for a pause there are none at all.
func (l *Line) measure(b *hal.Block) {
	if b.Frame.Len() == 0 {
		return
	}
	for leg := range l.levels {
		l.levels[leg], l.newest[leg] = l.newest[leg], dsp.LevelOf(b.Frame, pcm.Leg(leg))
		if l.dialled && !l.KeepKeypad {
			l.levels[leg], l.newest[leg] = dsp.Level(nil), dsp.Level(nil)
		}
	}
}

// publish lets others see the line as it is now.
func (l *Line) publish() {
	state, problem := l.condition()
	s := &link.LineState{
		Line: l.Source.ID(), Name: l.Call.Name, Department: l.Call.Department, Number: l.Call.LineNumber,
		State: state, Legs: l.Source.Format().Legs, PausedBy: l.pausedBy(), Problem: problem,
		Wiring: l.Wiring, Signs: l.counted(),
		ManualLimit: l.Manual,
	}
	if s.State == link.Failed {
		s.Since = l.lostAt
	}
	if len(s.PausedBy) == 0 && s.State != link.Failed {
		s.Levels = slices.Clone(l.levels)
	}
	s.LimitAt = l.firstLimit()
	if c := l.live(); c != nil {
		s.Call, s.Since, s.FarNumber, s.Direction = c.id, c.start, storage.Number(c.first.FarNumber), c.first.Direction
	}
	was := l.state.Swap(s)
	if l.Changed != nil && was != nil && (was.State != s.State || was.Call != s.Call || !slices.Equal(was.PausedBy, s.PausedBy)) {
		l.Changed(was, s)
	}
}

// State is the line as it was at the end of its last step, or when it last answered. Anybody may ask.
func (l *Line) State() *link.LineState { return l.state.Load() }
