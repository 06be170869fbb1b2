package control

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"linevault/storage"
)

// MaxHolds is how many calls may be put under legal hold at once.
const MaxHolds = 10_000

// Holds lists the legal holds, those to be reviewed first.
func (d *Desk) Holds(a Actor) ([]Hold, error) {
	if err := a.need(SeeHolds); err != nil {
		return nil, err
	}
	d.refresh()
	all, err := d.Store.Holds()
	if err != nil {
		return nil, fmt.Errorf("list the legal holds: %w", err)
	}
	list := make([]Hold, 0, len(all))
	for _, h := range all {
		v := Hold{Hold: h, Overdue: !d.Now().Before(h.Review)}
		if row, err := d.Store.Find(h.Call); err == nil && a.May(SeeCalls) {
			c := callOf(row)
			v.Line, v.Start = c.LineName, c.Start
		}
		list = append(list, v)
	}
	slices.SortStableFunc(list, func(x, y Hold) int { return x.Review.Compare(y.Review) })
	return list, nil
}

// HoldOf is the legal hold on a call, or nil.
func (d *Desk) HoldOf(a Actor, id string) (*Hold, error) {
	all, err := d.Store.Holds()
	if err != nil {
		return nil, fmt.Errorf("list the legal holds: %w", err)
	}
	i := slices.IndexFunc(all, func(h storage.Hold) bool { return string(h.Call) == id })
	if i < 0 || a.need(SeeCalls) != nil {
		return nil, nil
	}
	return &Hold{Hold: all[i], Overdue: !d.Now().Before(all[i].Review)}, nil
}

// PlaceHold keeps a call beyond its term until two people release it.
func (d *Desk) PlaceHold(a Actor, id, reason string, review time.Time) error {
	if err := a.need(PlaceHold); err != nil {
		return err
	}
	if err := d.checkHold(reason, review); err != nil {
		return err
	}
	d.refresh()
	n, err := d.Store.SetHolds([]storage.CallID{storage.CallID(id)}, a.Name, reason, review, d.Ledger)
	if err == nil && n == 0 {
		return &FormError{"reason", "This call is under legal hold already"}
	}
	return noCallOr(err)
}

// PlaceHolds does it for every call that q chooses, and reports how many were not held before.
func (d *Desk) PlaceHolds(a Actor, q Query, reason string, review time.Time) (set, found int, err error) {
	if err := a.need(PlaceHold); err != nil {
		return 0, 0, err
	}
	if err := d.checkHold(reason, review); err != nil {
		return 0, 0, err
	}
	d.refresh()
	s := q.storage()
	s.Limit, s.Before = MaxHolds, ""
	page, err := d.Store.Calls(s)
	if err != nil {
		return 0, 0, fmt.Errorf("find calls: %w", err)
	}
	if page.Total > MaxHolds {
		return 0, page.Total, &FormError{"reason", fmt.Sprintf("The search finds %d calls, and %d at once is the most. Narrow it, for example by dates.", page.Total, MaxHolds)}
	}
	ids := make([]storage.CallID, 0, len(page.Rows))
	for _, r := range page.Rows {
		ids = append(ids, r.ID)
	}
	set, err = d.Store.SetHolds(ids, a.Name, reason, review, d.Ledger)
	return set, len(ids), err
}

func (d *Desk) checkHold(reason string, review time.Time) error {
	switch {
	case strings.TrimSpace(reason) == "":
		return &FormError{"reason", "Enter why the call must be kept"}
	case len(reason) > maxReason:
		return &FormError{"reason", fmt.Sprintf("The reason must be %d characters or fewer", maxReason)}
	case review.IsZero():
		return &FormError{"review", "Enter the day on which somebody must ask whether the hold is still needed"}
	case !review.After(d.Now()):
		return &FormError{"review", "The day of the review must be in the future"}
	}
	return nil
}

const maxReason = 500

// AskRelease asks for a release, which another person must approve.
func (d *Desk) AskRelease(a Actor, id, reason string) error {
	if err := a.need(PlaceHold); err != nil {
		return err
	}
	if strings.TrimSpace(reason) == "" {
		return &FormError{"why", "Enter why the call need not be kept any more"}
	}
	h, err := d.HoldOf(a, id)
	switch {
	case err != nil:
		return err
	case h == nil:
		return &FormError{"why", "This call is not under legal hold any more"}
	case h.Asked != "":
		return &FormError{"why", h.Asked + " has asked for this already; another person can approve it"}
	}
	_, err = d.Store.ReleaseHold(storage.CallID(id), a.Name, reason, d.Ledger)
	return err
}

// ReviewHold notes that a hold was looked at and is still needed, until another day.
func (d *Desk) ReviewHold(a Actor, id, outcome string, review time.Time) error {
	if err := a.need(PlaceHold); err != nil {
		return err
	}
	if err := d.checkHold(outcome, review); err != nil {
		return err
	}
	return d.Store.ReviewHold(storage.CallID(id), a.Name, outcome, review, d.Ledger)
}

// noCallOr is ErrNoCall for what the store does not have.
func noCallOr(err error) error {
	if errors.Is(err, storage.ErrNoCall) {
		return ErrNoCall
	}
	return err
}
