package watch

import (
	"fmt"
	"math"
	"slices"
	"time"
)

const (
	soundFloor  = -50 // dBFS: what is louder than that on a line is sound
	activeLeast = blocks
	alike       = 0.55       // of levels: worth a closer look
	clone       = 0.8        // of levels: nothing but the same
	unlike      = 0.3        // and no relation
	same        = 0.5        // of samples: one sound, perhaps among others
	points      = window / 2 // of 40 ms, in which levels are compared
	shift       = 3          // points by which stamps of two cards may differ
	apart       = 6          // dB: less than so much from each other is equally loud
	twice       = 2          // looks in one call, a window apart, that find the same
	sharedCalls = 3          // calls in which mixed lines carry the same
	goodAfter   = 12         // looks without it, both lines speaking, and it is over: some 2 min
	mostCloser  = 4          // closer looks at a time: each takes some milliseconds
)

// pair is two lines that were found to carry the same.
type pair struct {
	in      [2]int // the calls in which it was found last
	found   int    // looks that found it in them
	last    time.Time
	calls   int // pairs of calls in which it was found twice
	goods   int
	alarmed bool
}

// view is what one leg sounded like in the last seconds.
type view struct {
	active bool
	mean   float64 // dB, of what is above the floor
	// Levels with mean 0 and length 1, and, for shifts, some more of them.
	env  [points]float32
	wide [points + 2*shift]float32
}

// Compare looks whether any two lines carry the same sound, as levels go first, and then, of those few that
// are alike, sample by sample.
func (w *Watch) Compare() { w.compare(time.Now()) }

func (w *Watch) compare(now time.Time) {
	var newest int64
	for _, e := range w.ears {
		e.mu.Lock()
		for _, l := range e.legs {
			newest = max(newest, l.newest)
		}
		e.mu.Unlock()
	}
	views := make([][]*view, len(w.ears))
	calls := make([]int, len(w.ears))
	for i, e := range w.ears {
		views[i], calls[i] = e.views(newest)
	}
	closer := 0
	for a := range w.ears {
		for b := range a {
			if anyActive(views[a]) && anyActive(views[b]) {
				w.meet([2]int{b, a}, views[b], views[a], [2]int{calls[b], calls[a]}, now, &closer)
			}
		}
	}
}

func anyActive(v []*view) bool { return slices.ContainsFunc(v, func(x *view) bool { return x.active }) }

// views are the legs of a line up to slot newest, less what the slowest line still lacks.
func (e *Ear) views(newest int64) (all []*view, call int) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.open == 0 {
		return nil, 0
	}
	for _, l := range e.legs {
		v := &view{}
		n, sum := 0, 0.0
		for i := range v.wide {
			for _, slot := range [2]int64{newest - 2*int64(len(v.wide)-1-i), newest - 2*int64(len(v.wide)-1-i) - 1} {
				db := float32(-90)
				if slot > 0 && slot <= l.newest && slot > l.newest-window {
					db = l.env[slot%window]
				}
				v.wide[i] += max(db, soundFloor) / 2
				if db > soundFloor {
					n++
					sum += float64(db)
				}
			}
		}
		if v.active = n >= activeLeast; v.active {
			v.mean = sum / float64(n)
		}
		copy(v.env[:], v.wide[shift:])
		normal(v.env[:])
		normal(v.wide[:])
		all = append(all, v)
	}
	return all, e.call
}

// relation is how alike the levels of two legs are, at the best of the shifts.
func relation(a, b *view) float64 {
	if !a.active || !b.active {
		return 0
	}
	best := float32(0)
	for d := range 2*shift + 1 {
		x, y := a.env[:], b.wide[d:][:points]
		var s, t, u, v float32 // four sums, so that an addition need not wait for the one before it
		for len(x) >= 4 && len(y) >= 4 {
			s += x[0] * y[0]
			t += x[1] * y[1]
			u += x[2] * y[2]
			v += x[3] * y[3]
			x, y = x[4:], y[4:]
		}
		best = max(best, s+t+u+v)
	}
	return float64(best)
}

// normal makes the mean of x 0 and its length 1.
func normal(x []float32) {
	mean, sum := float32(0), 0.0
	for _, v := range x {
		mean += v / float32(len(x))
	}
	for i := range x {
		x[i] -= mean
		sum += float64(x[i]) * float64(x[i])
	}
	if sum == 0 {
		return
	}
	for i := range x {
		x[i] /= float32(math.Sqrt(sum))
	}
}

// meet judges two lines by one look.
func (w *Watch) meet(which [2]int, a, b []*view, calls [2]int, now time.Time, closer *int) {
	var r [2][2]float64
	most, ma, mb := 0.0, 0, 0
	for i := range a {
		for k := range b {
			r[i][k] = relation(a[i], b[k])
			if r[i][k] > most {
				most, ma, mb = r[i][k], i, k
			}
		}
	}
	p := w.pairs[which]
	if most >= alike && *closer >= mostCloser {
		return
	}
	found := false
	if most >= alike && !explained(a, b, r, ma, mb) {
		*closer++
		found = w.ears[which[0]].alike(w.ears[which[1]], ma, mb) >= same
	}
	if !found {
		w.good(which, p)
		return
	}
	if p == nil {
		p = &pair{}
		w.pairs[which] = p
	}
	p.goods = 0
	if now.Sub(p.last) < window*time.Second/blocks { // it is the same sound still
		return
	}
	p.last = now
	if p.in != calls {
		p.in, p.found = calls, 0
	}
	if p.found++; p.found != twice { // once may be one announcement on both
		return
	}
	p.calls++
	mixed := len(a) == 1 || len(b) == 1
	if !mixed || math.Abs(a[ma].mean-b[mb].mean) > apart || p.calls >= sharedCalls {
		w.crossed(which, p, true)
	}
}

// good notes a look that found nothing.
func (w *Watch) good(which [2]int, p *pair) {
	if p == nil {
		return
	}
	if p.goods++; p.goods >= goodAfter {
		w.crossed(which, p, false)
		delete(w.pairs, which)
	}
}

// explained reports whether there is a good reason for two legs to sound the same: two lines that talk to
// each other, or one announcement or music that both callers hear.
func explained(a, b []*view, r [2][2]float64, ma, mb int) bool {
	if len(a) == 1 || len(b) == 1 {
		return false
	}
	if ma != mb { // near of the one and far of the other: the reverse is so too if they talk to each other
		x, y := a[1-ma], b[1-mb]
		return !x.active && !y.active || r[1-ma][1-mb] >= unlike
	}
	return ma == 0 && r[1][1] < clone && math.Abs(a[0].mean-b[0].mean) <= apart
}

// crossed raises or clears the alarm of two lines.
func (w *Watch) crossed(which [2]int, p *pair, on bool) {
	a, b := w.ears[which[0]], w.ears[which[1]]
	key := "crossed " + string(a.id) + " " + string(b.id)
	if !on {
		if p.alarmed {
			w.board.Clear(key)
		}
		return
	}
	p.alarmed = true
	w.board.Raise(key, b.id, fmt.Sprintf(
		"%s and %s carry the same sound: a call of one can be heard in recordings of the other; check that each pair is on its own input, and the pairs' insulation",
		a.name, b.name))
}
