package control

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"linevault/storage"
)

// The kinds of requests that wait for another person.
const (
	AskedErasure    = storage.AskedErasure
	AskedPurge      = storage.AskedPurge
	AskedDisclosure = "disclosure"
	AskedRetention  = "retention"
	AskedRoles      = "roles"
	AskedPassword   = "password reset"
	AskedRelease    = "hold release"
)

// approves is what it takes to approve each kind.
var approves = map[string]Permission{
	AskedErasure: ApproveErasure, AskedPurge: ApproveErasure, AskedDisclosure: ApproveDisclosure, AskedRetention: ApproveRetention,
	AskedRoles: LookAfterAccounts, AskedPassword: LookAfterAccounts, AskedRelease: PlaceHold,
}

// releaseID begins the id of a request that is noted on a legal hold.
const releaseID = "hold-"

// Waiting is a request as one actor sees it.
type Waiting struct {
	storage.Request
	Mine       bool // the actor asked for it
	MayApprove bool
}

// Requests lists what waits for another person, as far as the actor asked for it or may
// approve it.
func (d *Desk) Requests(a Actor) ([]Waiting, error) {
	all, err := d.allRequests()
	if err != nil {
		return nil, err
	}
	var list []Waiting
	for _, r := range all {
		w := Waiting{Request: r, Mine: storage.SamePerson(r.By, a.Name)}
		w.MayApprove = a.May(approves[r.Kind]) && !w.Mine && !storage.SamePerson(r.More[moreAccount], a.Name) && r.Approved == ""
		if w.Mine || w.MayApprove {
			list = append(list, w)
		}
	}
	return list, nil
}

func (d *Desk) allRequests() ([]storage.Request, error) {
	all, err := d.Store.Requests()
	if err != nil {
		return nil, fmt.Errorf("what waits for approval: %w", err)
	}
	holds, err := d.Store.Holds()
	if err != nil {
		return nil, fmt.Errorf("what waits for approval: %w", err)
	}
	for _, h := range holds {
		if h.Asked != "" {
			all = append(all, releaseOf(h))
		}
	}
	return all, nil
}

func releaseOf(h storage.Hold) storage.Request {
	return storage.Request{ID: releaseID + string(h.Call), Kind: AskedRelease, Call: h.Call, By: h.Asked, At: h.AskedAt, Reason: h.AskedWhy}
}

// Done is what came of an approval.
type Done struct {
	Kind, Call  string
	Certificate string // its id, where something was destroyed
	Invitation  *Invitation
	Text        string
}

// Approve does what somebody else asked for.
func (d *Desk) Approve(a Actor, id string) (Done, error) {
	d.approving.Lock() // nothing is done twice
	defer d.approving.Unlock()
	r, err := d.request(a, id)
	if err != nil {
		return Done{}, err
	}
	done := Done{Kind: r.Kind, Call: string(r.Call)}
	if storage.SamePerson(r.By, a.Name) || storage.SamePerson(r.More[moreAccount], a.Name) {
		return done, storage.ErrSamePerson
	}
	switch r.Kind {
	case AskedRelease:
		_, err := d.Store.ReleaseHold(r.Call, a.Name, r.Reason, d.Ledger)
		done.Text = "The legal hold is released."
		return done, err
	case AskedDisclosure:
		done.Text = "Approved. " + r.By + " can make the pack now."
		return done, d.Store.Approve(id, a.Name, d.Ledger)
	case AskedErasure:
		c, err := d.Store.EraseCall(r.Call, r.By, r.Reason, a.Name, d.Ledger)
		if err != nil {
			return done, noCall(err)
		}
		d.findings.forget(r.Call)
		done.Certificate, done.Text = c.ID, "The call is destroyed."
	case AskedPurge:
		c, err := d.Store.PurgeApproved(r, a.Name, d.Ledger)
		if err != nil {
			return done, noCallOr(err)
		}
		d.findings.forget(r.Call)
		done.Certificate, done.Text = c.ID, "That part of the call is destroyed."
	case AskedRoles:
		if err := d.giveRoles(a, r); err != nil {
			return done, err
		}
		done.Text = r.More[moreAccount] + " has these roles now: " + r.More[moreRoles] + "."
	case AskedPassword:
		i, err := d.resetPassword(a, r.More[moreAccount], r.Reason, map[string]string{
			"address": a.Address, moreAccount: r.More[moreAccount], "asked": r.By,
		})
		if err != nil {
			return done, err
		}
		done.Invitation = &i
	case AskedRetention:
		if done.Text, err = d.approveRetention(a, r); err != nil {
			return done, err
		}
	default:
		return done, fmt.Errorf("a request of the kind %q: this Linevault does not know it", r.Kind)
	}
	return done, d.Store.Settled(id)
}

// Refuse takes a request back: who asked for it may, and who could approve it.
func (d *Desk) Refuse(a Actor, id, reason string) error {
	if strings.TrimSpace(reason) == "" {
		return &FormError{"reason", "Enter why"}
	}
	d.approving.Lock()
	defer d.approving.Unlock()
	all, err := d.allRequests()
	if err != nil {
		return err
	}
	i := slices.IndexFunc(all, func(r storage.Request) bool { return r.ID == id })
	if i < 0 {
		return storage.ErrNoRequest
	}
	if r := all[i]; !a.May(approves[r.Kind]) && !storage.SamePerson(r.By, a.Name) {
		return ErrForbidden
	}
	if call, is := strings.CutPrefix(id, releaseID); is {
		return d.Store.KeepHold(storage.CallID(call), a.Name, reason, d.Ledger)
	}
	return d.Store.Refuse(id, a.Name, reason, d.Ledger)
}

// request is a request that the actor's roles may approve.
func (d *Desk) request(a Actor, id string) (storage.Request, error) {
	all, err := d.allRequests()
	if err != nil {
		return storage.Request{}, err
	}
	i := slices.IndexFunc(all, func(r storage.Request) bool { return r.ID == id })
	if i < 0 {
		return storage.Request{}, storage.ErrNoRequest
	}
	return all[i], a.need(approves[all[i].Kind])
}

// Hold is a legal hold as people see it.
type Hold struct {
	storage.Hold
	Line    string
	Start   time.Time
	Overdue bool // its day of review has come
}
