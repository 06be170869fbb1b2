// Package pcm is the vocabulary of sound: positions, spans, frames, and the clocks that
// they are read by. It imports only the standard library; everyone may import it.
package pcm

import "time"

// Pos is a sample instant on one line's clock. Within an Epoch it never goes back, and a new
// epoch begins no earlier than the one before it ended: the card estimates what was lost.
type Pos int64

// Epoch numbers the unbroken runs of a line's clock. Inside one epoch a difference of
// positions counts samples exactly; across two it is the card's estimate.
type Epoch uint32

// Mono is CLOCK_MONOTONIC since boot. Frames, GPIO edges and API requests are all stamped
// with it, by this machine's own clock.
type Mono time.Duration

// LineID names one line; it is the line's name in the configuration, made safe for a path.
type LineID string

// Leg is one party's side of a line.
type Leg uint8

// The legs of a line. A line with one leg carries both parties mixed, as Near.
const (
	Near Leg = iota // the council's extension
	Far             // the outside party
)

// MaxLegs is how many legs a line may have.
const MaxLegs = 2

// Format says how a line's samples lie.
type Format struct {
	Rate int // samples per second of each leg
	Legs int // 1 or 2
}

// Samples is how many samples d lasts, rounded to the nearest. Seconds and the remainder are
// converted apart: nanoseconds times a sample rate would overflow after some days.
func (f Format) Samples(d time.Duration) Pos {
	s, ns := int64(d/time.Second), int64(d%time.Second)
	half := int64(time.Second / 2)
	if ns < 0 {
		half = -half
	}
	return Pos(s*int64(f.Rate) + (ns*int64(f.Rate)+half)/int64(time.Second))
}

// Duration is how long n samples last.
func (f Format) Duration(n Pos) time.Duration {
	s, r := int64(n)/int64(f.Rate), int64(n)%int64(f.Rate)
	return time.Duration(s)*time.Second + time.Duration(r*int64(time.Second)/int64(f.Rate))
}

// Span is a stretch of one line's clock, half open.
type Span struct{ From, To Pos }

// Len is the number of samples in s, never negative.
func (s Span) Len() Pos { return max(0, s.To-s.From) }

// Empty reports whether no sample lies in s.
func (s Span) Empty() bool { return s.To <= s.From }

// Contains reports whether p lies in s.
func (s Span) Contains(p Pos) bool { return s.From <= p && p < s.To }

// Intersect is what s and o have in common; it may be empty.
func (s Span) Intersect(o Span) Span {
	return Span{From: max(s.From, o.From), To: min(s.To, o.To)}
}

// Frame is a run of captured samples, interleaved by leg. Whoever hands a Frame over says
// how long PCM may be kept.
type Frame struct {
	Epoch  Epoch
	Pos    Pos // of the first sample
	Format Format
	PCM    []int16
}

// Len is how many sample instants f holds.
func (f Frame) Len() Pos {
	if f.Format.Legs == 0 {
		return 0
	}
	return Pos(len(f.PCM) / f.Format.Legs)
}

// Span is the stretch of the line's clock that f covers.
func (f Frame) Span() Span { return Span{From: f.Pos, To: f.Pos + f.Len()} }

// Slice is the part of f inside s, sharing f's memory.
func (f Frame) Slice(s Span) Frame {
	s = s.Intersect(f.Span())
	if s.Empty() {
		f.PCM = nil
		return f
	}
	n := Pos(f.Format.Legs)
	f.PCM, f.Pos = f.PCM[(s.From-f.Pos)*n:(s.To-f.Pos)*n], s.From
	return f
}
