package control

import (
	"context"
	"fmt"
	"iter"
	"time"

	"linevault/daemon/link"
)

// Line is one tapped line as it is now.
type Line struct {
	ID, Name, Department, Number string
	State                        State
	Legs                         int
	Levels                       []float64 // dBFS of each leg; empty while nothing may be measured
	Since                        time.Time // when the call began, or the card was lost
	PausedBy                     []string
	Problem                      string        // one sentence with the fix
	ManualLimit                  time.Duration // how long a person may pause by hand; 0 for not at all
	Call                         string
	LimitAt                      time.Time // when the first of its pauses becomes an alarm
}

// State is what a line is doing.
type State string

// The states of a line.
const (
	Idle      = State(link.Idle)
	Recording = State(link.Recording)
	Paused    = State(link.Paused)
	Failed    = State(link.Failed)
	Excluded  = State(link.Excluded) // a rule says that the call is not recorded
	// Unrecorded is a call that should be recorded and is not: Problem says why.
	Unrecorded = State(link.Unrecorded)
)

// Alarm is something a person must know, with what to do.
type Alarm struct {
	Text  string
	Since time.Time
}

// Board is all lines at one instant.
type Board struct {
	At     time.Time
	Lines  []Line
	Alarms []Alarm
}

// LowestLevel is what a level reads when there is no sound at all, in dBFS.
const LowestLevel = -90

// Lines is the board now.
func (d *Desk) Lines(ctx context.Context, a Actor) (Board, error) {
	if err := a.need(SeeLines); err != nil {
		return Board{}, err
	}
	s, err := d.Recorder.Status(ctx)
	if err != nil {
		return Board{}, fmt.Errorf("ask the recorder: %w", err)
	}
	return d.board(s), nil
}

// Watch is the board, ten times a second, until ctx ends or the recorder goes away.
func (d *Desk) Watch(ctx context.Context, a Actor) iter.Seq2[Board, error] {
	return func(yield func(Board, error) bool) {
		if err := a.need(SeeLines); err != nil {
			yield(Board{}, err)
			return
		}
		for s, err := range d.Recorder.Watch(ctx) {
			if err != nil {
				yield(Board{}, fmt.Errorf("watch the recorder: %w", err))
				return
			}
			if !yield(d.board(s), nil) {
				return
			}
		}
	}
}

// board is what the recorder tells, with the alarms of the desk.
func (d *Desk) board(s link.Status) Board {
	b := Board{At: s.At}
	for _, l := range s.Lines {
		b.Lines = append(b.Lines, Line{
			ID: string(l.Line), Name: l.Name, Department: l.Department, Number: string(l.Number),
			State: State(l.State), Legs: l.Legs, Levels: append([]float64{}, l.Levels...), Since: l.Since,
			PausedBy: l.PausedBy, Problem: l.Problem, ManualLimit: l.ManualLimit, LimitAt: l.LimitAt, Call: string(l.Call),
		})
	}
	for _, a := range s.Alarms {
		b.Alarms = append(b.Alarms, Alarm{Text: a.Text, Since: a.Since})
	}
	if d.Health != nil {
		for _, a := range d.Health.Alarms() {
			b.Alarms = append(b.Alarms, Alarm{Text: a.Text, Since: a.Since})
		}
	}
	return b
}
