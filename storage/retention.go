package storage

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"linevault/storage/keys"
	"linevault/storage/ledger"
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

// brake is how many times the usual volume goes without a person's approval.
const brake = 2

// braked reports whether the plan needs approval.
func (p *Plan) braked() bool { return len(p.Calls) > brake*p.Usual }

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
	p := &Plan{At: now, Usual: s.usual()}
	unreadable := s.unreadable()
	expired := s.expired(byClass, holds, unreadable, now)
	inPeriod := map[period][]*storedPart{}
	for _, sp := range s.parts {
		inPeriod[sp.period] = append(inPeriod[sp.period], sp)
	}
	whole := map[period]bool{}
	days, classes := s.ring.Periods()
	for i := range days {
		q := period{classes[i], days[i]}
		policy := byClass[q.class]
		if policy.AtMost.N == 0 || now.Before(policy.over(dayEnd(q.day))) || q.day >= keys.DayOf(now.UTC().AddDate(0, 0, -1)) {
			continue
		}
		if why := stays(inPeriod[q], expired, holds, unreadable[q]); why != "" {
			p.Kept = append(p.Kept, Stay{keys.Period{Class: q.class, Day: q.day}, why})
			continue
		}
		whole[q] = true
		p.Periods = append(p.Periods, keys.Period{Class: q.class, Day: q.day})
	}
	// Every part of an expired call goes, also out of periods that stay.
	for id := range expired {
		p.Calls = append(p.Calls, id)
		for _, sp := range s.calls[id] {
			if !whole[sp.period] {
				p.victims = append(p.victims, sp)
			}
		}
	}
	slices.Sort(p.Calls)
	return p, nil
}

// expired is the calls that are past their term and that nothing keeps. The caller holds mu.
func (s *Store) expired(policies map[string]Policy, holds map[CallID]bool, unreadable map[period]string, now time.Time) map[CallID]bool {
	expired := map[CallID]bool{}
	for id, parts := range s.calls {
		gone := !holds[id]
		for _, sp := range parts {
			policy := policies[sp.period.class]
			gone = gone && sp.over() && unreadable[sp.period] == "" && policy.AtMost.N > 0 &&
				!now.Before(policy.over(sp.head.Call.Start)) && !now.Before(policy.over(parts[0].head.Call.Start)) &&
				!now.Before(policy.over(dayEnd(sp.period.day))) && sp.period.day < keys.DayOf(now.UTC().AddDate(0, 0, -1))
		}
		if gone {
			expired[id] = true
		}
	}
	return expired
}

// stays says why a period whose term is over is not destroyed whole, or nothing.
func stays(parts []*storedPart, expired, holds map[CallID]bool, unreadable string) string {
	if unreadable != "" {
		return unreadable
	}
	why := ""
	for _, sp := range parts {
		switch id := sp.head.Call.ID; {
		case !sp.listed || expired[id]:
		case holds[id]:
			return "a call in it is under legal hold"
		default:
			why = "a call in it has not reached its term, or has not ended"
		}
	}
	return why
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
func (s *Store) usual() int {
	days := map[keys.Day]bool{}
	for _, parts := range s.calls {
		days[keys.DayOf(parts[0].head.Call.Start)] = true
	}
	if len(days) == 0 {
		return 0
	}
	return (len(s.calls) + len(days) - 1) / len(days)
}

// retained is what retention remembers from one run to the next.
type retained struct {
	Clock    Reading       `json:"clock"` // the last that was trusted
	Policies []Policy      `json:"policies"`
	LastRun  time.Time     `json:"last_run,omitzero"` // that came to its end
	Kept     []keys.Period `json:"kept,omitempty"`    // by that run
	// A person's approval of so many calls, good for a day.
	Approved   int       `json:"approved,omitempty"`
	ApprovedBy string    `json:"approved_by,omitempty"`
	ApprovedAt time.Time `json:"approved_at,omitzero"`
}

// approvalLasts is for how long an approval is good.
const approvalLasts = 24 * time.Hour

func (s *Store) retained() state { return stateFile(s.dir, "retention", s.ring) }

// HeldBackError is a run of retention that destroyed nothing, because a person must look.
type HeldBackError struct {
	Why  string
	What HeldBack
}

// HeldBack is what holds a run back.
type HeldBack string

// What holds a run back.
const (
	FirstRun  HeldBack = "first run" // nobody need do anything
	NoTime    HeldBack = "no time"   // the time of day is not synchronised
	TimeMoved HeldBack = "time moved"
	TooMany   HeldBack = "too many" // calls at once
)

func (e *HeldBackError) Error() string { return "nothing was destroyed: " + e.Why }

// Retain destroys what is past its term. It destroys nothing, with a *HeldBackError, where the
// time cannot be trusted or the volume is not usual. The first run of a store only notes the
// time.
func (s *Store) Retain(policies []Policy, clock Reading, book *ledger.Ledger) (*Plan, error) {
	var plan *Plan
	err := s.destroying(book, func() error {
		var err error
		plan, err = s.retain(policies, clock, book)
		return err
	})
	return plan, err
}

func (s *Store) retain(policies []Policy, clock Reading, book *ledger.Ledger) (*Plan, error) {
	if err := s.Refresh(); err != nil {
		return nil, err
	}
	var r retained
	known, err := s.retained().read(&r)
	if err != nil {
		return nil, err
	}
	if !known && clock.Synced {
		return nil, errors.Join(s.retained().write(retained{Clock: clock}),
			&HeldBackError{"this is the first run, which notes the time; the next one destroys", FirstRun})
	}
	if err := clock.held(r.Clock); err != nil {
		return nil, err
	}
	r.Clock = clock
	plan, err := s.Plan(policies, clock.Wall)
	if err != nil {
		return nil, err
	}
	approved := r.Approved >= len(plan.Calls) && clock.Wall.Sub(r.ApprovedAt).Abs() < approvalLasts
	if plan.braked() && !approved {
		return plan, errors.Join(s.retained().write(r), &HeldBackError{fmt.Sprintf(
			"%d calls are past their term and %d a day are usual: if that is right, `linevault retention approve` says so",
			len(plan.Calls), plan.Usual), TooMany})
	}
	if err := s.expire(plan, r.ApprovedBy, book); err != nil {
		return plan, err
	}
	r.Policies, r.LastRun, r.Kept = policies, clock.Wall, nil
	for _, k := range plan.Kept {
		r.Kept = append(r.Kept, k.Period)
	}
	r.Approved, r.ApprovedBy, r.ApprovedAt = 0, "", time.Time{}
	return plan, s.retained().write(r)
}

// samples is how many parts of whole periods the self-test tries.
const samples = 20

// expire destroys what a plan says.
func (s *Store) expire(plan *Plan, approved string, book *ledger.Ledger) error {
	if len(plan.Periods) == 0 && len(plan.victims) == 0 {
		return nil
	}
	j := job{
		ID: string(NewCallID(plan.At)), Kind: Expiry, By: "retention", Reason: "the end of the term", Approved: approved,
		Begun: plan.At.UTC().Truncate(time.Second), Periods: plan.Periods, Calls: len(plan.Calls),
	}
	for _, sp := range plan.victims {
		v, err := s.victim(sp)
		if err != nil {
			return err
		}
		j.Victims = append(j.Victims, v)
	}
	s.mu.Lock()
	all := slices.SortedFunc(maps.Values(s.parts), func(a, b *storedPart) int { return cmp.Compare(a.id.String(), b.id.String()) })
	s.mu.Unlock()
	for _, sp := range all {
		if len(j.Sample) == samples {
			break
		}
		if !slices.Contains(plan.Periods, keys.Period{Class: sp.period.class, Day: sp.period.day}) || s.destroyed(sp.id, sp.period) {
			continue
		}
		v, err := s.victim(sp)
		if err != nil {
			return err
		}
		j.Sample = append(j.Sample, v)
	}
	if err := s.job().write(&j); err != nil {
		return err
	}
	return s.run(&j, book)
}

// ApproveRetention lets the next run destroy what is past its term now, though it is more than
// usual. With clock it says that the time of day is right, though it moved.
func (s *Store) ApproveRetention(policies []Policy, now Reading, clock bool, by string, book *ledger.Ledger) (*Plan, error) {
	var plan *Plan
	err := s.destroying(book, func() error {
		var r retained
		if _, err := s.retained().read(&r); err != nil {
			return err
		}
		if clock {
			r.Clock = now
		}
		if err := now.held(r.Clock); err != nil {
			return err
		}
		var err error
		if plan, err = s.Plan(policies, now.Wall); err != nil {
			return err
		}
		r.Approved, r.ApprovedBy, r.ApprovedAt = len(plan.Calls), by, now.Wall
		if err := s.retained().write(r); err != nil {
			return err
		}
		_, err = book.Append(ledger.Event{At: time.Now().UTC(), Kind: "retention approved", Who: by, Text: fmt.Sprintf(
			"%d call(s) may be destroyed; the time of day is right: %v", len(plan.Calls), clock)})
		return err
	})
	return plan, err
}
