package control

import (
	"errors"

	"linevault/daemon/auth"
	"linevault/storage/ledger"
)

// SetUpNeeded reports whether the box has no account yet.
func (d *Desk) SetUpNeeded() bool { return d.Accounts.SetUpNeeded() }

// SetUp makes the first account, which may do everything, and signs it in.
func (d *Desk) SetUp(code, name, password, address string) (token string, err error) {
	err = d.Accounts.SetUp(code, name, password, address, auth.Supervisor, auth.Admin)
	if err != nil {
		d.tell(ledger.Event{Kind: "set-up refused", Text: err.Error(), Data: from(address)}, err)
		return "", err
	}
	d.tell(ledger.Event{Kind: "account made", Who: name, Text: "the first account, with the set-up code", Data: from(address)}, nil)
	return d.SignIn(name, password, address, "")
}

// SignIn starts a session for who knows the password, in place of the session before, if any.
//
// A ledger that cannot be written does not stop a sign-in, only what is done afterwards: on a
// box with a full disk an administrator must be able to see the alarm.
func (d *Desk) SignIn(name, password, address, before string) (token string, err error) {
	token, who, err := d.Accounts.SignIn(name, password, address, before)
	if err != nil {
		// The name is not kept: people type passwords into the wrong field.
		d.tell(ledger.Event{Kind: "sign-in refused", Text: err.Error(), Data: from(address)}, err)
		return "", err
	}
	d.tell(ledger.Event{Kind: "sign-in", Who: who.Name, Data: from(address)}, nil)
	return token, nil
}

// SignOut ends the session of token.
func (d *Desk) SignOut(token, address string) {
	who, ok := d.Accounts.Peek(token)
	if !ok {
		return
	}
	d.Accounts.SignOut(token)
	d.tell(ledger.Event{Kind: "sign-out", Who: who.Name, Data: from(address)}, nil)
}

// Who is the actor that holds token; asking keeps the session alive.
func (d *Desk) Who(token, address string) (Actor, bool) {
	a, ok := d.Accounts.Session(token)
	return Actor{Name: a.Name, Roles: a.Roles, Address: address}, ok
}

// StillIn is Who for a page that watches by itself: asking does not keep the session alive.
func (d *Desk) StillIn(token, address string) (Actor, bool) {
	a, ok := d.Accounts.Peek(token)
	return Actor{Name: a.Name, Roles: a.Roles, Address: address}, ok
}

// tell writes e, and has logged it if that failed. A try that was made to wait is not
// written: a machine that guesses all day must not fill the ledger.
func (d *Desk) tell(e ledger.Event, why error) {
	if _, waits := errors.AsType[*auth.WaitError](why); waits {
		return
	}
	if _, form := errors.AsType[*auth.FieldError](why); form {
		return
	}
	_ = d.write(e) // write has logged it; see SignIn
}

func from(address string) map[string]string { return map[string]string{"address": address} }
