package call

import "linevault/hal"

// Loop goes by the line's loop current, or any signalling that is told as such. Numbers and
// directions signalled before a call begins are part of its first edge; later ones make an
// edge of their own.
type Loop struct{ t tracker }

// NewLoop makes a detector for a line whose contact or card tells the loop's state.
func NewLoop(o Options) *Loop { return &Loop{t: newTracker(o)} }

// Step implements Detector.
func (l *Loop) Step(b *hal.Block) []Edge {
	l.t.edges = l.t.edges[:0]
	for _, s := range b.Signals {
		l.t.split(s.At)
		l.t.tell(s)
		switch {
		case s.Kind == hal.LoopClosed && !l.t.open:
			l.t.begin(s.At)
		case s.Kind == hal.LoopOpen && l.t.open:
			l.t.end(s.At, End)
		case s.Kind == hal.LoopOpen:
			l.t.miss(s.At) // rung off before it was answered
		case s.Kind == hal.Lost && l.t.open:
			l.t.end(s.At, Cut)
		}
	}
	l.t.missed(b.Frame.Span().To)
	l.t.split(b.Frame.Span().To)
	return l.t.edges
}
