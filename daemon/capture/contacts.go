package capture

import (
	"context"
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
}

// source is who asks when the contact does.
func (c Contact) source() pause.Source {
	return pause.Source{Name: "contact " + c.Name, Contact: true}
}

// Arm pauses, before lines start, those whose contact has not been read yet.
func (c Contact) Arm(lines []*Line) {
	if c.Loop {
		return
	}
	for _, l := range lines {
		for _, id := range c.Lines {
			if l.Source.ID() == id {
				l.gate.Pause(0, c.source(), "the contact has not been read yet")
			}
		}
	}
}

// Watch carries a contact's edges to its lines until ctx ends. A contact that cannot be read
// counts as closed: the lines stay paused, and an alarm says so.
func (r *Recorder) Watch(ctx context.Context, c Contact) {
	key := "contact " + c.Name
	last := now()
	for {
		e, err := c.Input.Wait(ctx)
		if ctx.Err() != nil {
			return
		}
		if err != nil {
			e = hal.Edge{At: now(), Closed: true}
			r.Health.Raise(key, "", fmt.Sprintf("contact %s cannot be read, so its lines are paused: %v", c.Name, err))
		} else {
			r.Health.Clear(key)
		}
		if e.Lost > 0 && !e.Closed && !c.Loop {
			// It may have closed and opened unseen: what lies between counts as closed.
			r.carry(ctx, c, hal.Edge{At: last, Closed: true})
		}
		r.carry(ctx, c, e)
		last = e.At
		if err != nil {
			select {
			case <-ctx.Done():
			case <-time.After(time.Second):
			}
		}
	}
}

func (r *Recorder) carry(ctx context.Context, c Contact, e hal.Edge) {
	m := Mark{At: e.At, Source: c.source(), Reason: "contact closed"}
	switch {
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
