// Package signalling hears what an analogue line signals by sound: push-button digits, caller
// identity and the network's tones.
package signalling

import (
	"fmt"
	"log/slog"

	"linevault/codec/dsp/dtmf"
	"linevault/codec/dsp/fsk"
	"linevault/codec/dsp/ringing"
	"linevault/codec/dsp/tones"
	"linevault/codec/pcm"
)

// Kind says what was heard.
type Kind string

// The kinds of event.
const (
	Digit  Kind = "dtmf" // Value is the button: one of 0-9 A-D * #
	Caller Kind = "cli"  // Caller is who is calling
	Tone   Kind = "tone" // Value is the tone: dial, ringback, busy, unobtainable or congestion
)

// Event is one thing heard on a line. In a log it is only its kind: digits that are dialled in
// a call may be a card number.
type Event struct {
	At     pcm.Pos // where it begins, on the line's clock
	Kind   Kind
	Value  string
	Caller fsk.Caller
}

// LogValue keeps digits and numbers out of logs.
func (e Event) LogValue() slog.Value {
	if e.Kind == Tone {
		return slog.StringValue(string(e.Kind) + " " + e.Value)
	}
	return slog.StringValue(string(e.Kind))
}

// Rates that a line may have.
const (
	narrow = 8000
	wide   = 16000
)

// afterDialTone is for how many samples after dial tone was last heard alone digits are looked for
// under it: the exchange stops it within half a second of the first.
const afterDialTone = narrow / 2

// Line listens to one line with all detectors. It is not safe for concurrent use.
type Line struct {
	format pcm.Format
	epoch  pcm.Epoch
	base   pcm.Pos // of the detectors' position 0
	next   pcm.Pos // where the next frame should begin
	begun  bool

	dialTone int // samples for which there may still be some

	digits *dtmf.Detector
	caller *fsk.Detector
	tones  *tones.Detector
	rings  *ringing.Detector // nil where nobody wants to know
	halver halver

	emit       func(Event) // of the Step under way
	emitDigit  func(dtmf.Digit)
	emitCaller func(fsk.Received)
	emitTone   func(tones.Tone)
	emitRing   func(ringing.Burst)
}

// NewLine makes a listener to a line of format f: 8 or 16 kHz, one leg or two.
func NewLine(f pcm.Format) (*Line, error) {
	if f.Rate != narrow && f.Rate != wide || f.Legs < 1 || f.Legs > pcm.MaxLegs {
		return nil, fmt.Errorf("signalling: %d legs at %d samples a second; it takes 1 or 2 at %d or %d",
			f.Legs, f.Rate, narrow, wide)
	}
	l := &Line{
		format: f,
		digits: dtmf.New(),
		caller: fsk.New(),
		tones:  tones.New(tones.UK),
	}
	l.emitDigit = func(d dtmf.Digit) {
		l.emit(Event{At: l.place(d.At), Kind: Digit, Value: symbols[d.Symbol]})
	}
	l.emitCaller = func(r fsk.Received) {
		// That voice mail waits is no call.
		if r.CallType != fsk.MessageWaiting {
			l.emit(Event{At: l.place(r.At), Kind: Caller, Caller: r.Caller})
		}
	}
	l.emitTone = func(t tones.Tone) {
		l.emit(Event{At: l.place(t.At), Kind: Tone, Value: t.Name})
	}
	return l, nil
}

// symbols saves making a string of each digit.
var symbols = func() (s [256]string) {
	for _, b := range []byte("0123456789ABCD*#") {
		s[b] = string(b)
	}
	return s
}()

// place turns a detector's position into the line's.
func (l *Line) place(p pcm.Pos) pcm.Pos { return l.base + p*pcm.Pos(l.format.Rate/narrow) }

// Step takes in f, which has the line's format, and emits what becomes certain with it: a digit
// some 35 ms after it begins, a caller at the end of the message, a tone when its
// cadence has shown, which takes a second or two. Events come in order of that, not of At.
// Both legs are heard as one. A new epoch or a jump of position makes it forget what it heard.
func (l *Line) Step(f pcm.Frame, emit func(Event)) {
	if f.Format != l.format {
		panic("signalling: frame of another format than its line")
	}
	if !l.begun || f.Epoch != l.epoch || f.Pos != l.next {
		l.reset(f)
	}
	l.next = f.Pos + f.Len()
	l.emit = emit
	var mono [160]int16
	for p := f.PCM; len(p) > 0; {
		n := min(len(p)/l.format.Legs, len(mono)) * l.format.Legs
		if n == 0 {
			break
		}
		m := mix(mono[:], p[:n], l.format.Legs)
		if l.format.Rate == wide {
			m = l.halver.halve(m)
		}
		l.tones.Step(m, l.emitTone)
		if l.dialTone -= len(m); l.tones.Present() == "dial" {
			l.dialTone = afterDialTone
		}
		l.digits.OverDialTone(l.dialTone > 0)
		l.digits.Step(m, l.emitDigit)
		l.caller.Step(m, l.emitCaller)
		if l.rings != nil {
			l.rings.Step(m, l.emitRing)
		}
		p = p[n:]
	}
	l.emit = nil
}

func (l *Line) reset(f pcm.Frame) {
	l.begun, l.epoch, l.base = true, f.Epoch, f.Pos
	l.digits.Reset()
	l.caller.Reset()
	l.tones.Reset()
	if l.rings != nil {
		l.rings.Reset()
	}
	l.halver, l.dialTone = halver{}, 0
}

// mix puts the mean of the legs of src into dst.
func mix(dst, src []int16, legs int) []int16 {
	if legs == 1 {
		return dst[:copy(dst, src)]
	}
	n := len(src) / 2
	for i := range n {
		dst[i] = int16((int32(src[2*i]) + int32(src[2*i+1])) / 2)
	}
	return dst[:n]
}
