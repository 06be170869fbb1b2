package control

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"time"

	"linevault/daemon/account"
	"linevault/storage"
)

// Account is what became of a day's calls.
type Account struct {
	Day   string // as 2026-11-22
	Lines []AccountLine
	Total AccountLine
}

// AccountLine is a line's calls of the day.
type AccountLine struct {
	ID, Name, Department                                              string
	Signalled, Recorded, Partly, NotByPolicy, Lost, Open, Unexplained int
	Missing                                                           []Missing // of calls recorded in part
	Reasons                                                           []Reason
}

// Explained is how many calls are recorded, or it is known why not.
func (l AccountLine) Explained() int { return l.Recorded + l.Partly + l.NotByPolicy + l.Lost }

// Missing is how much of calls was not kept, for one cause.
type Missing struct {
	Cause Cause
	Time  time.Duration
}

// Reason is why calls were not recorded, or not whole.
type Reason struct {
	Outcome string
	Text    string
	Calls   int
}

// ErrNoAccount says that this desk keeps no account.
var ErrNoAccount = errors.New("this desk keeps no account of calls")

// Account is the account of a day, which is one of the calendar in the United Kingdom.
func (d *Desk) Account(a Actor, day time.Time) (Account, error) {
	if err := a.need(SeeAccount); err != nil {
		return Account{}, err
	}
	if d.Clerk == nil {
		return Account{}, ErrNoAccount
	}
	if err := d.Clerk.Look(); err != nil {
		return Account{}, fmt.Errorf("look for calls: %w", err)
	}
	all := Account{Day: account.DayOf(day), Total: AccountLine{Name: "All lines"}}
	for _, f := range d.Clerk.Day(all.Day) {
		l := AccountLine{
			ID: string(f.Line), Name: f.Name, Department: f.Department, Signalled: f.Signalled, Recorded: f.Recorded, Partly: f.Partly,
			NotByPolicy: f.NotByPolicy, Lost: f.Lost, Open: f.Open, Unexplained: f.Unexplained,
		}
		for cause, t := range f.Missing {
			l.Missing = append(l.Missing, Missing{Cause(cause), t})
		}
		slices.SortFunc(l.Missing, func(a, b Missing) int { return cmp.Compare(a.Cause, b.Cause) })
		for _, r := range f.Reasons {
			l.Reasons = append(l.Reasons, Reason{string(r.Outcome), r.Text, r.Calls})
		}
		t := &all.Total
		t.Signalled, t.Recorded, t.Partly = t.Signalled+l.Signalled, t.Recorded+l.Recorded, t.Partly+l.Partly
		t.NotByPolicy, t.Lost = t.NotByPolicy+l.NotByPolicy, t.Lost+l.Lost
		t.Open, t.Unexplained = t.Open+l.Open, t.Unexplained+l.Unexplained
		all.Lines = append(all.Lines, l)
	}
	return all, nil
}

// Related are the other recordings of the call that this one is of: it was held, or it moved to
// another channel.
func (d *Desk) Related(a Actor, id string) ([]Call, error) {
	if err := a.need(SeeCalls); err != nil {
		return nil, err
	}
	if d.Clerk == nil {
		return nil, nil
	}
	var all []Call
	for _, other := range d.Clerk.Related(storage.CallID(id)) {
		if string(other) == id {
			continue
		}
		row, err := d.Store.Find(other)
		if errors.Is(err, storage.ErrNoCall) || errors.Is(err, ErrUnlisted) {
			continue // destroyed since, or not listed yet
		}
		if err != nil {
			return nil, fmt.Errorf("find the call: %w", err)
		}
		all = append(all, callOf(row))
	}
	return all, nil
}
