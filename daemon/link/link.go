// Package link is how the desk and the recorder speak: HTTP with JSON over one Unix socket
// in the data folder. This file has the words; they are the same on both sides.
package link

import (
	"time"

	"linevault/codec/pcm"
	"linevault/daemon/health"
	"linevault/storage"
)

// LineState is one line as it is now.
type LineState struct {
	Line       pcm.LineID     `json:"line"`
	Name       string         `json:"name"`
	Department string         `json:"department,omitempty"`
	Number     storage.Number `json:"number,omitempty"`
	State      State          `json:"state"`
	Legs       int            `json:"legs"`
	// Levels are dBFS of each leg over the last 100 ms, -90 at the least; empty while paused.
	Levels    []float64      `json:"levels"`
	Call      storage.CallID `json:"call,omitempty"`
	Since     time.Time      `json:"since,omitzero"` // when the call began, or the card was lost
	PausedBy  []string       `json:"paused_by,omitempty"`
	LimitAt   time.Time      `json:"limit_at,omitzero"` // when the first of its pauses becomes an alarm
	FarNumber storage.Number `json:"far_number,omitempty"`
	Direction string         `json:"direction,omitempty"` // of the call: "in" or "out", where it is known
	Problem   string         `json:"problem,omitempty"`   // one sentence with the fix
	Wiring    Wiring         `json:"wiring"`
	Signs     Signs          `json:"signs"`
	// ManualLimit is how long a person may pause the line by hand; 0 for not at all.
	ManualLimit time.Duration `json:"manual_limit,omitempty"`
}

// Alarm is something a person must know.
type Alarm = health.Alarm

// State is what a line is doing.
type State string

// The states of a line.
const (
	Idle      State = "idle"
	Recording State = "recording"
	Paused    State = "paused"
	Failed    State = "failed"   // the card is lost
	Excluded  State = "excluded" // a call goes on, and a rule says that it is not recorded
	// Unrecorded is a call of which no sound is kept although it should be: Problem says why.
	Unrecorded State = "unrecorded"
)

// Terminal is something that may pause lines by the API.
type Terminal struct {
	Name      string       `json:"terminal" doc:"its name"`
	Lines     []pcm.LineID `json:"lines" doc:"the lines that it may pause"`
	Expires   time.Time    `json:"expires,omitzero" doc:"when it may not ask any more"`
	LastUsed  time.Time    `json:"last_used,omitzero" doc:"when it last asked for anything"`
	LastFrom  string       `json:"last_from,omitempty" doc:"and from which address"`
	From      []string     `json:"from,omitempty" doc:"where it may ask from; anywhere, if this is missing"`
	Shows     string       `json:"shows,omitempty" doc:"what it shows to be known: token, certificate, or both"`
	Heartbeat float64      `json:"heartbeat_seconds,omitempty" doc:"how often it promised to be heard"`
}

// Status is the whole recorder at one instant.
type Status struct {
	At     time.Time      `json:"at"`
	Lines  []LineState    `json:"lines"`
	Alarms []health.Alarm `json:"alarms"`
	// Terminals are those that may pause lines.
	Terminals []Terminal `json:"terminals,omitempty"`
}
