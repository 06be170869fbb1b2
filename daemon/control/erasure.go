package control

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"linevault/storage"
	"linevault/storage/certificate"
	"linevault/storage/checkpoint"
	"linevault/storage/evidence"
	"linevault/storage/keys"
)

// Grounds are what a call may be destroyed for before its time.
var Grounds = []Purpose{
	{"subject", "The person recorded asked for it"},
	{"mistake", "It was recorded by mistake"},
	{"court", "A court or a regulator ordered it"},
}

// The refusals of a destruction that a face tells apart.
var (
	ErrOnHold = storage.ErrOnHold
	ErrSame   = storage.ErrSamePerson
	ErrGone   = storage.ErrNoRequest
)

// NoTime is what holds retention back where nobody can approve it.
const NoTime = storage.NoTime

// ErrNoCertificate is a certificate that there is not.
var ErrNoCertificate = storage.ErrNoCertificate

// AskErasure asks for a call to be destroyed before its time, which another person must
// approve.
func (d *Desk) AskErasure(a Actor, id, ground, reason string) error {
	if err := a.need(AskErasure); err != nil {
		return err
	}
	i := slices.IndexFunc(Grounds, func(p Purpose) bool { return p.ID == ground })
	switch {
	case i < 0:
		return &FormError{"ground", "Select on what ground the call is to be destroyed"}
	case strings.TrimSpace(reason) == "":
		return &FormError{"reason", "Enter why, for the person who approves it and for the certificate"}
	case len(reason) > maxReason:
		return &FormError{"reason", fmt.Sprintf("The reason must be %d characters or fewer", maxReason)}
	}
	c, err := d.Call(a, id)
	switch {
	case err != nil:
		return err
	case c.Live:
		return ErrLive
	}
	if h, err := d.HoldOf(a, id); err != nil {
		return err
	} else if h != nil {
		return ErrOnHold
	}
	_, err = d.Store.Ask(storage.Request{Kind: AskedErasure, Call: storage.CallID(id), By: a.Name, Reason: Grounds[i].Text + ": " + strings.TrimSpace(reason)}, d.Ledger)
	if err != nil {
		return notAsked("reason", sentence(err))
	}
	return nil
}

// Purged is what came of a purge: a certificate, the promise to do it when the call ends, or a
// request that another person must approve.
type Purged struct {
	Certificate string
	Later       bool
	Asked       bool
}

// PurgeSpan destroys what was said in a call from one time to another, for good.
func (d *Desk) PurgeSpan(a Actor, id string, from, to time.Duration, reason string) (Purged, error) {
	if err := a.need(Purge); err != nil {
		return Purged{}, err
	}
	reason = strings.TrimSpace(reason)
	switch {
	case reason == "":
		return Purged{}, &FormError{"reason", "Enter why, for the call's page and the certificate"}
	case len(reason) > maxReason:
		return Purged{}, &FormError{"reason", fmt.Sprintf("The reason must be %d characters or fewer", maxReason)}
	case to <= from || from < 0:
		return Purged{}, &FormError{"to", "The end must be after the beginning"}
	}
	c, err := d.Call(a, id)
	if err != nil {
		return Purged{}, err
	}
	if !c.Live && from >= c.Length {
		return Purged{}, &FormError{"from", "The call is over before that"}
	}
	two, err := d.checkPurge(id, from, to)
	switch {
	case err != nil:
		return Purged{}, err
	case two:
		if err := d.Store.AskPurge(storage.CallID(id), from, to, a.Name, reason, d.Ledger); err != nil {
			return Purged{}, notAsked("reason", sentence(err))
		}
		return Purged{Asked: true}, nil
	case !c.Live:
		done, err := d.Store.PurgeSpan(storage.CallID(id), from, to, a.Name, reason, d.Ledger)
		if err == nil {
			d.findings.forget(storage.CallID(id))
			return Purged{Certificate: done.ID}, nil
		}
		if !errors.Is(err, storage.ErrStillLive) {
			return Purged{}, noCallOr(err)
		}
	}
	return Purged{Later: true}, noCallOr(d.Store.PurgeWhenEnded(storage.CallID(id), from, to, a.Name, reason, d.Ledger))
}

// checkPurge says in the words of the form what nobody may destroy so, and whether it takes
// two people.
func (d *Desk) checkPurge(id string, from, to time.Duration) (two bool, err error) {
	row, err := d.Store.Find(storage.CallID(id))
	if err != nil {
		return false, noCallOr(err)
	}
	if row.Live {
		if row.TakesTwo(from, to) {
			return false, &FormError{"to", "This is more than ten minutes, or more than half of the call so far. Wait until the call has ended; then another person can approve it"}
		}
		return false, nil
	}
	err = row.CheckPurge(from, to)
	_, past := errors.AsType[*storage.PastEndError](err)
	switch {
	case past:
		return false, &FormError{"to", "The call is over before that: look again where the part ends"}
	case errors.Is(err, storage.ErrNothingThere):
		return false, &FormError{"from", "Nothing of the call is stored there: it was not recorded, or is destroyed already"}
	case errors.Is(err, storage.ErrWholeCall):
		return false, &FormError{"to", "That is the whole call. Ask for the call to be destroyed before its time, which another person must approve"}
	}
	return err == nil && row.TakesTwo(from, to), err
}

// WaitingPurges lists what goes when a call has ended.
func (d *Desk) WaitingPurges(a Actor, id string) ([]storage.WaitingPurge, error) {
	if err := a.need(SeeCalls); err != nil {
		return nil, err
	}
	all, err := d.Store.WaitingPurges()
	return slices.DeleteFunc(all, func(w storage.WaitingPurge) bool { return string(w.Call) != id }), err
}

// Certificate says what was destroyed.
type Certificate = storage.Certificate

// Certificates lists the certificates of destruction, newest first; damaged says which are
// not as this box signed them.
func (d *Desk) Certificates(a Actor) (list []*Certificate, damaged []string, err error) {
	if err := a.need(SeeCertificates); err != nil {
		return nil, nil, err
	}
	ring, err := keys.OpenRing(d.Dir)
	if err != nil {
		return nil, nil, err
	}
	list, err = storage.Certificates(d.Dir, storage.CertificateKey(ring))
	slices.SortFunc(list, func(x, y *Certificate) int { return strings.Compare(y.ID, x.ID) }) // an ID begins with the time
	if err != nil {
		damaged = strings.Split(err.Error(), "\n")
	}
	return list, damaged, nil
}

// Certificate is one certificate, as this box signed it, and a file of it that can be checked on
// any computer.
func (d *Desk) Certificate(a Actor, id string) (*Certificate, []byte, error) {
	if err := a.need(SeeCertificates); err != nil {
		return nil, nil, err
	}
	ring, err := keys.OpenRing(d.Dir)
	if err != nil {
		return nil, nil, err
	}
	key := storage.CertificateKey(ring)
	c, b, err := storage.ReadCertificate(d.Dir, id, key)
	if err == nil {
		b, err = certificate.Export(b, key, checkpoint.NewKey(ring.Derive(evidence.KeyPurpose)))
	}
	return c, b, err
}

// sentence is an error as a form shows it.
func sentence(err error) string {
	s := err.Error()
	return strings.ToUpper(s[:1]) + s[1:]
}
