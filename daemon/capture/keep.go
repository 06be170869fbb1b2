package capture

import (
	"linevault/codec"
	"linevault/codec/pcm"
	"linevault/daemon/pause"
	"linevault/storage"
)

// emit takes what leaves the gate, and keeps what of it belongs to calls.
func (l *Line) emit(p pause.Piece) error {
	for s := p.Span; !s.Empty() && len(l.calls) > 0; {
		c := l.calls[0]
		part := s.Intersect(c.Span)
		if part.Empty() {
			if c.From >= s.To {
				return nil // between calls
			}
			l.finish(c)
			continue
		}
		if !c.dead {
			if err := l.keep(c, p, part); err != nil {
				l.broke(c, err)
			}
		}
		c.kept, s.From = part.To, part.To
		if part.To == c.To {
			l.finish(c)
		}
	}
	return nil
}

// keep records one stretch of a call.
func (l *Line) keep(c *span, p pause.Piece, part pcm.Span) error {
	if c.rec == nil {
		if err := l.begin(c); err != nil {
			return err
		}
	}
	if c.rule.Rule != "" {
		return c.rec.Gap(storage.Gap{Span: part, Cause: storage.NotByPolicy, Reason: c.rule.Rule})
	}
	if p.Gap {
		if err := l.enc.Break(l.packet(c)); err != nil {
			return err
		}
		return c.rec.Gap(l.gap(p, part))
	}
	f := p.Frame.Slice(part)
	l.peaks.Add(f, l.peak(c))
	l.Ear.Add(f, l.clock.MonoAt(f.Pos))
	return l.enc.Encode(f, l.packet(c))
}

func (l *Line) packet(c *span) func(codec.Packet) error {
	return func(p codec.Packet) error { return c.rec.Packet(p) }
}

func (l *Line) gap(p pause.Piece, part pcm.Span) storage.Gap {
	g := storage.Gap{Span: part, Cause: storage.Lost}
	if !p.Lost {
		g.Cause, g.By, g.Reason = storage.Paused, p.By.Name, p.Why
		if l.Pause.Stop && !p.By.Contact {
			g.Cause = storage.Stopped
		}
	}
	return g
}
