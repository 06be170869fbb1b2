package gpio

import (
	"time"

	"linevault/codec/pcm"
	"linevault/hal"
)

// debounce turns what a pin does into edges of a contact. It fails closed: a contact that
// closes is believed at once, however short; one that opens only when it has stayed open for
// a while, and from the last time that it bounced, so that nothing is recorded too early.
type debounce struct {
	quiet  time.Duration
	closed bool // what was last reported
	opens  bool // the pin is open, and quiet has not gone by
	since  pcm.Mono
	lost   int // edges that nobody saw since the last report
}

// begin is for the state in which a contact is found.
func (d *debounce) begin(closed bool, now pcm.Mono) hal.Edge {
	d.closed, d.opens = closed, false
	return hal.Edge{At: now, Closed: closed}
}

// step is for what the pin did, after which the contact is closed or not.
func (d *debounce) step(m move, closed bool) (e hal.Edge, is bool) {
	d.lost += m.lost
	if m.came {
		e, is = d.edge(closed, m.at)
	} else {
		e, is = d.rest(closed, m.at)
	}
	if is {
		e.Lost, d.lost = d.lost, 0
	}
	return e, is
}

func (d *debounce) edge(closed bool, at pcm.Mono) (e hal.Edge, is bool) {
	// An edge after which an open contact is open still was a pulse too short to be read.
	is = !d.closed
	d.closed, d.opens, d.since = true, !closed, at
	return hal.Edge{At: at, Closed: true}, is
}

// rest is for a pin that was read though no edge came.
func (d *debounce) rest(closed bool, now pcm.Mono) (e hal.Edge, is bool) {
	switch {
	case closed && !d.closed: // its edge was lost
		d.closed = true
		d.lost++
		return hal.Edge{At: now, Closed: true}, true
	case closed:
		d.opens = false
	case d.closed && !d.opens: // its edge was lost
		d.opens, d.since = true, now
		d.lost++
	case d.opens && now >= d.since+pcm.Mono(d.quiet):
		d.closed, d.opens = false, false
		return hal.Edge{At: d.since}, true
	}
	return hal.Edge{}, false
}

// left is how long the pin must yet stay open to count as open, if it is opening.
func (d *debounce) left(now pcm.Mono) (time.Duration, bool) {
	return time.Duration(d.since+pcm.Mono(d.quiet)) - time.Duration(now), d.opens
}
