package storage

import (
	"slices"
	"sort"
	"time"

	"linevault/storage/catalogue"
	"linevault/storage/keys"
	"linevault/storage/segment"
)

// Policy is how long calls of a class are kept. Without AtMost they are kept until somebody
// has them destroyed.
type Policy struct {
	Class   string `json:"class"`
	AtLeast Term   `json:"at_least,omitzero"`
	AtMost  Term   `json:"at_most,omitzero"`
}

// over is when a call that began at start is to be destroyed.
func (p Policy) over(start time.Time) time.Time {
	end := p.AtMost.Over(start)
	if least := p.AtLeast.Over(start); p.AtLeast.N > 0 && least.After(end) {
		return least
	}
	return end
}

// Plan is what retention would destroy now.
type Plan struct {
	At      time.Time     `json:"at"`
	Periods []keys.Period `json:"periods"` // whole ones
	Calls   []CallID      `json:"calls"`   // all that go, oldest first
	Usual   int           `json:"usual"`   // calls recorded on a day, on average
	Kept    []Stay        `json:"kept"`    // periods past their term that stay
	victims []*storedPart // parts that go out of periods that stay
}

// Stay is a period whose term is over and that is not destroyed whole.
type Stay struct {
	Period keys.Period `json:"period"`
	Why    string      `json:"why"`
}

// Brake is how many times the usual volume of a day goes without a person's approval.
const Brake = 2

// braked reports whether the plan needs approval.
func (p *Plan) braked() bool { return len(p.Calls) > Brake*p.Usual }

// Plan finds what is past its term at now: every call of a class whose policy has a maximum,
// counted from the day on which it began and from the day of its key, whichever is later.
func (s *Store) Plan(policies []Policy, now time.Time) (*Plan, error) {
	held, err := s.Holds()
	if err != nil {
		return nil, err
	}
	holds := map[CallID]bool{}
	for _, h := range held {
		holds[h.Call] = true
	}
	byClass := map[string]Policy{}
	for _, p := range policies {
		byClass[p.Class] = p
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	usual, err := s.usual()
	if err != nil {
		return nil, err
	}
	p := &Plan{At: now, Usual: usual}
	unreadable := s.unreadable()
	expired, err := s.expired(byClass, holds, unreadable, now)
	if err != nil {
		return nil, err
	}
	whole := map[period]bool{}
	days, classes := s.ring.Periods()
	for i := range days {
		q := period{classes[i], days[i]}
		policy := byClass[q.class]
		if policy.AtMost.N == 0 || now.Before(policy.over(dayEnd(q.day))) || q.day >= keys.DayOf(now.UTC().AddDate(0, 0, -1)) {
			continue
		}
		why, err := s.stays(q, expired, holds, unreadable[q])
		if err != nil {
			return nil, err
		}
		if why != "" {
			p.Kept = append(p.Kept, Stay{keys.Period{Class: q.class, Day: q.day}, why})
			continue
		}
		whole[q] = true
		p.Periods = append(p.Periods, keys.Period{Class: q.class, Day: q.day})
	}
	// Every part of an expired call goes, also out of periods that stay.
	for id, periods := range expired {
		p.Calls = append(p.Calls, id)
		if !slices.ContainsFunc(periods, func(q period) bool { return !whole[q] }) {
			continue
		}
		parts, err := s.wake(id)
		if err != nil {
			return nil, err
		}
		for _, sp := range parts {
			if !whole[sp.period] {
				p.victims = append(p.victims, sp)
			}
		}
	}
	slices.Sort(p.Calls)
	return p, nil
}

// expired is the calls that are past their term and that nothing keeps, with the periods that
// they have parts in. The caller holds mu.
func (s *Store) expired(policies map[string]Policy, holds map[CallID]bool, unreadable map[period]string, now time.Time) (map[CallID][]period, error) {
	expired := map[CallID][]period{}
	look := func(id CallID, parts []*storedPart) {
		gone := !holds[id]
		var periods []period
		for _, sp := range parts {
			policy := policies[sp.period.class]
			gone = gone && sp.over() && unreadable[sp.period] == "" && policy.AtMost.N > 0 &&
				!now.Before(policy.over(sp.head.Call.Start)) && !now.Before(policy.over(parts[0].head.Call.Start)) &&
				!now.Before(policy.over(dayEnd(sp.period.day))) && sp.period.day < keys.DayOf(now.UTC().AddDate(0, 0, -1))
			periods = append(periods, sp.period)
		}
		if gone {
			expired[id] = periods
		}
	}
	for class, policy := range policies {
		if policy.AtMost.N == 0 {
			continue
		}
		if err := s.eachCall(catalogue.Query{Class: class, To: policy.begunBy(now)}, look); err != nil {
			return nil, err
		}
	}
	return expired, nil
}

// begunBy is a time after which nothing began that is past its term at now.
func (p Policy) begunBy(now time.Time) time.Time {
	days := sort.Search(366*(maxTerm+1), func(n int) bool { return !now.Before(p.over(now.AddDate(0, 0, -n))) })
	return now.AddDate(0, 0, 2-days) // a day more than it takes, whatever the time of day
}

// stays says why a period whose term is over is not destroyed whole, or nothing. The caller
// holds mu.
func (s *Store) stays(q period, expired map[CallID][]period, holds map[CallID]bool, unreadable string) (why string, err error) {
	if unreadable != "" {
		return unreadable, nil
	}
	held := false
	err = s.eachCall(catalogue.Query{Period: q.String()}, func(id CallID, parts []*storedPart) {
		in := slices.ContainsFunc(parts, func(sp *storedPart) bool { return sp.period == q })
		switch {
		case !in || expired[id] != nil:
		case holds[id]:
			held = true
		default:
			why = "a call in it has not reached its term, or has not ended"
		}
	})
	if held {
		why = "a call in it is under legal hold"
	}
	return why, err
}

// unreadable is why nobody can tell what is in a period. The caller holds mu.
func (s *Store) unreadable() map[period]string {
	m := map[period]string{}
	for _, p := range s.problems {
		if n, err := segment.ParseName(p.Segment); err == nil {
			m[period{n.Class, keys.Day(n.Day)}] = "something in it cannot be read, and may be of a call that is to be kept: " + p.Text
		}
	}
	return m
}

// usual is how many calls there are for each day that has any. The caller holds mu.
func (s *Store) usual() (int, error) {
	days, err := s.listing.index.Days()
	if err != nil || days == 0 {
		return 0, err
	}
	return (s.listing.index.Len() + days - 1) / days, nil
}
