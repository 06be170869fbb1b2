package storage

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"sort"
	"strings"
	"time"

	"linevault/codec/pcm"
)

// ErrNoCall is a call that the store does not have.
var ErrNoCall = errors.New("no such call")

// Row is a call as lists show it.
type Row struct {
	Call     `json:"call"`
	Length   time.Duration `json:"length"`   // by the line's clock: recorded and gaps
	Recorded time.Duration `json:"recorded"` // of it with sound
	Machine  time.Duration `json:"machine"`  // by the machine's clock, as the last part's end says
	Gaps     []Gap         `json:"gaps"`
	Why      EndReason     `json:"why,omitempty"` // empty while it is live
	Live     bool          `json:"live,omitempty"`
	Parts    int           `json:"parts"`
	Damaged  bool          `json:"damaged,omitempty"`
	Bytes    int64         `json:"bytes"` // of sound, encoded
}

// Query says which calls are wanted. Zero values ask for all.
type Query struct {
	Before CallID // older than this one
	Limit  int    // rows in the page; zero is 50
	Line   pcm.LineID
	Number string // digits that either number has in it
	From   time.Time
	To     time.Time // not included
	Cause  Cause     // a gap of this cause
}

// Page is the newest rows of a query.
type Page struct {
	Rows  []Row  `json:"rows"`
	Next  CallID `json:"next,omitempty"` // the Before of the page after; empty on the last
	Total int    `json:"total"`          // calls that the query finds, on all pages
}

// defaultLimit is how many rows a page has.
const defaultLimit = 50

// Calls lists calls, newest first.
func (s *Store) Calls(q Query) (Page, error) {
	if q.Limit <= 0 {
		q.Limit = defaultLimit
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	page := Page{Rows: []Row{}}
	for _, id := range slices.Backward(s.order) {
		r := s.row(id)
		if !q.wants(&r) {
			continue
		}
		page.Total++
		switch {
		case q.Before != "" && id >= q.Before:
		case len(page.Rows) < q.Limit:
			page.Rows = append(page.Rows, r)
		case page.Next == "":
			page.Next = page.Rows[len(page.Rows)-1].Call.ID
		}
	}
	return page, nil
}

func (q *Query) wants(r *Row) bool {
	c := &r.Call
	switch {
	case q.Line != "" && c.Line != q.Line,
		!q.From.IsZero() && c.Start.Before(q.From),
		!q.To.IsZero() && !c.Start.Before(q.To),
		q.Number != "" && !strings.Contains(string(c.FarNumber), q.Number) && !strings.Contains(string(c.LineNumber), q.Number),
		q.Cause != "" && !slices.ContainsFunc(r.Gaps, func(g Gap) bool { return g.Cause == q.Cause }):
		return false
	}
	return true
}

// Find returns the row of a call, or ErrNoCall.
func (s *Store) Find(id CallID) (Row, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.calls[id]) == 0 {
		return Row{}, fmt.Errorf("call %s: %w", id, ErrNoCall)
	}
	return s.row(id), nil
}

// row makes the row of a call. The caller holds mu.
func (s *Store) row(id CallID) Row {
	parts := s.calls[id]
	first, last := parts[0], parts[len(parts)-1]
	r := Row{Call: first.callNow(last), Parts: len(parts), Gaps: []Gap{}}
	var length pcm.Pos
	var late []Gap
	for _, p := range parts {
		length += p.span.Len()
		late = append(late, p.late...)
		for _, g := range p.gaps {
			r.Gaps = appendGap(r.Gaps, g)
		}
		r.Bytes += p.bytes
		r.Damaged = r.Damaged || p.damaged
	}
	r.Gaps = withLate(r.Gaps, late, pcm.Span{From: first.span.From, To: last.span.To})
	recorded := length
	for _, g := range r.Gaps {
		recorded -= g.Span.Len()
	}
	r.Length, r.Recorded = r.Call.Format.Duration(length), r.Call.Format.Duration(recorded)
	switch {
	case last.end != nil:
		r.Why, r.Machine = last.end.Why, last.end.Machine
	case last.live != nil && !last.live.Ended:
		r.Live = true
	default:
		r.Why = Interrupted
	}
	return r
}

// callNow is the call as its last part knows it, begun where its first part says.
func (p *storedPart) callNow(last *storedPart) Call {
	c := last.call
	c.Start, c.From, c.Clock = p.head.Call.Start, p.head.Call.From, p.head.Call.Clock
	return c
}

// withLate adds late spans to gaps as gaps of their own, where they are not gaps already.
func withLate(gaps, late []Gap, call pcm.Span) []Gap {
	for _, l := range late {
		left := []pcm.Span{l.Span.Intersect(call)}
		for _, g := range gaps {
			var rest []pcm.Span
			for _, s := range left {
				rest = append(rest, subtract(s, g.Span)...)
			}
			left = rest
		}
		for _, s := range left {
			if s.Empty() {
				continue
			}
			gaps = append(gaps, Gap{Span: s, Cause: Withheld, By: l.By, Reason: l.Reason})
		}
		slices.SortFunc(gaps, func(a, b Gap) int { return cmp.Compare(a.Span.From, b.Span.From) })
	}
	return gaps
}

// subtract is what of s is not in o.
func subtract(s, o pcm.Span) []pcm.Span {
	if s.Intersect(o).Empty() {
		return []pcm.Span{s}
	}
	var rest []pcm.Span
	for _, r := range []pcm.Span{{From: s.From, To: o.From}, {From: o.To, To: s.To}} {
		if !r.Empty() {
			rest = append(rest, r)
		}
	}
	return rest
}

// list puts a part into its call. The caller holds mu.
func (s *Store) list(p *storedPart) {
	id := p.head.Call.ID
	if slices.Contains(s.calls[id], p) {
		return
	}
	if len(s.calls[id]) == 0 {
		s.order = append(s.order, id)
	}
	s.calls[id] = append(s.calls[id], p)
	slices.SortFunc(s.calls[id], func(a, b *storedPart) int { return cmp.Compare(a.head.Number, b.head.Number) })
}

// unlist takes a part that is gone out of its call. The caller holds mu.
func (s *Store) unlist(p *storedPart) {
	for id, parts := range s.calls {
		k := slices.Index(parts, p)
		if k < 0 {
			continue
		}
		if s.calls[id] = slices.Delete(parts, k, k+1); len(s.calls[id]) == 0 {
			delete(s.calls, id)
			s.order = slices.DeleteFunc(s.order, func(o CallID) bool { return o == id })
		}
		return
	}
}

// sort puts the calls in the order of their ids, which is that of time. The caller holds mu.
func (s *Store) sort() {
	if !sort.SliceIsSorted(s.order, func(i, j int) bool { return s.order[i] < s.order[j] }) {
		slices.Sort(s.order)
	}
}

func unmarshalCall(b []byte, c *Call) error {
	var fresh Call
	if err := json.Unmarshal(b, &fresh); err != nil {
		return errBox
	}
	*c = fresh
	return nil
}
