package call

import "linevault/hal"

// Whole takes everything for one call, from the first sample on.
type Whole struct {
	t     tracker
	begun bool
}

// NewWhole makes a detector for a file that is one call.
func NewWhole(o Options) *Whole {
	return &Whole{t: newTracker(o)}
}

// Step implements Detector.
func (w *Whole) Step(b *hal.Block) []Edge {
	w.t.edges = w.t.edges[:0]
	if s := b.Frame.Span(); !s.Empty() {
		if !w.begun {
			w.begun = true
			w.t.begin(s.From)
		}
		w.t.split(s.To)
	}
	return w.t.edges
}
