package catalogue

import (
	"slices"
	"sort"
	"strings"
)

// filter is one thing that a query asks. It is put on one block after another, by one
// goroutine.
type filter interface {
	// on turns to a block, and says how many of its contacts pass at most.
	on(b *block) (atMost int)
	// exact reports whether that is the very number.
	exact() bool
	// into adds what passes to s.
	into(s *set)
	// has reports whether a contact passes.
	has(i uint16) bool
	// effort is what has costs, compared with looking at one position in into: into goes through
	// memory in order, has waits for it.
	effort() int
	// passes is has, for a contact that is in no block yet.
	passes(e *entry) bool
}

// filters is what q asks.
func (q *Query) filters() []filter {
	var list []filter
	term := func(kind byte, value string) {
		if value != "" {
			list = append(list, &termFilter{from: string(kind) + value})
		}
	}
	term(termLine, q.Line)
	term(termDepartment, q.Department)
	term(termAgent, q.Agent)
	term(termDirection, q.Direction)
	term(termState, q.State)
	term(termWhy, q.Why)
	term(termClass, q.Class)
	term(termKind, q.Kind)
	term(termPeriod, q.Period)
	term(termLast, q.Last)
	term(termPurpose, q.Purpose)
	term(termFlag, q.Flag)
	term(termGap, q.Gap)
	for _, w := range words(q.Note) {
		list = append(list, &termFilter{from: string(rune(termWord)) + w, to: string(rune(termWord)) + w + "\U0010FFFF"})
	}
	if q.MinRating > 0 || q.MaxRating > 0 {
		most := q.MaxRating
		if most == 0 {
			most = 9
		}
		list = append(list, &termFilter{from: string(rune(termRating)) + rating(max(1, q.MinRating)), to: string(rune(termRating)) + string('0'+min(most, 9)+1)})
	}
	switch q.Held {
	case Yes:
		term(termHeld, "y")
	case No:
		list = append(list, &notFilter{f: &termFilter{from: string(rune(termHeld)) + "y"}})
	}
	if !q.From.IsZero() || !q.To.IsZero() {
		list = append(list, newTimeFilter(q.From, q.To))
	}
	if q.MinLength > 0 || q.MaxLength > 0 {
		f := &lengthFilter{from: millis(q.MinLength), to: 1<<32 - 1}
		if q.MaxLength > 0 {
			f.to = millis(q.MaxLength)
		}
		list = append(list, f)
	}
	far := func(s string, how match) {
		if s != "" {
			list = append(list, newNumberFilter(s, how, false))
		}
	}
	far(q.Far, whole)
	far(q.FarBegins, atFront)
	far(q.FarEnds, atEnd)
	far(q.Part, anywhere)
	if q.Number != "" {
		list = append(list, &eitherFilter{
			a: newNumberFilter(q.Number, anywhere, false), b: newNumberFilter(q.Number, anywhere, true),
		})
	}
	return list
}

// termFilter is a term, or any of those from one up to another.
type termFilter struct {
	from, to string // to is not included; empty is from alone

	t      *terms
	lo, hi int
}

func (f *termFilter) on(b *block) (atMost int) {
	f.t, f.lo, f.hi = b.terms, 0, 0
	if f.to != "" {
		if f.lo = f.t.find(f.from); f.from < f.to {
			f.hi = f.t.until(f.lo, f.to)
		}
	} else if k, ok := f.t.exactly(f.from); ok {
		f.lo, f.hi = k, k+1
	}
	for k := f.lo; k < f.hi; k++ {
		atMost += int(f.t.counts[k])
	}
	return min(atMost, len(b.ids))
}

func (f *termFilter) exact() bool { return f.hi-f.lo <= 1 }

func (f *termFilter) into(s *set) {
	for k := f.lo; k < f.hi; k++ {
		f.t.into(k, s)
	}
}

func (f *termFilter) has(i uint16) bool {
	for k := f.lo; k < f.hi; k++ {
		if f.t.has(k, i) {
			return true
		}
	}
	return false
}

func (f *termFilter) effort() int {
	if f.hi == f.lo+1 && f.t.dense(f.lo) {
		return 10
	}
	return 120 * (f.hi - f.lo)
}

func (f *termFilter) passes(e *entry) bool {
	i, ok := slices.BinarySearch(e.terms, f.from)
	if f.to == "" {
		return ok
	}
	return i < len(e.terms) && e.terms[i] < f.to
}

// lengthFilter is a range of lengths, both ends included.
type lengthFilter struct {
	from, to uint32

	b      *block
	lo, hi int
}

func (f *lengthFilter) on(b *block) int {
	f.b = b
	if f.from == f.to && !b.points.may(lengthPoint(f.from)) {
		f.lo, f.hi = 0, 0
		return 0
	}
	at := func(ms uint64) int {
		return sort.Search(len(b.byLength), func(i int) bool { return uint64(b.length[b.byLength[i]]) >= ms })
	}
	f.lo, f.hi = at(uint64(f.from)), at(uint64(f.to)+1)
	return max(0, f.hi-f.lo)
}

func (f *lengthFilter) into(s *set) {
	if f.lo >= f.hi {
		return
	}
	if n := len(f.b.ids); f.hi-f.lo > n/2 && *s == (set{}) {
		s.fill(n)
		for _, rest := range [][]uint16{f.b.byLength[:f.lo], f.b.byLength[f.hi:]} {
			for _, i := range rest {
				s.drop(i)
			}
		}
		return
	}
	s.addAll(f.b.byLength[f.lo:f.hi])
}

func (f *lengthFilter) exact() bool          { return true }
func (f *lengthFilter) has(i uint16) bool    { return f.from <= f.b.length[i] && f.b.length[i] <= f.to }
func (f *lengthFilter) effort() int          { return 20 }
func (f *lengthFilter) passes(e *entry) bool { return f.from <= e.length && e.length <= f.to }

// notFilter is all but what another filter lets pass.
type notFilter struct {
	f filter
	n int
}

func (f *notFilter) on(b *block) int {
	f.n = len(b.ids)
	f.f.on(b)
	return f.n
}

func (f *notFilter) into(s *set) {
	var not set
	f.f.into(&not)
	var all set
	all.fill(f.n)
	for i := range s {
		s[i] |= all[i] &^ not[i]
	}
}

func (f *notFilter) exact() bool          { return false }
func (f *notFilter) has(i uint16) bool    { return !f.f.has(i) }
func (f *notFilter) effort() int          { return f.f.effort() }
func (f *notFilter) passes(e *entry) bool { return !f.f.passes(e) }

// eitherFilter is what one of two filters lets pass.
type eitherFilter struct{ a, b filter }

func (f *eitherFilter) on(b *block) int      { return min(len(b.ids), f.a.on(b)+f.b.on(b)) }
func (f *eitherFilter) exact() bool          { return false }
func (f *eitherFilter) into(s *set)          { f.a.into(s); f.b.into(s) }
func (f *eitherFilter) has(i uint16) bool    { return f.a.has(i) || f.b.has(i) }
func (f *eitherFilter) effort() int          { return f.a.effort() + f.b.effort() }
func (f *eitherFilter) passes(e *entry) bool { return f.a.passes(e) || f.b.passes(e) }

// match is how a number is compared.
type match uint8

const (
	whole match = iota
	atFront
	atEnd
	anywhere
)

func (m match) matches(s, needle string) bool {
	switch m {
	case whole:
		return s == needle
	case atFront:
		return strings.HasPrefix(s, needle)
	case atEnd:
		return strings.HasSuffix(s, needle)
	}
	return strings.Contains(s, needle)
}
