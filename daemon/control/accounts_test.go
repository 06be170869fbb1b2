package control_test

import (
	"errors"
	"strings"
	"testing"

	"linevault/daemon/auth"
	"linevault/daemon/control"
	"linevault/daemon/control/controltest"
)

// With one administrator, accounts get their roles at once.
func TestOneAdministrator(t *testing.T) {
	b := controltest.New(t)
	must(t, b.Accounts.Add("Bryn", secret, auth.Admin))
	for _, bad := range []struct {
		name  string
		roles []auth.Role
		field string
	}{
		{"Dai", nil, "roles"},
		{"Dai", []auth.Role{"king"}, "roles"},
		{"Dai", []auth.Role{auth.Admin, auth.Supervisor}, "roles"},
		{"Dai", []auth.Role{auth.ICT, auth.Quality}, "roles"},
		{"bryn", []auth.Role{auth.ICT}, "name"},
		{"New", []auth.Role{auth.ICT}, "name"},
	} {
		if _, err := b.Desk.AddAccount(admin, bad.name, bad.roles, "why"); field(err) != bad.field {
			t.Errorf("%+v: %v", bad, err)
		}
	}
	made, err := b.Desk.AddAccount(admin, " Dai ", []auth.Role{auth.Quality, auth.Complaints}, "")
	if err != nil || made.Waits || made.Code == "" || made.Name != "Dai" {
		t.Fatalf("%+v, %v", made, err)
	}
	if _, err := b.Desk.ChoosePassword("Dai", made.Code, secret, "192.0.2.1"); err != nil {
		t.Fatal(err)
	}
	if waits, err := b.Desk.ChangeRoles(admin, "Dai", []auth.Role{auth.Legal}, "new post"); err != nil || waits {
		t.Errorf("waits %v, %v", waits, err)
	}
	if who, err := b.Accounts.Find("dai"); err != nil || len(who.Roles) != 1 || !who.Has(auth.Legal) {
		t.Errorf("%+v, %v", who, err)
	}
	if _, err := b.Desk.ChangeRoles(admin, "Bryn", []auth.Role{auth.ICT}, "rest"); field(err) != "roles" {
		t.Errorf("the last administrator goes: %v", err)
	}
	if err := b.Desk.DisableAccount(admin, "Bryn", "rest"); field(err) != "reason" {
		t.Errorf("one's own account: %v", err)
	}
	if i, err := b.Desk.ResetPassword(admin, "Dai", "forgotten"); err != nil || i.Waits || i.Code == "" {
		t.Errorf("%+v, %v", i, err)
	}
	must(t, b.Desk.DisableAccount(admin, "Dai", "left"))
	if _, err := b.Desk.SignIn("Dai", secret, "192.0.2.1", ""); err == nil {
		t.Error("a disabled account signs in")
	}
	if waits, err := b.Desk.EnableAccount(admin, "Dai", "back"); err != nil || waits {
		t.Errorf("waits %v, %v", waits, err)
	}
	for _, e := range b.Events(t) {
		if strings.Contains(e.Text+e.Purpose, secret) || strings.Contains(e.Text, made.Code) {
			t.Errorf("a secret is in the ledger: %+v", e)
		}
	}
}

// With two, what raises anybody takes both: neither can make up or take over somebody who
// hears calls.
func TestRaisingTakesAnotherAdministrator(t *testing.T) {
	b := controltest.New(t)
	for _, name := range []string{"Bryn", "Gwen", "Ifor"} {
		must(t, b.Accounts.Add(name, secret, auth.Admin))
	}
	gwen := as("Gwen", auth.Admin)
	if _, err := b.Desk.AddAccount(admin, "Dai", []auth.Role{auth.Supervisor}, " "); field(err) != "reason" {
		t.Errorf("without a reason: %v", err)
	}
	made, err := b.Desk.AddAccount(admin, "Dai", []auth.Role{auth.Supervisor}, "new post")
	if err != nil || !made.Waits {
		t.Fatalf("%+v, %v", made, err)
	}
	if _, err := b.Desk.ChoosePassword("Dai", made.Code, secret, "192.0.2.1"); err != nil {
		t.Fatal(err)
	}
	roles := func() []auth.Role {
		who, err := b.Accounts.Find("Dai")
		must(t, err)
		return who.Roles
	}
	if len(roles()) != 0 {
		t.Errorf("Dai has %v before the approval", roles())
	}
	request := only(t, b, gwen)
	if _, err := b.Desk.Approve(admin, request); !errors.Is(err, control.ErrSame) {
		t.Errorf("approved by who asked: %v", err)
	}
	if _, err := b.Desk.Approve(supervisor, request); !errors.Is(err, control.ErrForbidden) {
		t.Errorf("approved by a supervisor: %v", err)
	}
	if _, err := b.Desk.Approve(gwen, request); err != nil || len(roles()) != 1 {
		t.Fatalf("%v, %v", roles(), err)
	}
	// Nobody approves what raises themselves.
	if waits, err := b.Desk.ChangeRoles(admin, "Gwen", []auth.Role{auth.Admin, auth.Auditor}, "more"); err != nil || !waits {
		t.Fatalf("waits %v, %v", waits, err)
	}
	if _, err := b.Desk.Approve(gwen, only(t, b, as("Ifor", auth.Admin))); !errors.Is(err, control.ErrSame) {
		t.Errorf("raised by herself: %v", err)
	}
	must(t, b.Desk.Refuse(as("Ifor", auth.Admin), only(t, b, as("Ifor", auth.Admin)), "no"))
	// What is taken away is gone at once.
	if waits, err := b.Desk.ChangeRoles(admin, "Dai", []auth.Role{auth.Quality}, "less"); err != nil || !waits {
		t.Errorf("waits %v, %v", waits, err)
	}
	if len(roles()) != 0 {
		t.Errorf("Dai still has %v", roles())
	}
	if _, err := b.Desk.Approve(gwen, only(t, b, gwen)); err != nil || roles()[0] != auth.Quality {
		t.Errorf("%v, %v", roles(), err)
	}
	// A password that one administrator resets would let them be somebody else.
	i, err := b.Desk.ResetPassword(admin, "Dai", "forgotten")
	if err != nil || !i.Waits || i.Code != "" {
		t.Fatalf("%+v, %v", i, err)
	}
	if _, err := b.Desk.SignIn("Dai", secret, "192.0.2.1", ""); err != nil {
		t.Errorf("the password is gone before the approval: %v", err)
	}
	done, err := b.Desk.Approve(gwen, only(t, b, gwen))
	if err != nil || done.Invitation == nil || done.Invitation.Code == "" {
		t.Fatalf("%+v, %v", done, err)
	}
	if _, err := b.Desk.ChoosePassword("Dai", done.Invitation.Code, secret, "192.0.2.1"); err != nil {
		t.Error(err)
	}
	must(t, b.Desk.DisableAccount(admin, "Dai", "left"))
	if waits, err := b.Desk.EnableAccount(admin, "Dai", "back"); err != nil || !waits || len(roles()) != 0 {
		t.Errorf("waits %v, roles %v, %v", waits, roles(), err)
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
