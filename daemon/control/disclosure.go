package control

import (
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"golang.org/x/sys/unix"

	"linevault/storage"
	"linevault/storage/disclosure"
	"linevault/storage/disclosure/maker"
	"linevault/storage/evidence"
)

// Recipient is a kind of recipient of a disclosure. What leaves the council takes two people.
type Recipient struct {
	Purpose
	Outside bool
}

// Recipients are who may get a call.
var Recipients = []Recipient{
	{Purpose{"council", "Another service of this council"}, false},
	{Purpose{"subject", "The person recorded"}, true},
	{Purpose{"police", "The police"}, true},
	{Purpose{"court", "A court or a regulator"}, true},
	{Purpose{"care", "A care organisation"}, true},
	{Purpose{"other", "Somebody else"}, true},
}

// Disclosure is what somebody wants to disclose.
type Disclosure struct {
	Kind      string // of Recipients
	To        string // who
	Basis     string // in law
	Purpose   string
	Reference string
}

// What requests for a disclosure carry.
const (
	moreTo        = "to"
	moreKind      = "recipient"
	moreBasis     = "basis"
	moreReference = "reference"
)

// Pack is a disclosure pack in memory. The reader closes it.
type Pack struct {
	*os.File
	Size        int64
	Name        string
	Fingerprint string // of the key that proves it
}

// check says which field is wrong, and whether another person must approve.
func (v *Disclosure) check() (outside bool, err error) {
	i := slices.IndexFunc(Recipients, func(r Recipient) bool { return r.ID == v.Kind })
	for _, f := range []struct{ field, text, value string }{
		{"to", "Enter who gets the call", v.To},
		{"basis", "Enter the legal basis", v.Basis},
		{"purpose", "Enter why they need it", v.Purpose},
	} {
		switch {
		case i < 0:
			return false, &FormError{"kind", "Select what kind of recipient it is"}
		case strings.TrimSpace(f.value) == "":
			return false, &FormError{f.field, f.text}
		case len(f.value) > maxReason:
			return false, &FormError{f.field, fmt.Sprintf("This must be %d characters or fewer", maxReason)}
		}
	}
	if len(v.Reference) > maxReference {
		return false, &FormError{"reference", fmt.Sprintf("Reference must be %d characters or fewer", maxReference)}
	}
	return Recipients[i].Outside, nil
}

// Disclose makes the pack of a call for another service of the council. For anybody else it
// asks for the approval of another person, and returns no pack.
func (d *Desk) Disclose(a Actor, id string, v Disclosure) (*Pack, error) {
	var p *Pack
	_, err := d.DiscloseWith(a, id, v, func(r disclosure.Request) (err error) {
		p, err = d.pack(id, r)
		return err
	})
	return p, err
}

// DiscloseWith has pack make the pack, where one person may disclose that alone. For anybody
// outside the council it asks for the approval of another person, and the disclosure waits.
func (d *Desk) DiscloseWith(a Actor, id string, v Disclosure, pack func(disclosure.Request) error) (waits bool, err error) {
	if err := a.need(Disclose); err != nil {
		return false, err
	}
	outside, err := v.check()
	if err != nil {
		return false, err
	}
	c, err := d.Call(a, id)
	switch {
	case err != nil:
		return false, err
	case c.Live:
		return false, ErrLive
	}
	if !outside {
		return false, pack(v.request(a.Name))
	}
	_, err = d.Store.Ask(storage.Request{
		Kind: AskedDisclosure, Call: storage.CallID(id), By: a.Name, Reason: v.Purpose,
		More: map[string]string{moreKind: v.Kind, moreTo: v.To, moreBasis: v.Basis, moreReference: v.Reference},
	}, d.Ledger)
	if err != nil {
		return false, notAsked("to", sentence(err))
	}
	return true, nil
}

func (v *Disclosure) request(by string) disclosure.Request {
	return disclosure.Request{By: by, To: v.To, Basis: v.Basis, Purpose: v.Purpose, Reference: v.Reference}
}

// Disclosing is the actor's request to disclose a call, if there is one.
func (d *Desk) Disclosing(a Actor, id string) (*storage.Request, error) {
	if err := a.need(Disclose); err != nil {
		return nil, err
	}
	all, err := d.Store.Requests()
	for _, r := range all {
		if r.Kind == AskedDisclosure && string(r.Call) == id {
			return &r, nil
		}
	}
	return nil, err
}

// DiscloseApproved makes the pack that another person has approved.
func (d *Desk) DiscloseApproved(a Actor, id string) (*Pack, error) {
	var p *Pack
	err := d.DiscloseApprovedWith(a, id, func(r disclosure.Request) (err error) {
		p, err = d.pack(id, r)
		return err
	})
	if err != nil && p != nil {
		return nil, errors.Join(err, p.Close())
	}
	return p, err
}

// DiscloseApprovedWith has pack make the pack that another person has approved.
func (d *Desk) DiscloseApprovedWith(a Actor, id string, pack func(disclosure.Request) error) error {
	d.approving.Lock()
	defer d.approving.Unlock()
	r, err := d.Disclosing(a, id)
	switch {
	case err != nil:
		return err
	case r == nil:
		return ErrGone
	case !storage.SamePerson(r.By, a.Name) || r.Approved == "":
		return ErrForbidden
	}
	err = pack(disclosure.Request{
		By: r.By + ", approved by " + r.Approved, To: r.More[moreTo], Basis: r.More[moreBasis], Purpose: r.Reason, Reference: r.More[moreReference],
	})
	if err != nil {
		return err
	}
	return d.Store.Settled(r.ID)
}

// ErrNoProof is a box on which nobody signs the ledger.
var ErrNoProof = errors.New("this recorder does not sign its ledger, so that no pack can be made")

// pack makes a pack in memory: no sound may lie on the disk in clear.
func (d *Desk) pack(id string, r disclosure.Request) (*Pack, error) {
	if d.Checkpoints == nil {
		return nil, ErrNoProof
	}
	fd, err := unix.MemfdCreate("pack", unix.MFD_CLOEXEC)
	if err != nil {
		return nil, fmt.Errorf("make a pack: %w", err)
	}
	f := os.NewFile(uintptr(fd), "pack")
	k := maker.Maker{
		Store: d.Store, Book: d.Ledger, Register: evidence.New(d.Store, d.Ledger), Checkpoints: d.Checkpoints,
		Software: "Linevault " + d.Version, Now: d.Now,
	}
	if _, err := k.MakeIn(storage.CallID(id), r, f); err != nil {
		return nil, errors.Join(noCallOr(err), f.Close())
	}
	size, err := f.Seek(0, io.SeekEnd)
	if err == nil {
		_, err = f.Seek(0, io.SeekStart)
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("make a pack: %w", err), f.Close())
	}
	return &Pack{File: f, Size: size, Name: "disclosure-" + id + ".zip", Fingerprint: d.Checkpoints.PublicKey().Fingerprint()}, nil
}
