package pri

import (
	"cmp"
	"slices"
	"time"

	"linevault/hal/pri/q931"
)

// add makes a call. If there are too many, the one that was quiet longest goes.
func (t *Tap) add(k key, at time.Duration) *call {
	if len(t.calls) >= MaxCalls {
		t.abandon(t.quietest(), at, Forgotten)
	}
	t.count++
	c := &call{Call: Call{
		ID: t.count, Ref: k.ref, origin: k.origin, First: at,
		Calling: q931.NoNumber, Redirecting: q931.NoNumber, DivertedTo: q931.NoNumber,
		Connected: q931.NoNumber, Party: q931.NoNumber,
	}, touched: at}
	t.calls[k] = c
	return c
}

// quietest is the call that was not heard of for longest.
func (t *Tap) quietest() (q *call) {
	for _, c := range t.calls {
		if q == nil || c.touched < q.touched || c.touched == q.touched && c.ID < q.ID {
			q = c
		}
	}
	return q
}

// oldest is the calls in the order in which they were first heard of.
func (t *Tap) oldest() []*call {
	s := make([]*call, 0, len(t.calls))
	for _, c := range t.calls {
		s = append(s, c)
	}
	slices.SortFunc(s, func(a, b *call) int { return cmp.Compare(a.ID, b.ID) })
	return s
}

// claim gives the call's timeslot to it. Once the called side has agreed to it, an older call that
// had agreed to the same has ended unheard; in a glare the loser never agreed (Q.931 5.7).
func (t *Tap) claim(c *call, at time.Duration) {
	slot := c.Slot()
	if slot == 0 || c.service {
		return
	}
	old := t.slots[slot]
	switch {
	case old == nil || old == c:
	case !c.fixed:
		return
	case old.fixed && old.Live():
		t.abandon(old, at, Superseded)
	}
	t.slots[slot] = c
}

// leave takes the timeslot away from the call.
func (t *Tap) leave(c *call) {
	if s := c.Slot(); s != 0 && t.slots[s] == c {
		t.slots[s] = nil
	}
}

// finish ends the call.
func (t *Tap) finish(c *call, at time.Duration, how Ending) {
	c.State, c.Ending = Clearing, how
	c.End = seen(at)
	t.report(Ended, c, at)
}

// abandon ends a call of which no end was heard. What was in doubt since the D channel was lost
// ended then, with the cause that both ends give themselves (Q.931 5.8.9).
func (t *Tap) abandon(c *call, at time.Duration, how Ending) {
	if c.Live() {
		switch {
		case c.Doubtful:
			c.Cause = q931.DestinationOut
			t.finish(c, c.doubt, LinkLost)
		case how == Superseded:
			t.finish(c, at, Superseded)
		default:
			c.State, c.Ending = Clearing, how
			t.report(Ended, c, at)
		}
	}
	t.free(c, at)
}

// free forgets a call whose reference may be used again.
func (t *Tap) free(c *call, at time.Duration) {
	t.leave(c)
	c.State = Gone
	k := key{origin: c.origin, ref: c.Ref}
	delete(t.calls, k)
	oldest := 0
	for i, s := range t.recent {
		if !s.set {
			oldest = i
			break
		}
		if s.at < t.recent[oldest].at {
			oldest = i
		}
	}
	t.recent[oldest] = stray{key: k, at: at, set: true}
	t.report(Freed, c, at)
}

// freed reports whether that reference was freed a moment ago, so that what comes now is a straggler.
func (t *Tap) freed(k key, at time.Duration) bool {
	const moment = 10 * time.Second
	for _, s := range t.recent {
		if s.set && s.key == k && at-s.at < moment {
			return true
		}
	}
	return false
}
