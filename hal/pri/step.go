package pri

import (
	"math"
	"time"

	"linevault/hal/pri/q921"
)

// The two receivers of a tap are read one after the other, so an answer may be read before what it
// answers. Its N(R) tells: it acknowledges frames that were not heard yet. Such a frame waits for
// them, for settle at most; then they are missed.

// maxWaiting is how many frames of one receiver wait at most: as many as can be outstanding (Q.921 5.9.5).
const maxWaiting = 127

// everything is a time by which nothing waits any more.
const everything = time.Duration(math.MaxInt64)

// waiting is a frame that came before what it acknowledges.
type waiting struct {
	f  q921.Frame
	at time.Duration
}

// early reports whether frame f must wait.
func (t *Tap) early(f q921.Frame, from q921.Side) bool {
	return len(t.waiting[from]) > 0 || t.link.From(from.Other()).Lacks(f.NR) > 0
}

// hold keeps a copy of frame f.
func (t *Tap) hold(f q921.Frame, from q921.Side, at time.Duration) {
	if len(t.waiting[from]) >= maxWaiting {
		t.drain(everything)
	}
	f.Info = append([]byte(nil), f.Info...)
	t.waiting[from] = append(t.waiting[from], waiting{f, at})
}

// drain takes the frames that need not wait any longer.
func (t *Tap) drain(now time.Duration) {
	for side := t.ripe(now); side != q921.Nobody; side = t.ripe(now) {
		q := t.waiting[side]
		w := q[0]
		if t.waiting[side] = q[1:]; len(q) == 1 {
			t.waiting[side] = nil
		}
		s := t.link.From(side.Other())
		t.missed(s.Lacks(w.f.NR), w.at)
		s.Skip(w.f.NR)
		t.take(w.f, side, w.at)
	}
}

// ripe is the receiver whose first waiting frame comes next, or Nobody. If one has waited too long,
// it is the one that lacks least: what the other lacks may be waiting behind it.
func (t *Tap) ripe(now time.Duration) (next q921.Side) {
	least, over := 0, false
	for _, side := range []q921.Side{q921.Network, q921.User} {
		q := t.waiting[side]
		if len(q) == 0 {
			continue
		}
		over = over || now-q[0].at >= settle
		lacks := t.link.From(side.Other()).Lacks(q[0].f.NR)
		if next == q921.Nobody || lacks < least || lacks == least && q[0].at < t.waiting[next][0].at {
			next, least = side, lacks
		}
	}
	if least > 0 && !over {
		return q921.Nobody
	}
	return next
}
