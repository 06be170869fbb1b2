package storage

import (
	"cmp"
	"slices"
	"time"

	"linevault/storage/catalogue"
)

// Due is how many calls of a class reach the end of their term, and when.
type Due struct {
	Class string    `json:"class"`
	At    time.Time `json:"at"` // the midnight that ends the term; what is past it goes with the next run
	Calls int       `json:"calls"`
}

// Due lists how many calls go when, by class and time, and how many each class has. Calls
// under legal hold, and those of a class without a maximum, are counted only.
func (s *Store) Due(policies []Policy) (list []Due, kept map[string]int) {
	most := map[string]Policy{}
	for _, p := range policies {
		if p.AtMost.N > 0 {
			most[p.Class] = p
		}
	}
	type when struct {
		class string
		at    time.Time
	}
	kept, count := map[string]int{}, map[when]int{}
	s.mu.Lock()
	index := s.listing.index
	s.mu.Unlock()
	days, classes := s.ring.Periods()
	for i := range days {
		p := period{classes[i], days[i]}
		n, err := index.Count(&catalogue.Query{Last: p.String()})
		if err != nil {
			continue // whoever lists calls is told
		}
		kept[p.class] += n
		policy, ok := most[p.class]
		if !ok || n == 0 {
			continue
		}
		held, err := index.Count(&catalogue.Query{Last: p.String(), Held: catalogue.Yes})
		if n -= held; err == nil && n > 0 {
			count[when{p.class, policy.over(dayEnd(p.day).In(councilTime))}] += n
		}
	}
	for class, n := range kept {
		if n == 0 {
			delete(kept, class)
		}
	}
	for w, n := range count {
		list = append(list, Due{w.class, w.at, n})
	}
	slices.SortFunc(list, func(a, b Due) int { return cmp.Or(cmp.Compare(a.Class, b.Class), a.At.Compare(b.At)) })
	return list, kept
}
