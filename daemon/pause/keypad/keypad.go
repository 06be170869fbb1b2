// Package keypad listens for push-button digits in what a line carries: so that they are
// removed, so that an agent can pause by a code, and so that a card number that somebody keys
// without a pause is noticed. No digit leaves this package, and none stays in it.
package keypad

import (
	"math"
	"time"

	"linevault/codec/dsp/dtmf"
	"linevault/codec/pcm"
)

// Latency is how long audio must wait for a digit in it to be heard: the shortest is certain
// 25 ms after its end, and may begin just before a block does.
const Latency = 200 * time.Millisecond

// margin is how much before and after a digit goes with it.
const margin = 20 * time.Millisecond

// Codes are what an agent dials to pause and to resume; empty for none.
type Codes struct{ Pause, Resume string }

// Kind is what was heard.
type Kind uint8

// What can be heard.
const (
	Digit      Kind = iota + 1 // some digit, or more of it
	PauseCode                  // Span begins with the code's first digit
	ResumeCode                 // Span ends with the code's last digit
	Card                       // Span holds digits of a card, as far as they were heard; the next Card follows on
	Pressed                    // Span is a digit that is over, on the leg on which it is louder
)

// Event is something that was heard. Spans are of the line's clock, margins included.
type Event struct {
	Kind Kind
	Span pcm.Span
	Near bool    // of Card: on the near leg, where telephone numbers are dialled, too; or on a line's only one
	Leg  pcm.Leg // of Pressed
}

// Pad listens to one line. It belongs to one goroutine.
type Pad struct {
	format pcm.Format
	step   int     // samples of the line in one step of the detectors
	margin pcm.Pos // in samples of the line
	codes  codes
	ears   []*ear

	epoch   pcm.Epoch
	next    pcm.Pos // the sample that follows
	base    pcm.Pos // where the detectors began
	pending []int16 // less than one step, interleaved
}

// New makes a pad for a line. The codes are heard only where the near leg is apart: on a line
// whose parties are mixed, the outside party could dial them.
func New(f pcm.Format, c Codes) *Pad {
	p := &Pad{format: f, step: stepLength * f.Rate / rate, margin: f.Samples(margin)}
	p.pending = make([]int16, 0, p.step*f.Legs)
	if f.Legs > 1 {
		p.codes = newCodes(c, f.Samples(between))
	}
	for leg := range f.Legs {
		p.ears = append(p.ears, newEar(f, leg == 0))
	}
	return p
}

// Forget ends what was being dialled, at the end of a call.
func (p *Pad) Forget() {
	p.codes.forget()
	for _, e := range p.ears {
		e.run = run{length: e.run.length, near: e.run.near}
	}
}

// Step listens to f, which is not changed, and emits what it heard.
func (p *Pad) Step(f pcm.Frame, emit func(Event)) {
	if f.Len() == 0 {
		return
	}
	if f.Epoch != p.epoch || f.Pos != p.next {
		p.restart(f)
	}
	p.next = f.Span().To
	n := p.step * p.format.Legs
	pcmIn := f.PCM
	if len(p.pending) > 0 {
		k := min(n-len(p.pending), len(pcmIn))
		p.pending, pcmIn = append(p.pending, pcmIn[:k]...), pcmIn[k:]
		if len(p.pending) < n {
			p.upToDate(emit)
			return
		}
		p.hear(p.pending, p.next-pcm.Pos(len(pcmIn)/p.format.Legs), emit)
		clear(p.pending)
		p.pending = p.pending[:0]
	}
	for ; len(pcmIn) >= n; pcmIn = pcmIn[n:] {
		p.hear(pcmIn[:n], p.next-pcm.Pos((len(pcmIn)-n)/p.format.Legs), emit)
	}
	p.pending = append(p.pending, pcmIn...)
	p.upToDate(emit)
}

// restart begins anew at f: what is heard before a break says nothing of what is after it.
func (p *Pad) restart(f pcm.Frame) {
	p.Wipe()
	p.epoch, p.base = f.Epoch, f.Pos
}

// Wipe forgets all sound, on a line that gives none any more.
func (p *Pad) Wipe() {
	clear(p.pending)
	p.pending, p.next = p.pending[:0], math.MinInt64 // no frame follows on from that
	for _, e := range p.ears {
		e.restart()
	}
}

// upToDate lets a digit that is being pressed reach to the end of what has come, and looks
// whether a number is complete.
func (p *Pad) upToDate(emit func(Event)) {
	for _, e := range p.ears {
		e.run.lapse(p.next, emit)
		if e.symbol != 0 {
			emit(Event{Kind: Digit, Span: pcm.Span{From: e.last, To: p.next + p.margin}})
			e.last = p.next
		}
	}
}

// hear takes one step of all legs, which ends before the position end.
func (p *Pad) hear(in []int16, end pcm.Pos, emit func(Event)) {
	for leg, e := range p.ears {
		e.take(in, leg, p.format.Legs)
	}
	for _, e := range p.ears {
		if e.symbol != 0 {
			p.hold(e, end, emit)
		}
		e.detector.Step(e.step(), func(d dtmf.Digit) {
			if e.symbol != 0 {
				p.release(e, emit) // the next digit without a break
			}
			from := p.base + d.At*pcm.Pos(p.format.Rate/rate)
			e.symbol, e.newest, e.from, e.last, e.heard, e.silent = d.Symbol, d.Symbol, from-p.margin, end, end, 0
			e.power = e.loudest(d.Symbol)
			emit(Event{Kind: Digit, Span: pcm.Span{From: e.from, To: end + p.margin}})
			e.run.press(e.symbol, pcm.Span{From: e.from, To: end + p.margin}, emit)
		})
	}
}

// hold sees whether a digit that was heard goes on.
func (p *Pad) hold(e *ear, end pcm.Pos, emit func(Event)) {
	if e.sounds(e.symbol) {
		emit(Event{Kind: Digit, Span: pcm.Span{From: e.last, To: end + p.margin}})
		e.last, e.heard, e.silent = end, end, 0
		return
	}
	if e.silent++; e.silent >= endOfPress {
		p.release(e, emit)
	}
}

// release takes note of a digit's end. Only then is it a code's: by now it is known whether
// it was pressed on the other leg.
func (p *Pad) release(e *ear, emit func(Event)) {
	end := e.heard + p.margin
	e.run.release(end, emit)
	if leg := p.leg(e); leg >= 0 {
		emit(Event{Kind: Pressed, Span: pcm.Span{From: e.from, To: end}, Leg: pcm.Leg(leg)})
	}
	if e == p.ears[0] && !p.leaked(e) {
		p.codes.press(e.symbol, pcm.Span{From: e.from, To: end}, emit)
	}
	e.symbol = 0
}

// leg is the one on which an ear's digit was pressed; negative if it leaked there from the other.
func (p *Pad) leg(e *ear) int {
	for leg, o := range p.ears {
		if o == e {
			continue
		}
		apart := e.from - o.from
		if o.newest == e.symbol && max(apart, -apart) < p.format.Samples(together) && o.power > e.power {
			return -1
		}
		return 1 - leg
	}
	return 0
}

// leaked reports whether a digit of the near leg is the outside party's: it is on the far leg
// too, and not much weaker there.
func (p *Pad) leaked(near *ear) bool {
	if len(p.ears) < 2 {
		return false
	}
	far := p.ears[1]
	apart := near.from - far.from
	return far.newest == near.symbol && max(apart, -apart) < p.format.Samples(together) && near.power < louder*far.power
}
