package clerk

import (
	"cmp"
	"errors"
	"slices"
	"time"

	"linevault/codec/pcm"
	"linevault/daemon/account"
	"linevault/storage"
)

// told is what a book's notes say of one call.
type told struct {
	account.Note // the first of the call
	calls        []storage.CallID
	kept         map[storage.CallID]account.Why // of those that are complete
	over         bool
	why          account.Why
}

// gather puts the notes of each call together, in the order in which the calls began.
func gather(n account.Notes) []*told {
	var all []*told
	by := map[string]*told{}
	for _, w := range n.Notes {
		g := by[w.Key]
		if g == nil {
			g = &told{Note: w, kept: map[storage.CallID]account.Why{}}
			by[w.Key] = g
			all = append(all, g)
		}
		switch w.What {
		case account.Began:
			g.calls = append(g.calls, w.Call)
		case account.Kept:
			g.kept[w.Call] = w.Why
		case account.Over:
			g.over, g.why = true, w.Why
		}
	}
	return all
}

// line is the line of a call, as it is known best.
func (c *Clerk) line(g *told) Line {
	if l, ok := c.lines[g.Line]; ok {
		return l
	}
	for _, id := range g.calls {
		if r, err := c.store.Find(id); err == nil {
			return Line{ID: r.Line, Name: cmp.Or(r.Name, string(r.Line)), Department: r.Department}
		}
	}
	return Line{ID: pcm.LineID("line-" + g.Line[:min(8, len(g.Line))]), Name: "A line that is not configured any more"}
}

// judge says what became of a call, once nothing more can come of it.
func (c *Clerk) judge(g *told, n account.Notes) (e Entry, settled bool) {
	if n.Open && !g.over {
		return e, false
	}
	l := c.line(g)
	e = Entry{
		Key: g.Key, Book: n.Book, N: g.N, Day: g.Day, Began: g.At, Line: l.ID, Name: l.Name, Department: l.Department,
		Missing: map[string]time.Duration{},
	}
	var kept []storage.Row
	missing := account.Why("")
	if !g.over || len(g.calls) == 0 {
		missing = cmp.Or(g.why, account.Restarted)
	}
	for _, id := range g.calls {
		r, err := c.store.Find(id)
		why, complete := g.kept[id]
		switch {
		case errors.Is(err, storage.ErrNoCall) && n.Open && why == "":
			return e, false // not committed yet
		case errors.Is(err, storage.ErrNoCall) || why == account.NoSound:
			if why == "" {
				why = account.Restarted
			}
			missing = why
		case r.Live && n.Open && why == "":
			return e, false
		case err != nil:
			return e, false // the store may be well again later
		default:
			if !complete {
				missing = account.Restarted
			} else if why != "" {
				missing = why
			}
			kept = append(kept, r)
			e.Calls = append(e.Calls, id)
		}
	}
	e.sum(kept, missing)
	return e, true
}

// sum says what became of a call of which those recordings are kept; missing is why one is not, or is
// not complete.
func (e *Entry) sum(kept []storage.Row, missing account.Why) {
	lost, excluded := missing.String(), ""
	var recorded time.Duration
	onlyRules := len(kept) > 0 && missing == ""
	for _, r := range kept {
		e.Recorded += r.Recorded
		recorded += r.Recorded
		switch r.Why {
		case storage.CardLost:
			lost = cmp.Or(lost, "card lost")
		case storage.Interrupted:
			lost = cmp.Or(lost, account.Restarted.String())
		case storage.StoppedBox:
			lost = cmp.Or(lost, "box stopped")
		}
		for _, g := range r.Gaps {
			cause := string(g.Cause)
			if g.Cause == storage.NotByPolicy {
				excluded = g.Reason
			} else {
				onlyRules = false
			}
			if g.Cause == storage.Lost {
				lost = cmp.Or(lost, g.Reason, "no sound from the card")
			}
			e.Missing[cause] += r.Format.Duration(g.Span.Len())
		}
	}
	onlyRules = onlyRules && excluded != "" && recorded == 0
	paused := slices.ContainsFunc(kept, func(r storage.Row) bool { return r.State() == storage.Nothing && !hasLost(r) })
	switch {
	case onlyRules:
		e.Outcome, e.Reason = NotByPolicy, excluded
		clear(e.Missing)
	case lost == "" && len(e.Missing) == 0:
		e.Outcome = Recorded
	case recorded == 0 && !paused:
		e.Outcome, e.Reason = Lost, cmp.Or(lost, "nothing of it was stored")
		clear(e.Missing)
	default:
		e.Outcome, e.Reason = Partly, lost
	}
}

func hasLost(r storage.Row) bool {
	return slices.ContainsFunc(r.Gaps, func(g storage.Gap) bool { return g.Cause == storage.Lost })
}
