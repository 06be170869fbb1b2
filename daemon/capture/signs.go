package capture

import (
	"slices"

	"linevault/codec/dsp"
	"linevault/codec/pcm"
	"linevault/daemon/link"
	"linevault/hal"
)

// count notes what a block signals, for line tests. Nothing is decided by it.
func (l *Line) count(b *hal.Block) {
	for _, s := range b.Signals {
		switch {
		case s.Kind == hal.LoopClosed, s.Kind == hal.Lifted:
			l.signs.Seized++
		case s.Kind == hal.Ringing && string(s.Data) == "burst":
			l.signs.Rung++
		}
	}
	for leg := range l.signs.Clipped {
		if dsp.Clips(b.Frame, pcm.Leg(leg)) {
			l.signs.Clipped[leg]++
		}
	}
}

// counted is a copy that does not change any more.
func (l *Line) counted() link.Signs {
	s := l.signs
	s.Keyed, s.Clipped = slices.Clone(s.Keyed), slices.Clone(s.Clipped)
	return s
}
