// Package call finds calls on a line: where each begins and where it ends, by what the line
// signals or, where it signals nothing, by what is heard. The same blocks give the same edges.
package call

import (
	"time"

	"linevault/codec/pcm"
	"linevault/hal"
)

// Kind says what an edge is.
type Kind uint8

// The kinds of edge.
const (
	Begin  Kind = iota + 1
	End         // hung up, or silent for the hang-over
	Cut         // the card was lost in mid call
	Split       // the call goes on, in a new part
	Told        // the signalling told more of the call that goes on
	Missed      // the signalling told of a call, and nobody spoke
)

// Edge is where a call begins or ends. An edge may lie before the block that gave it away,
// by no more than Lookback, unless it is Missed.
type Edge struct {
	At   pcm.Pos
	Kind Kind
	// What the signalling has told of the call by then.
	FarNumber string
	Called    string // as the line gave it
	Direction string
	Reference string // the call's name in the signalling, where it has one
}

// Detector finds the edges of one line's calls.
type Detector interface {
	// Step looks at the next block, which it does not keep, and returns its edges in order,
	// in a slice that is good until the next Step.
	Step(b *hal.Block) []Edge
}

// Options are what detectors go by. Times are of the line's clock.
type Options struct {
	Format pcm.Format
	// Lead is how much before the first sound a call begins, for detection by voice.
	Lead time.Duration
	// Minimum is how long there must be activity before there is a call, for detection by voice.
	Minimum time.Duration
	// Hangover is how long both legs must be silent for the call to be over, for detection by voice.
	Hangover time.Duration
	// Maximum is how long a part may be; the call goes on in a new one.
	Maximum time.Duration
}

// Defaults are good for a line of a contact centre.
func Defaults(f pcm.Format) Options {
	return Options{
		Format: f, Lead: 300 * time.Millisecond, Minimum: 400 * time.Millisecond,
		Hangover: 10 * time.Second, Maximum: 8 * time.Hour,
	}
}

// Lookback is how far before a block an edge in it may lie.
func (o Options) Lookback() time.Duration { return o.Lead + 2*o.Minimum }

// fresh is how long what was signalled before a call counts for it: ringing, and some.
const fresh = time.Minute

// tracker is what all detectors share: whether there is a call, since when, and what the
// signalling has told of it.
type tracker struct {
	open  bool
	since pcm.Pos // where the running part began
	max   pcm.Pos
	fresh pcm.Pos
	edges []Edge

	told Edge // At is when it was last told, or 0
}

func newTracker(o Options) tracker {
	return tracker{max: o.Format.Samples(o.Maximum), fresh: o.Format.Samples(fresh)}
}

func (t *tracker) begin(at pcm.Pos) {
	t.missed(at)
	t.open, t.since = true, at
	t.add(at, Begin)
}

func (t *tracker) end(at pcm.Pos, k Kind) {
	t.open, t.told = false, Edge{}
	t.add(at, k)
}

// add adds an edge with what was told of the call.
func (t *tracker) add(at pcm.Pos, k Kind) {
	e := t.told
	e.At, e.Kind = at, k
	t.edges = append(t.edges, e)
}

// tell takes what the signalling tells of the call that goes on, or of the next.
func (t *tracker) tell(s hal.Signal) {
	switch s.Kind {
	case hal.FarNumber:
		t.told.FarNumber = string(s.Data)
	case hal.CalledNumber:
		t.told.Called = string(s.Data)
	case hal.Direction:
		t.told.Direction = string(s.Data)
	case hal.Ringing:
		if t.open || t.told.Direction == "in" {
			return
		}
		t.told.Direction = "in"
	case hal.Reference:
		t.told.Reference = string(s.Data)
	default:
		return
	}
	t.told.At = max(s.At, 1)
	if t.open {
		t.add(s.At, Told)
	}
}

// missed forgets, by at, what was told of a call that has not begun within a while.
func (t *tracker) missed(at pcm.Pos) {
	if !t.open && t.told.At > 0 && at-t.told.At > t.fresh {
		t.miss(t.told.At)
	}
}

// miss ends a call that was told of and never began.
func (t *tracker) miss(at pcm.Pos) {
	if !t.open && t.told.At > 0 {
		t.add(at, Missed)
		t.told = Edge{}
	}
}

// split begins new parts as the block up to end makes the call too long for one.
func (t *tracker) split(end pcm.Pos) {
	for t.open && t.max > 0 && end-t.since > t.max {
		t.since += t.max
		t.edges = append(t.edges, Edge{At: t.since, Kind: Split})
	}
}
