package catalogue

import (
	"cmp"
	"slices"
)

// search is a query under way.
type search struct {
	filters []filter
	order   []counted // filters, as good for the block at hand
	before  ID
	got     set
	more    set
}

type counted struct {
	filter
	atMost int
}

func newSearch(q *Query) *search { return &search{filters: q.filters(), before: q.Before} }

// passes reports whether an entry is wanted.
func (s *search) passes(e *entry) bool {
	if s.before != (ID{}) && e.id.Compare(s.before) >= 0 {
		return false
	}
	for _, f := range s.filters {
		if !f.passes(e) {
			return false
		}
	}
	return true
}

// on finds what of a block is wanted, in got; none reports that nothing is.
//
// The filter that lets least pass makes a set; each of the others either looks at every
// member, or makes a set of its own, whichever is less work.
func (s *search) on(x *Index, b *block) (none bool, err error) {
	if s.before != (ID{}) && b.oldest.Compare(s.before) >= 0 || s.never(b) {
		return true, nil
	}
	if err := b.ready(x); err != nil {
		return false, err
	}
	n := len(b.ids)
	if s.before != (ID{}) {
		n = b.before(s.before)
	}
	s.order = s.order[:0]
	for _, f := range s.filters {
		atMost := f.on(b)
		if atMost == 0 {
			return true, nil
		}
		s.order = append(s.order, counted{f, atMost})
	}
	slices.SortFunc(s.order, func(a, b counted) int { return cmp.Compare(a.atMost, b.atMost) })
	if len(s.order) == 0 {
		s.got.fill(n)
	} else {
		s.got = set{}
		s.order[0].into(&s.got)
		s.got.below(n)
	}
	if b.gone != nil {
		for i, w := range b.gone {
			s.got[i] &^= w
		}
	}
	for i := range s.order {
		if i > 0 && !s.narrow(&s.order[i]) {
			return true, nil
		}
	}
	return false, nil
}

// never reports whether a block's times alone say that nothing in it is wanted.
func (s *search) never(b *block) bool {
	for _, f := range s.filters {
		if f, ok := f.(*timeFilter); ok && f.misses(b) {
			return true
		}
	}
	return false
}

// narrow leaves in got what f lets pass, and reports whether anything is left.
func (s *search) narrow(f *counted) bool {
	left := s.got.count()
	if left == 0 {
		return false
	}
	if left*f.effort() < f.atMost+len(set{}) {
		s.got.each(func(i uint16) bool {
			if !f.has(i) {
				s.got.drop(i)
			}
			return true
		})
		return true
	}
	s.more = set{}
	f.into(&s.more)
	for i, w := range s.more {
		s.got[i] &= w
	}
	return true
}

// count is how many of a block are wanted.
func (s *search) count(x *Index, b *block) (int, error) {
	if len(s.filters) == 0 && s.before == (ID{}) {
		return b.live(), nil
	}
	if s.never(b) {
		return 0, nil
	}
	if err := b.ready(x); err != nil {
		return 0, err
	}
	if len(s.filters) == 1 && s.before == (ID{}) && b.gone == nil {
		if n := s.filters[0].on(b); s.filters[0].exact() {
			return n, nil
		}
	}
	if none, err := s.on(x, b); none || err != nil {
		return 0, err
	}
	return s.got.count(), nil
}

// hit is a contact that was found, in a block or not yet in one.
type hit struct {
	id ID
	b  *block
	i  int
	e  *entry
}

// found reads the rows of hits, with the help of a cache unless that is nil.
func found(hits []hit, cache *rowCache) ([]Found, error) {
	list := make([]Found, len(hits))
	byBlock := map[*block][]int{}
	for i, h := range hits {
		list[i].ID = h.id
		if h.b == nil {
			list[i].Row = slices.Clone(h.e.row)
			continue
		}
		if cache != nil {
			list[i].Row = cache.find(h.b, h.i)
		}
		if list[i].Row == nil {
			byBlock[h.b] = append(byBlock[h.b], i)
		}
	}
	for b, which := range byBlock {
		places := make([]int, len(which))
		for k, i := range which {
			places[k] = hits[i].i
		}
		err := b.rows.read(places, func(k int, row []byte) {
			list[which[k]].Row = row
			if cache != nil {
				cache.add(b, places[k], row)
			}
		})
		if err != nil {
			return nil, err
		}
	}
	return list, nil
}

// newest finds the n newest contacts.
func (s *search) newest(x *Index, n int) ([]hit, error) {
	hits := make([]hit, 0, 2*min(n, 100))
	for _, e := range slices.Backward(x.hot) {
		if len(hits) == n {
			break
		}
		if s.passes(e) {
			hits = append(hits, hit{id: e.id, e: e})
		}
	}
	for _, b := range x.blocks {
		if len(hits) == n && hits[n-1].id.Compare(b.newest) > 0 {
			break
		}
		none, err := s.on(x, b)
		if err != nil {
			return nil, err
		}
		if none {
			continue
		}
		room, old := n, len(hits)
		s.got.each(func(i uint16) bool {
			hits = append(hits, hit{id: b.ids[i], b: b, i: int(i)})
			room--
			return room > 0
		})
		if len(hits) > old && old > 0 && hits[old].id.Compare(hits[old-1].id) > 0 {
			slices.SortFunc(hits, func(a, b hit) int { return b.id.Compare(a.id) })
		}
		if len(hits) > n {
			hits = hits[:n]
		}
	}
	return hits, nil
}
