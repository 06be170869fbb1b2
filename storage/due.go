package storage

import (
	"cmp"
	"slices"
	"time"
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
	kept = map[string]int{}
	type when struct {
		class string
		at    time.Time
	}
	// Calls of one day have one term: days are few, and calendars slow.
	ends, count := map[when]time.Time{}, map[when]int{}
	s.mu.Lock()
	defer s.mu.Unlock()
	for id, parts := range s.calls {
		first, last := parts[0], parts[len(parts)-1]
		class := first.period.class
		kept[class]++
		policy, ok := most[class]
		if !ok || s.listing.held[id] {
			continue
		}
		day := when{class, latest(first.head.Call.Start, last.head.Call.Start, dayEnd(last.period.day)).In(councilTime).Truncate(time.Hour)}
		end, known := ends[day]
		if !known {
			end = policy.over(day.at)
			ends[day] = end
		}
		count[when{class, end}]++
	}
	for w, n := range count {
		list = append(list, Due{w.class, w.at, n})
	}
	slices.SortFunc(list, func(a, b Due) int { return cmp.Or(cmp.Compare(a.Class, b.Class), a.At.Compare(b.At)) })
	return list, kept
}

func latest(times ...time.Time) time.Time { return slices.MaxFunc(times, time.Time.Compare) }
