package signalling

import (
	"cmp"
	"slices"
	"time"

	"linevault/codec/dsp/ringing"
	"linevault/codec/pcm"
	"linevault/hal"
)

// Listen is l with signals of what is heard on it: ringing, where the tap passes any of it, who calls,
// that the receiver is lifted, what is dialled after dial tone, and the tones by which the exchange says
// that a call is over. It does not alter the audio.
// Digits that are keyed later in a call are no signals: they may be a card number.
func Listen(l hal.Line) (hal.Line, error) {
	ear, err := NewLine(l.Format())
	if err != nil {
		return nil, err
	}
	e := &listener{Line: l, ear: ear}
	e.hear = e.take
	ear.rings, ear.emitRing = ringing.New(), func(ringing.Burst) { e.burst = true }
	return e, nil
}

// How long after dial tone the first digit may come, and each further one after the one before.
const (
	firstDigit = 15 * time.Second
	nextDigit  = 6 * time.Second
)

// maxDialled is more digits than any number has.
const maxDialled = 32

type listener struct {
	hal.Line
	ear     *Line
	hear    func(Event)
	block   *hal.Block // of the Read under way
	dialled []byte
	until   pcm.Pos // a digit before here is dialled
	hook    hook
	burst   bool // one began in this block
}

// Read implements hal.Line. What is heard is told at the beginning of the block in which it
// became certain.
func (l *listener) Read(b *hal.Block) error {
	if err := l.Line.Read(b); err != nil {
		return err
	}
	if b.Frame.Len() == 0 {
		return nil
	}
	l.block, l.burst = b, false
	l.hook.listen(b.Frame)
	l.ear.Step(b.Frame, l.hear)
	l.ring()
	if tone := l.ear.tones.Present(); tone == "busy" || tone == "unobtainable" || tone == "congestion" || tone == "dial" && l.hook.handedBack {
		l.tell(hal.Cleared, tone)
	} else if tone == "" {
		l.hook.handedBack = false
	}
	l.block = nil
	slices.SortStableFunc(b.Signals, func(x, y hal.Signal) int { return cmp.Compare(x.At, y.At) })
	return nil
}

func (l *listener) take(e Event) {
	switch e.Kind {
	case Caller:
		l.tell(hal.Direction, "in")
		if e.Caller.Number != "" {
			l.tell(hal.FarNumber, string(e.Caller.Number))
		}
	case Tone:
		if e.Value == "dial" {
			l.dialled, l.until = l.dialled[:0], e.At+l.Format().Samples(firstDigit)
			l.dialTone(e.At)
		}
	case Digit:
		if e.At >= l.until || len(l.dialled) == maxDialled {
			l.until = 0
			return
		}
		l.dialled = append(l.dialled, e.Value...)
		l.until = e.At + l.Format().Samples(nextDigit)
		l.tell(hal.Direction, "out")
		l.tell(hal.FarNumber, string(l.dialled))
	}
}

func (l *listener) tell(k hal.SignalKind, data string) {
	l.block.Signals = append(l.block.Signals, hal.Signal{At: l.block.Frame.Pos, Kind: k, Data: []byte(data)})
}
