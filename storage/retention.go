package storage

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"time"

	"linevault/storage/catalogue"
	"linevault/storage/keys"
	"linevault/storage/ledger"
)

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
	TooMany   HeldBack = "too many"   // calls at once
	NotListed HeldBack = "not listed" // the list of calls is being made anew; nobody need do anything
)

// Is reports that a run which waits for the list of calls is ErrUnlisted.
func (e *HeldBackError) Is(target error) bool { return target == ErrUnlisted && e.What == NotListed }

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
	if err := s.Progress().held(); err != nil {
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
	plan, err := s.mayRun(policies, clock, &r)
	if err != nil {
		if plan != nil {
			err = errors.Join(s.retained().write(r), err)
		}
		return plan, err
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

// mayRun plans a run, or says what holds it back; where the time is right, r notes it.
func (s *Store) mayRun(policies []Policy, clock Reading, r *retained) (*Plan, error) {
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
		return plan, &HeldBackError{fmt.Sprintf(
			"%d calls are past their term and %d a day are usual: if that is right, `linevault retention approve` says so",
			len(plan.Calls), plan.Usual), TooMany}
	}
	return plan, nil
}

// HeldBack says what would hold a run of retention back now, or nil; it changes nothing.
func (s *Store) HeldBack(policies []Policy, clock Reading) error {
	if err := s.Refresh(); err != nil {
		return err
	}
	if err := s.Progress().held(); err != nil {
		return err
	}
	var r retained
	known, err := s.retained().read(&r)
	if err != nil || !known && clock.Synced {
		return err // a first run only notes the time
	}
	_, err = s.mayRun(policies, clock, &r)
	return err
}

// ErrNothingWaits is an approval of nothing.
var ErrNothingWaits = errors.New("nothing waits for approval: no run of retention is held back; nothing was changed")

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
	some, err := s.someParts(plan.Periods)
	if err != nil {
		return err
	}
	for _, sp := range some {
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

// someParts are a few parts of periods, of calls that are awake from now on.
func (s *Store) someParts(periods []keys.Period) (some []*storedPart, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var ids []CallID
	for _, q := range periods {
		of := period{q.Class, q.Day}
		err := s.eachCall(catalogue.Query{Period: of.String()}, func(id CallID, parts []*storedPart) {
			if len(ids) < samples && slices.ContainsFunc(parts, func(sp *storedPart) bool { return sp.period == of }) {
				ids = append(ids, id)
			}
		})
		if err != nil {
			return nil, err
		}
		if len(ids) == samples {
			break
		}
	}
	for _, id := range ids {
		parts, err := s.wake(id)
		if err != nil {
			return nil, err
		}
		for _, sp := range parts {
			if len(some) < samples && slices.Contains(periods, keys.Period{Class: sp.period.class, Day: sp.period.day}) {
				some = append(some, sp)
			}
		}
	}
	return some, nil
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
		moved := clock && now.held(r.Clock) != nil
		if clock {
			r.Clock = now
		}
		if err := cmp.Or(s.Progress().held(), now.held(r.Clock)); err != nil {
			return err
		}
		var err error
		if plan, err = s.Plan(policies, now.Wall); err != nil {
			return err
		}
		if len(plan.Calls) == 0 && !moved {
			return ErrNothingWaits
		}
		r.Approved, r.ApprovedBy, r.ApprovedAt = len(plan.Calls), by, now.Wall
		if err := s.retained().write(r); err != nil {
			return err
		}
		text := fmt.Sprintf("%d call(s) may be destroyed", len(plan.Calls))
		if clock {
			text += "; the time of day is right, though it moved"
		}
		_, err = book.Append(ledger.Event{At: time.Now().UTC(), Kind: "retention approved", Who: by, Text: text})
		return err
	})
	return plan, err
}
