package control

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"time"

	"linevault/storage"
)

// terms is what came of the last run of retention.
type terms struct {
	mu   sync.Mutex // guards what follows
	at   time.Time  // of the last run
	held *storage.HeldBackError
	went int   // calls destroyed by it
	err  error // why it failed
}

// Retain destroys what is past its term, as the desk does daily, and remembers what came of it.
func (d *Desk) Retain() error {
	now, err := d.Clock()
	var plan *storage.Plan
	if err == nil {
		plan, err = d.Store.Retain(d.Policies, now, d.Ledger)
	}
	d.terms.mu.Lock()
	defer d.terms.mu.Unlock()
	d.terms.at, d.terms.held, d.terms.went, d.terms.err = d.Now(), nil, 0, nil
	switch {
	case errors.As(err, &d.terms.held):
	case err != nil:
		d.terms.err = err
	default:
		d.terms.went = len(plan.Calls)
		if d.terms.went > 0 {
			d.Log.Info("retention", "destroyed", d.terms.went)
		}
	}
	d.retentionAlarm()
	return err
}

// retentionAlarm is on while retention does not do its work, or waits for somebody who looks. Its
// caller holds terms.mu.
func (d *Desk) retentionAlarm() {
	const key = "retention"
	held := d.terms.held
	switch {
	case d.Health == nil:
	case d.terms.err != nil:
		d.Health.Raise(key, "", fmt.Sprintf("what is past its term could not be destroyed: %v; it is tried again within a day", d.terms.err))
	case held != nil && held.What != storage.FirstRun && held.What != NotListed && len(d.Policies) > 0:
		d.Health.Raise(key, "", fmt.Sprintf("nothing that is past its term is destroyed until somebody has looked at the Retention page: %s", held.Why))
	default:
		d.Health.Clear(key)
	}
}

// LookAtRetention finds out what would hold retention back now, without a run: for a face that
// is no box, whose desk has had none.
func (d *Desk) LookAtRetention(a Actor) error {
	if err := a.need(ApproveRetention); err != nil {
		return err
	}
	now, err := d.Clock()
	if err != nil {
		return err
	}
	err = d.Store.HeldBack(d.Policies, now)
	held, is := errors.AsType[*storage.HeldBackError](err)
	if err != nil && !is {
		return err
	}
	d.terms.mu.Lock()
	defer d.terms.mu.Unlock()
	d.terms.held = held
	return nil
}

// heldBack is what holds retention back so that a person must act, or nil.
func (d *Desk) heldBack() *storage.HeldBackError {
	d.terms.mu.Lock()
	defer d.terms.mu.Unlock()
	if h := d.terms.held; h != nil && h.What != storage.FirstRun && len(d.Policies) > 0 {
		return h
	}
	return nil
}

// RetentionWaits reports whether the last run waits for the list of calls to be whole.
func (d *Desk) RetentionWaits() bool {
	h := d.heldBack()
	return h != nil && h.What == NotListed
}

// Class is the terms of a retention class, and what is in it.
type Class struct {
	storage.Policy
	Calls          int // kept now
	Next           storage.Due
	Week, Month    int // that go within 7 and within 30 days
	Past           int // that are past their term
	WithoutMaximum bool
}

// Retention is what is kept for how long, and what the last run did.
type Retention struct {
	Classes  []Class
	LastRun  time.Time
	Went     int
	HeldBack *storage.HeldBackError
	Failed   string
	Plan     *storage.Plan    // what a run would destroy now
	Asked    *storage.Request // the approval that waits for another person
}

// Retention tells what goes when.
func (d *Desk) Retention(a Actor) (Retention, error) {
	if err := a.need(SeeRetention); err != nil {
		return Retention{}, err
	}
	d.refresh()
	var r Retention
	d.terms.mu.Lock()
	r.LastRun, r.Went = d.terms.at, d.terms.went
	if d.terms.err != nil {
		r.Failed = d.terms.err.Error()
	}
	d.terms.mu.Unlock()
	r.HeldBack = d.heldBack()
	due, kept := d.Store.Due(d.Policies)
	now := d.Now()
	for _, p := range d.Policies {
		c := Class{Policy: p, Calls: kept[p.Class], WithoutMaximum: p.AtMost.N == 0}
		for _, g := range due {
			if g.Class != p.Class {
				continue
			}
			switch {
			case !now.Before(g.At):
				c.Past += g.Calls
				continue
			case c.Next.Calls == 0:
				c.Next = g
			}
			if g.At.Before(now.AddDate(0, 0, 7)) {
				c.Week += g.Calls
			}
			if g.At.Before(now.AddDate(0, 0, 30)) {
				c.Month += g.Calls
			}
		}
		r.Classes = append(r.Classes, c)
	}
	var err error
	if r.Plan, err = d.Store.Plan(d.Policies, now); err != nil {
		return r, fmt.Errorf("plan the next run of retention: %w", err)
	}
	all, err := d.Store.Requests()
	for i := range all {
		if all[i].Kind == AskedRetention {
			r.Asked = &all[i]
		}
	}
	return r, err
}

// AskRetention asks that what is held back may go, which another person must approve.
func (d *Desk) AskRetention(a Actor, reason string) error {
	if err := a.need(ApproveRetention); err != nil {
		return err
	}
	held := d.heldBack()
	switch {
	case held == nil:
		return notAsked("reason", "Nothing is held back any more")
	case held.What == NotListed:
		return notAsked("reason", "This need not be approved: it goes on by itself once every call is listed.")
	case held.What == storage.NoTime:
		return notAsked("reason", "This cannot be approved: the recorder's time is not synchronised. Put that right first.")
	case strings.TrimSpace(reason) == "":
		return &FormError{"reason", "Enter how you know that it is right"}
	}
	now, _, err := d.look()
	if err != nil {
		return err
	}
	_, err = d.Store.Ask(storage.Request{
		Kind: AskedRetention, By: a.Name, Reason: reason,
		More: map[string]string{"held": held.Why, "clock": strconv.FormatBool(held.What == storage.TimeMoved), moreSeen: now.String()},
	}, d.Ledger)
	if err != nil {
		return notAsked("reason", sentence(err))
	}
	return nil
}

// approveRetention lets what was held back go, and runs retention at once.
func (d *Desk) approveRetention(a Actor, r storage.Request) (string, error) {
	if err := d.stillSo(r); err != nil {
		return "", err
	}
	now, err := d.Clock()
	if err != nil {
		return "", err
	}
	plan, err := d.Store.ApproveRetention(d.Policies, now, r.More["clock"] == "true", a.Name, d.Ledger)
	if errors.Is(err, storage.ErrNothingWaits) {
		return "Nothing waits any more: no call is past its term.", nil
	}
	if err != nil {
		return "", err
	}
	err = d.Retain()
	if held, ok := errors.AsType[*storage.HeldBackError](err); ok {
		return "Approved, but still held back: " + held.Why, nil
	}
	return fmt.Sprintf("Approved: %d call(s) were past their term, and are destroyed.", len(plan.Calls)), err
}
