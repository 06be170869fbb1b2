package call

import (
	"linevault/codec/pcm"
	"linevault/hal"
)

// Loop goes by the line's loop current, or any signalling that is told as such. Numbers and
// directions signalled before a call begins are part of its first edge; later ones make an
// edge of their own.
type Loop struct {
	t         tracker
	number    string
	direction string
}

// NewLoop makes a detector for a line whose contact or card tells the loop's state.
func NewLoop(o Options) *Loop {
	return &Loop{t: tracker{max: o.Format.Samples(o.Maximum)}}
}

// Step implements Detector.
func (l *Loop) Step(b *hal.Block) []Edge {
	l.t.edges = l.t.edges[:0]
	for _, s := range b.Signals {
		l.t.split(s.At)
		switch s.Kind {
		case hal.FarNumber:
			l.number = string(s.Data)
			l.tell(s.At)
		case hal.Direction:
			l.direction = string(s.Data)
			l.tell(s.At)
		case hal.LoopClosed:
			if !l.t.open {
				l.t.begin(s.At)
				e := &l.t.edges[len(l.t.edges)-1]
				e.FarNumber, e.Direction = l.number, l.direction
			}
		case hal.LoopOpen:
			if l.t.open {
				l.t.end(s.At, End)
			}
			l.number, l.direction = "", ""
		case hal.Lost:
			if l.t.open {
				l.t.end(s.At, Cut)
			}
		}
	}
	l.t.split(b.Frame.Span().To)
	return l.t.edges
}

// tell says what is known of a call that goes on.
func (l *Loop) tell(at pcm.Pos) {
	if l.t.open {
		l.t.edges = append(l.t.edges, Edge{At: at, Kind: Told, FarNumber: l.number, Direction: l.direction})
	}
}
