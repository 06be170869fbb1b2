package capture

import (
	"fmt"
	"slices"
	"time"

	"golang.org/x/sys/unix"

	"linevault/codec/pcm"
	"linevault/storage"
)

// begin opens the recording of a call, or of its next part.
func (l *Line) begin(c *span) error {
	rec, err := l.Writer.Begin(l.describe(c))
	if err != nil {
		return err
	}
	c.rec = rec
	return nil
}

// describe is what is known of a call where c begins.
func (l *Line) describe(c *span) storage.Call {
	k := l.Call
	k.ID, k.Line, k.Format = c.id, l.Source.ID(), l.Source.Format()
	k.Start, k.From, k.Clock = c.start, c.From, c.clock
	if n := c.first.FarNumber; n != "" {
		k.FarNumber = storage.Number(n)
	}
	if d := c.first.Direction; d != "" {
		k.Direction = storage.Direction(d)
	}
	k.Pauses = slices.Clone(c.pauses)
	k.Called, k.Signalled = storage.Number(c.first.Called), c.first.Reference
	return c.rule.apply(k)
}

// update adds to a recording what the signalling told since it began.
func (l *Line) update(c *span) {
	if c.rec == nil || c.dead {
		return // it will begin with it
	}
	if err := c.rec.Update(l.describe(c)); err != nil {
		l.broke(c, err)
	}
}

// settle finishes calls whose end has passed without audio to carry it: the card was lost.
func (l *Line) settle() {
	for len(l.calls) > 0 && l.calls[0].To <= l.gate.Left() {
		l.finish(l.calls[0])
	}
}

// finish ends the first call's recording; what of it never came is a gap.
func (l *Line) finish(c *span) {
	l.calls = l.calls[1:]
	if c.rec != nil { // else nothing of it ever left the gate
		if err := l.end(c); err != nil {
			l.broke(c, err)
		}
	}
	l.account(c)
}

func (l *Line) end(c *span) error {
	if c.dead {
		return nil
	}
	if err := l.enc.Break(l.packet(c)); err != nil {
		return err
	}
	l.peaks.Flush(l.peak(c))
	if c.kept < c.To {
		if err := c.rec.Gap(storage.Gap{Span: pcm.Span{From: c.kept, To: c.To}, Cause: storage.Lost}); err != nil {
			return err
		}
	}
	l.judgePayments(c)
	if len(c.pauses) > 0 {
		l.update(c)
	}
	if !c.more {
		return c.rec.Finish(storage.End{At: c.To, Why: c.why, Machine: time.Duration(c.end - c.begin)})
	}
	next := l.calls[0] // where the detector split it
	rec, err := c.rec.Next(next.From, l.describe(next))
	next.rec = rec
	return err
}

// peak hands a part of the waveform on. A waveform that cannot be kept is not worth a call.
func (l *Line) peak(c *span) func(pcm.Leg, int64, uint8) {
	return func(leg pcm.Leg, bin int64, v uint8) {
		if err := c.rec.Peak(leg, bin, v); err != nil {
			l.broke(c, err)
		}
	}
}

// broke gives up a call whose recording cannot go on. The line goes on, and so do all others.
func (l *Line) broke(c *span, err error) {
	c.dead, c.fault = true, err.Error()
	_ = l.enc.Break(nil) // its state belongs to the broken call, and nobody wants what is pending
	l.Health.Raise("recording "+string(c.id), l.Source.ID(),
		fmt.Sprintf("the rest of a call on %s was not recorded: %v", l.Call.Name, err))
}

// linger lets what waits in the gate leave in its time after the card is closed, so that a
// late pause still cuts it, and then ends the line. On a replayed file there is nothing to
// wait for.
func (l *Line) linger() error {
	l.drain()
	if s := l.live(); s != nil {
		s.To = max(s.From, l.upto)
		s.end, s.why = l.machine(s.To), l.AtEnd
	}
	var err error
	if l.AtEnd == storage.FileEnd {
		err = l.gate.Drain(l.emit)
	} else {
		err = l.gate.Advance(l.clock.PosAt(now()), l.emit)
	}
	l.settle()
	l.publish()
	if err != nil || len(l.calls) > 0 {
		return err
	}
	return errEnded
}

// Flush seals what is pending of the call being recorded.
func (l *Line) Flush() {
	if len(l.calls) == 0 {
		return
	}
	if c := l.calls[0]; c.rec != nil && !c.dead {
		if err := c.rec.Flush(); err != nil {
			l.broke(c, err)
		}
	}
}

// clockState asks the kernel how far the time of day can be trusted.
func clockState() storage.ClockState {
	var t unix.Timex
	state, err := unix.Adjtimex(&t)
	if err != nil || state == unix.TIME_ERROR || t.Status&unix.STA_UNSYNC != 0 {
		return storage.ClockState{Source: "none"}
	}
	unit := time.Microsecond
	if t.Status&unix.STA_NANO != 0 {
		unit = time.Nanosecond
	}
	return storage.ClockState{
		Source: "ntp", Offset: time.Duration(t.Offset) * unit,
		Uncertainty: time.Duration(t.Maxerror) * time.Microsecond,
	}
}
