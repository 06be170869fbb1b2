// Package hook tells other programs what happens, by webhooks signed as Standard Webhooks has
// it. Each process puts events, sealed for the desk, into a folder of its own; the desk takes them
// from there and sends them, each at least once and in order, so that none is lost while either of
// them, or the other program, is away.
package hook

import (
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"linevault/codec/pcm"
	"linevault/daemon/link"
)

// Type is what happened.
type Type string

// The types.
const (
	CallStarted Type = "call.started"
	CallEnded   Type = "call.ended"
	Paused      Type = "paused"
	Resumed     Type = "resumed"
	Alarm       Type = "alarm"
)

// Types lists them all.
var Types = []Type{CallStarted, CallEnded, Paused, Resumed, Alarm}

// Data is what an event tells. There is no telephone number in it.
type Data struct {
	Line     pcm.LineID `json:"line,omitempty"`
	LineName string     `json:"line_name,omitempty"`
	Call     string     `json:"call,omitempty"`
	State    link.State `json:"state,omitempty"`
	Problem  string     `json:"problem,omitempty"` // why it is unrecorded or failed, as people read it
	PausedBy []string   `json:"paused_by,omitempty"`
	LimitAt  time.Time  `json:"limit_at,omitzero"`
	Alarm    string     `json:"alarm,omitempty"` // what it is about, the same while it is on
	Text     string     `json:"text,omitempty"`  // the alarm as people read it
	On       *bool      `json:"on,omitempty"`    // the alarm began, or is over
}

// event is what waits to be sent.
type event struct {
	ID      id              `json:"id"`
	Type    Type            `json:"type"`
	At      time.Time       `json:"at"`
	Line    pcm.LineID      `json:"line,omitempty"`
	Payload json.RawMessage `json:"payload"` // the body, the same in every try
}

// id numbers events. It grows, also over restarts.
type id uint64

func (n id) String() string { return fmt.Sprintf("%016x", uint64(n)) }

// MarshalText writes what UnmarshalText reads.
func (n id) MarshalText() ([]byte, error) { return []byte(n.String()), nil }

// UnmarshalText reads an id.
func (n *id) UnmarshalText(b []byte) error {
	_, err := fmt.Sscanf(string(b), "%016x", (*uint64)(n))
	return err
}

// Change is what a line's change tells, in the order in which it happened.
func Change(was, is *link.LineState) (all []Type) {
	paused := func(l *link.LineState) bool { return l.Call != "" && len(l.PausedBy) > 0 }
	if was.Call != is.Call {
		if was.Call != "" {
			all = append(all, CallEnded)
		}
		if is.Call != "" {
			all = append(all, CallStarted)
		}
		if paused(is) {
			all = append(all, Paused)
		}
		return all
	}
	switch {
	case paused(is) && !paused(was):
		all = append(all, Paused)
	case paused(was) && !paused(is):
		all = append(all, Resumed)
	}
	return all
}

// Of is what an event of a type tells of a line that was and is as given.
func Of(t Type, was, is *link.LineState) Data {
	l := is
	if t == CallEnded {
		l = was
	}
	d := Data{Line: l.Line, LineName: l.Name, Call: string(l.Call), State: is.State}
	if t != CallEnded {
		d.Problem = is.Problem
	}
	if t == Paused {
		d.PausedBy, d.LimitAt = slices.Clone(is.PausedBy), is.LimitAt
	}
	return d
}
