package control

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"linevault/daemon/auth"
	"linevault/storage"
	"linevault/storage/ledger"
)

// FormError says which field of a form is wrong and what to do about it.
type FormError struct{ Field, Text string }

func (e *FormError) Error() string { return e.Text }

// NotAskedError says why another person's approval cannot be asked for. A form shows it beside a
// field, with which nothing is wrong.
type NotAskedError struct{ FormError }

// Unwrap is how a form shows it.
func (e *NotAskedError) Unwrap() error { return &e.FormError }

func notAsked(field, text string) error { return &NotAskedError{FormError{field, text}} }

// Invitation is a code with which somebody chooses a password. It is shown once.
type Invitation struct {
	Name  string
	Code  string // empty where another person must approve first
	Until time.Time
	// Waits says that the roles, or the code, wait for another administrator.
	Waits bool
}

// What requests about accounts carry.
const (
	moreAccount = "account"
	moreRoles   = "roles"
)

// People lists the accounts, by name.
func (d *Desk) People(a Actor) ([]auth.Account, error) {
	if err := a.need(LookAfterAccounts); err != nil {
		return nil, err
	}
	return d.Accounts.Accounts(), nil
}

// Person is the account of that name.
func (d *Desk) Person(a Actor, name string) (auth.Account, error) {
	if err := a.need(LookAfterAccounts); err != nil {
		return auth.Account{}, err
	}
	return d.Accounts.Find(name)
}

// AddAccount makes an account. Where there is another administrator it has no role until that
// one approves: otherwise who adds accounts could make up somebody to hear calls.
func (d *Desk) AddAccount(a Actor, name string, roles []auth.Role, reason string) (Invitation, error) {
	if err := a.need(LookAfterAccounts); err != nil {
		return Invitation{}, err
	}
	name = strings.TrimSpace(name)
	if err := checkRoles(roles); err != nil {
		return Invitation{}, err
	}
	if _, err := d.Accounts.Find(name); err == nil || strings.EqualFold(name, "new") { // which is a page
		return Invitation{}, &FormError{"name", "That user name is taken. Choose another."}
	}
	waits := d.anotherAdmin(a.Name, name)
	given := roles
	if waits {
		if strings.TrimSpace(reason) == "" {
			return Invitation{}, &FormError{"reason", "Enter why, for the administrator who approves it"}
		}
		given = nil
	}
	if err := d.tellAccount(a, "account made", name, "roles: "+rolesText(given), reason); err != nil {
		return Invitation{}, err
	}
	i := Invitation{Name: name, Waits: waits}
	var err error
	if i.Code, i.Until, err = d.Accounts.Invite(name, given...); err != nil {
		return Invitation{}, err
	}
	if waits {
		err = d.askRoles(a, name, roles, reason)
	}
	return i, err
}

// ChangeRoles gives an account other roles. What is taken away is gone at once; what is added
// waits for another administrator, where there is one.
func (d *Desk) ChangeRoles(a Actor, name string, roles []auth.Role, reason string) (waits bool, err error) {
	if err := a.need(LookAfterAccounts); err != nil {
		return false, err
	}
	who, err := d.Accounts.Find(name)
	if err != nil {
		return false, err
	}
	if err := checkRoles(roles); err != nil && !slices.Equal(roles, who.Roles) {
		return false, err
	}
	if strings.TrimSpace(reason) == "" {
		return false, &FormError{"reason", "Enter why the roles change"}
	}
	if !slices.Contains(roles, auth.Admin) && !d.adminBesides(name) && who.Has(auth.Admin) {
		return false, &FormError{"roles", "This is the only administrator. Make another one first."}
	}
	added := slices.DeleteFunc(slices.Clone(roles), who.Has)
	waits = len(added) > 0 && d.anotherAdmin(a.Name, name)
	now := roles
	if waits {
		now = slices.DeleteFunc(slices.Clone(roles), func(r auth.Role) bool { return !who.Has(r) })
	}
	if !slices.Equal(now, who.Roles) {
		if err := d.tellAccount(a, "account changed", who.Name, "roles: "+rolesText(now)+"; before: "+rolesText(who.Roles), reason); err != nil {
			return false, err
		}
		if err := d.Accounts.SetRoles(name, now); err != nil {
			return false, err
		}
	}
	if waits {
		err = d.askRoles(a, who.Name, added, reason)
	}
	return waits, err
}

func (d *Desk) askRoles(a Actor, name string, roles []auth.Role, reason string) error {
	_, err := d.Store.Ask(storage.Request{
		Kind: AskedRoles, By: a.Name, Reason: reason,
		More: map[string]string{moreAccount: name, moreRoles: rolesText(roles)},
	}, d.Ledger)
	return err
}

// giveRoles is what an approved request for roles does.
func (d *Desk) giveRoles(a Actor, r storage.Request) error {
	who, err := d.Accounts.Find(r.More[moreAccount])
	if err != nil {
		return err
	}
	roles := slices.Clone(who.Roles)
	for _, role := range auth.Roles {
		if slices.Contains(strings.Split(r.More[moreRoles], ", "), string(role)) && !who.Has(role) {
			roles = append(roles, role)
		}
	}
	if err := checkRoles(roles); err != nil {
		return err
	}
	err = d.write(ledger.Event{
		Kind: "account changed", Who: r.By, Purpose: r.Reason, Text: "roles: " + rolesText(roles) + "; before: " + rolesText(who.Roles),
		Data: map[string]string{"address": a.Address, moreAccount: who.Name, "approved": a.Name},
	})
	if err != nil {
		return err
	}
	return d.Accounts.SetRoles(who.Name, roles)
}

// DisableAccount keeps somebody from signing in, at once.
func (d *Desk) DisableAccount(a Actor, name, reason string) error {
	if err := a.need(LookAfterAccounts); err != nil {
		return err
	}
	who, err := d.Accounts.Find(name)
	switch {
	case err != nil:
		return err
	case storage.SamePerson(who.Name, a.Name):
		return &FormError{"reason", "You cannot disable your own account. Another administrator can."}
	case strings.TrimSpace(reason) == "":
		return &FormError{"reason", "Enter why the account is disabled"}
	}
	if err := d.tellAccount(a, "account disabled", who.Name, "", reason); err != nil {
		return err
	}
	return d.Accounts.Disable(name)
}

// EnableAccount lets somebody sign in again whose account was disabled. It has no role until
// it is given some again, where another administrator must approve roles.
func (d *Desk) EnableAccount(a Actor, name, reason string) (waits bool, err error) {
	if err := a.need(LookAfterAccounts); err != nil {
		return false, err
	}
	who, err := d.Accounts.Find(name)
	if err != nil {
		return false, err
	}
	if strings.TrimSpace(reason) == "" {
		return false, &FormError{"reason", "Enter why the account is enabled again"}
	}
	if err := d.tellAccount(a, "account enabled", who.Name, "", reason); err != nil {
		return false, err
	}
	if waits = len(who.Roles) > 0 && d.anotherAdmin(a.Name, name); waits {
		if err := d.Accounts.SetRoles(name, nil); err != nil {
			return false, err
		}
	}
	if err := d.Accounts.Enable(name); err != nil || !waits {
		return false, err
	}
	return true, d.askRoles(a, who.Name, who.Roles, reason)
}

func (d *Desk) tellAccount(a Actor, kind, name, text, reason string) error {
	return d.write(ledger.Event{
		Kind: kind, Who: a.Name, Purpose: reason, Text: text, Data: map[string]string{"address": a.Address, moreAccount: name},
	})
}

// anotherAdmin reports whether an administrator besides these two could approve.
func (d *Desk) anotherAdmin(asks, about string) bool {
	return slices.ContainsFunc(d.Accounts.Accounts(), func(o auth.Account) bool {
		return o.Has(auth.Admin) && o.Ready && !o.Disabled && !storage.SamePerson(o.Name, asks) && !storage.SamePerson(o.Name, about)
	})
}

func (d *Desk) adminBesides(name string) bool { return d.anotherAdmin(name, name) }

// checkRoles refuses roles that there are not, and those that must not meet in one person.
func checkRoles(roles []auth.Role) error {
	for _, r := range roles {
		if !slices.Contains(auth.Roles, r) {
			return &FormError{"roles", fmt.Sprintf("There is no role %q", r)}
		}
	}
	switch {
	case len(roles) == 0:
		return &FormError{"roles", "Select what the account is for"}
	case Hears(roles) && LooksAfter(roles):
		return &FormError{"roles", "Who looks after the recorder never hears a call: choose roles of one kind only"}
	}
	return nil
}

func rolesText(roles []auth.Role) string {
	if len(roles) == 0 {
		return "none"
	}
	words := make([]string, len(roles))
	for i, r := range roles {
		words[i] = string(r)
	}
	return strings.Join(words, ", ")
}
