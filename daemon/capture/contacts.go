package capture

import (
	"context"
	"errors"
	"fmt"
	"time"

	"linevault/codec/pcm"
	"linevault/daemon/pause"
	"linevault/hal"
)

// Contact is a GPIO input and what it does to lines.
type Contact struct {
	Name  string
	Input hal.Input
	Lines []pcm.LineID
	Loop  bool // it tells loop current; otherwise it asks for a pause while it is closed
	Ring  bool // it tells ringing; it asks for nothing either
	// Stuck is how long it may ask before a person must look at it; 0 for ever. The pause stays.
	Stuck time.Duration
}

// source is who asks when the contact does.
func (c Contact) source() pause.Source {
	return pause.Source{Name: "contact " + c.Name, Contact: true}
}

// Arm pauses, before lines start, those whose contact has not been read yet.
func (c Contact) Arm(lines []*Line) {
	if c.Loop || c.Ring {
		return
	}
	for _, l := range lines {
		for _, id := range c.Lines {
			if l.Source.ID() == id {
				const why = "the contact has not been read yet"
				l.gate.Pause(0, c.source(), why)
				l.noteStanding(c.source(), why)
			}
		}
	}
}

// Watch carries a contact's edges to its lines until ctx ends. A contact that cannot be read
// counts as closed: the lines stay paused, and an alarm says so.
func (r *Recorder) Watch(ctx context.Context, c Contact) {
	key := "contact " + c.Name
	last := now()
	var asks stuck
	for {
		e, err := asks.wait(ctx, c.Input)
		if ctx.Err() != nil {
			return
		}
		if err == errStuck {
			r.Health.Raise("stuck "+key, "", fmt.Sprintf(
				"contact %s has asked for a pause for %v: look whether it or what it is wired to is stuck; its lines stay paused", c.Name, c.Stuck))
			continue
		}
		if err != nil {
			e = hal.Edge{At: now(), Closed: true}
			r.Health.Raise(key, "", fmt.Sprintf("contact %s cannot be read, so its lines are paused: %v", c.Name, err))
		} else {
			r.Health.Clear(key)
		}
		if e.Lost > 0 && !e.Closed && !c.Loop && !c.Ring {
			// It may have closed and opened unseen: what lies between counts as closed.
			r.carry(ctx, c, hal.Edge{At: last, Closed: true})
		}
		r.carry(ctx, c, e)
		last = e.At
		if asks.edge(c, e); !e.Closed {
			r.Health.Clear("stuck " + key)
		}
		if err != nil {
			select {
			case <-ctx.Done():
			case <-time.After(time.Second):
			}
		}
	}
}

var errStuck = errors.New("the contact is stuck")

// stuck watches how long a contact asks.
type stuck struct {
	asks bool
	at   time.Time // when it will have asked for too long; zero if it does not ask, or that was told
}

// wait waits for the contact's next edge, or until it has asked for too long.
func (s *stuck) wait(ctx context.Context, in hal.Input) (hal.Edge, error) {
	if s.at.IsZero() {
		return in.Wait(ctx)
	}
	until, cancel := context.WithDeadline(ctx, s.at)
	defer cancel()
	e, err := in.Wait(until)
	if err != nil && until.Err() != nil {
		s.at = time.Time{}
		return e, errStuck
	}
	return e, err
}

func (s *stuck) edge(c Contact, e hal.Edge) {
	switch {
	case !e.Closed || c.Loop || c.Ring || c.Stuck == 0:
		s.at, s.asks = time.Time{}, false
	case !s.asks:
		s.at, s.asks = time.Now().Add(c.Stuck), true
	}
}

func (r *Recorder) carry(ctx context.Context, c Contact, e hal.Edge) {
	m := Mark{At: e.At, Source: c.source(), Reason: "contact closed"}
	switch {
	case c.Ring && e.Closed:
		m.Do = Ringing
	case c.Ring:
		return
	case c.Loop && e.Closed:
		m.Do = LoopClosed
	case c.Loop:
		m.Do = LoopOpen
	case e.Closed:
		m.Do = Pause
	default:
		m.Do = Resume
	}
	for _, id := range c.Lines {
		for ctx.Err() == nil {
			wait, cancel := context.WithTimeout(ctx, time.Second)
			_, err := r.Mark(wait, id, m)
			cancel()
			if err == nil || err == ErrNoLine {
				break
			}
		}
	}
}
