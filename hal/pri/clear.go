package pri

import (
	"time"

	"linevault/hal/pri/q921"
	"linevault/hal/pri/q931"
)

// status takes in a report that the call is no more (Q.931 5.8.11), or is up.
func (t *Tap) status(c *call, m *q931.Message, at time.Duration) {
	state, ok := m.CallState()
	switch {
	case !ok:
	case state == q931.StateNull:
		t.finish(c, at, Cleared)
		t.free(c, at)
	case state == q931.StateActive && c.Joined:
		c.State = max(c.State, Active)
	}
}

// clear takes in a clearing message; the first of them says why (Q.931 5.3).
func (t *Tap) clear(c *call, m *q931.Message, from q921.Side, at time.Duration) {
	if c.Live() {
		c.Cause, _ = m.Cause()
		t.finish(c, at, Cleared)
	}
	switch m.Type {
	case q931.Release:
		if c.released == from.Other() { // both sent it: no RELEASE COMPLETE follows (5.3.4)
			t.free(c, at)
			return
		}
		c.released = from
	case q931.ReleaseComplete:
		t.free(c, at)
	}
}

// restart takes in a message of the global call reference: a RESTART ends the calls on its channels
// (Q.931 5.5), and so does its acknowledgement, where the RESTART was missed.
func (t *Tap) restart(m *q931.Message, at time.Duration) {
	if m.Type != q931.Restart && m.Type != q931.RestartAck {
		return
	}
	ch, given := m.Channel()
	all := m.RestartClass() != q931.RestartChannels
	if !all && !given {
		return
	}
	for _, c := range t.oldest() {
		if all || ch.Has(c.Slot()) && (c.fixed || c.State != Offered) {
			if c.Live() {
				t.finish(c, at, Restarted)
			}
			t.free(c, at)
		}
	}
}
