package pcm

import (
	"math"
	"time"
)

// Timeline learns how a line's positions, CLOCK_MONOTONIC and the time of day relate. Reads
// are late by chance and never early, so the least delayed one of the last seconds wins; the
// window is short enough to follow a card whose clock drifts by hundreds of parts a million.
// The zero value is unusable; a Timeline belongs to one goroutine.
type Timeline struct {
	format Format
	// Each is the least of (when captured - nominal duration of the position) over a window.
	now, before  float64
	turn         Mono // when now becomes before
	known, stale bool
	wallAt       Mono
	wall         time.Time
}

// window is how long one least delay counts for; two windows are looked at.
const window = Mono(10 * time.Second)

// NewTimeline starts a timeline on which nothing is known, but that at the instant at it was
// wall by the time of day.
func NewTimeline(f Format, at Mono, wall time.Time) *Timeline {
	return &Timeline{format: f, wallAt: at, wall: wall}
}

// Known reports whether a position has been observed yet.
func (t *Timeline) Known() bool { return t.known }

// Restart says that a new epoch begins: the next position observed replaces what was learnt,
// which until then is the best there is.
func (t *Timeline) Restart() { t.stale = true }

// SetWall says what the time of day was at one instant; later answers follow it.
func (t *Timeline) SetWall(at Mono, wall time.Time) { t.wallAt, t.wall = at, wall }

// Observe learns that the samples before p had all been captured by at.
func (t *Timeline) Observe(p Pos, at Mono) {
	delay := float64(at) - t.nominal(p)
	switch {
	case !t.known || t.stale:
		t.now, t.before, t.turn = delay, math.Inf(1), at+window
		t.known, t.stale = true, false
	case at >= t.turn:
		t.before, t.now, t.turn = t.now, delay, at+window
	default:
		t.now = min(t.now, delay)
	}
}

// PosAt is the sample that was being captured at the instant at. Before anything is known
// it is 0.
func (t *Timeline) PosAt(at Mono) Pos {
	if !t.known {
		return 0
	}
	return Pos(math.Floor((float64(at) - t.least()) * float64(t.format.Rate) / float64(time.Second)))
}

// MonoAt is when the sample p was captured.
func (t *Timeline) MonoAt(p Pos) Mono {
	if !t.known {
		return t.wallAt
	}
	return Mono(t.nominal(p) + t.least())
}

// WallAt is the time of day at which the sample p was captured.
func (t *Timeline) WallAt(p Pos) time.Time {
	return t.wall.Add(time.Duration(t.MonoAt(p) - t.wallAt))
}

func (t *Timeline) least() float64 { return min(t.now, t.before) }

// nominal is in nanoseconds. A float64 holds 100 days of them to within 2 ns.
func (t *Timeline) nominal(p Pos) float64 {
	return float64(p) * (float64(time.Second) / float64(t.format.Rate))
}
