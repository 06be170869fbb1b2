package q921

import "time"

// State is whether the data link carries messages.
type State uint8

// The states of a link.
const (
	Unsure State = iota // nothing heard yet that tells
	Up
	Down
)

func (s State) String() string { return [...]string{"unsure", "up", "down"}[s] }

// givenUp is how long after the last numbered frame layer 3 is told that the link is lost
// (DL-RELEASE): T203, then N200 polls, then N200 SABMEs, at T200 each (Q.921 5.9, 5.6.4, 5.5.1.3;
// T203 10 s, T200 1 s, N200 3).
const givenUp = 10*time.Second + 2*4*time.Second

// Link follows both directions of one D channel. Its zero value is ready.
type Link struct {
	Bad   int                // octets that were no frame
	from  [User + 1]Sequence // by the side that sends
	state State
	alive [User + 1]time.Duration // when each side's last numbered frame came
	heard [User + 1]bool
}

// State is whether the link is up as far as could be heard.
func (l *Link) State() State { return l.state }

// From is the numbering of what one side sends.
func (l *Link) From(s Side) *Sequence { return &l.from[s] }

// Last is when that side's last numbered frame came.
func (l *Link) Last(s Side) (time.Duration, bool) { return l.alive[s], l.heard[s] }

// Alive is when the two ends last heard of each other: a side that polls alone proves nothing.
func (l *Link) Alive() (time.Duration, bool) {
	switch {
	case l.heard[Network] && l.heard[User]:
		return min(l.alive[Network], l.alive[User]), true
	case l.heard[Network]:
		return l.alive[Network], true
	}
	return l.alive[User], l.heard[User]
}

// Change is what a frame did to the link.
type Change struct {
	State  State         // of the link afterwards
	Moved  bool          // the state changed
	Outage time.Duration // how long a link that is up again was away, 0 if it was not
}

// GivenUp reports whether an outage was long enough for layer 3 to have been told of it, so that
// calls may have been cleared without a message (Q.931 5.8.9).
func (c Change) GivenUp() bool { return c.Outage >= givenUp }

// Follow takes in a frame that side sent at that time. It does not judge I frames; see
// Sequence.Heard.
func (l *Link) Follow(f Frame, from Side, at time.Duration) Change {
	before := l.state
	switch f.Kind {
	case SABME:
		l.reset()
		l.state = Down
	case DISC, DM:
		l.state = Down
	case UA:
		if before != Up { // the second UA of a collision (Q.921 5.5.5) comes after messages
			l.reset()
		}
		l.state = Up
	default:
		if f.Numbered() {
			l.from[from.Other()].Acked(f.NR)
			l.state = Up
		}
	}
	c := Change{State: l.state, Moved: l.state != before}
	if l.state != Up {
		return c
	}
	if last, ok := l.Alive(); ok && c.Moved {
		c.Outage = at - last
	}
	l.alive[from], l.heard[from] = max(l.alive[from], at), true
	if c.Moved {
		l.alive[from.Other()] = l.alive[from]
	}
	return c
}

// reset is what SABME and its UA do to both directions (Q.921 5.5.1.2).
func (l *Link) reset() {
	l.from[Network].Reset()
	l.from[User].Reset()
}
