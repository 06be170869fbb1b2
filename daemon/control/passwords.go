package control

import (
	"errors"
	"strings"

	"linevault/daemon/auth"
	"linevault/storage"
	"linevault/storage/ledger"
)

// ResetPassword takes an account's password away and returns a code for its owner. Where there
// is an administrator besides these two, that one must approve: otherwise one person could
// take the place of another.
func (d *Desk) ResetPassword(a Actor, name, reason string) (Invitation, error) {
	if err := a.need(LookAfterAccounts); err != nil {
		return Invitation{}, err
	}
	who, err := d.Accounts.Find(name)
	switch {
	case err != nil:
		return Invitation{}, err
	case storage.SamePerson(who.Name, a.Name):
		return Invitation{}, &FormError{"reason", "To change your own password, select your name at the top of the page"}
	case strings.TrimSpace(reason) == "":
		return Invitation{}, &FormError{"reason", "Enter why the password is reset"}
	}
	if d.anotherAdmin(a.Name, who.Name) && who.Ready && len(who.Roles) > 0 {
		_, err := d.Store.Ask(storage.Request{Kind: AskedPassword, By: a.Name, Reason: reason, More: map[string]string{moreAccount: who.Name}}, d.Ledger)
		return Invitation{Name: who.Name, Waits: true}, err
	}
	return d.resetPassword(a, who.Name, reason, map[string]string{"address": a.Address, moreAccount: who.Name})
}

func (d *Desk) resetPassword(a Actor, name, reason string, data map[string]string) (Invitation, error) {
	if err := d.write(ledger.Event{Kind: "password reset", Who: a.Name, Purpose: reason, Data: data}); err != nil {
		return Invitation{}, err
	}
	i := Invitation{Name: name}
	var err error
	i.Code, i.Until, err = d.Accounts.NewCode(name)
	return i, err
}

// ChangePassword is for one's own.
func (d *Desk) ChangePassword(a Actor, old, password, token string) error {
	err := d.Accounts.ChangePassword(a.Name, old, password, a.Address, token)
	if err != nil {
		if field, ok := errors.AsType[*auth.FieldError](err); ok && field.Field == "old" {
			_ = d.write(ledger.Event{Kind: "password change refused", Who: a.Name, Data: from(a.Address)}) // write has logged it
		}
		return err
	}
	d.tell(ledger.Event{Kind: "password changed", Who: a.Name, Data: from(a.Address)}, nil)
	return nil
}

// ChoosePassword sets the password of an account for who knows its code, and signs them in.
func (d *Desk) ChoosePassword(name, code, password, address string) (token string, err error) {
	if err := d.Accounts.Choose(name, code, password, address); err != nil {
		d.tell(ledger.Event{Kind: "sign-in refused", Text: err.Error(), Data: from(address)}, err)
		return "", err
	}
	d.tell(ledger.Event{Kind: "password chosen", Who: strings.TrimSpace(name), Data: from(address)}, nil)
	return d.SignIn(name, password, address, "")
}
