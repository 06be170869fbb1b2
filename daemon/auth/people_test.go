package auth

import (
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

const otherPassword = "teapot lantern gravel"

func TestInvitedChoosesAPassword(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir)
	code, until, err := s.Invite(goodName, Quality)
	if err != nil || until.Before(time.Now().Add(FirstCodeLife-time.Hour)) {
		t.Fatalf("%v, %v", until, err)
	}
	if _, _, err := s.SignIn(goodName, "", here, ""); !errors.Is(err, ErrNotKnown) {
		t.Errorf("signed in without a password: %v", err)
	}
	if a, err := s.Find(strings.ToUpper(goodName)); err != nil || a.Ready {
		t.Errorf("%+v, %v", a, err)
	}
	s = open(t, dir) // the code outlasts a restart
	if err := s.Choose(goodName, "AAAA-BBBB-CCCC", goodPassword, here); !errors.Is(err, ErrCode) {
		t.Errorf("a wrong code: %v", err)
	}
	if err := s.Choose("Somebody Else", code, goodPassword, here); !errors.Is(err, ErrCode) {
		t.Errorf("somebody else's code: %v", err)
	}
	var field *FieldError
	if err := s.Choose(goodName, code, "short", here); !errors.As(err, &field) {
		t.Errorf("a short password: %v", err)
	}
	if err := s.Choose(goodName, strings.ToLower(code), goodPassword, here); err != nil {
		t.Fatal(err)
	}
	if err := s.Choose(goodName, code, otherPassword, here); !errors.Is(err, ErrCode) {
		t.Errorf("the code a second time: %v", err)
	}
	if _, who, err := s.SignIn(goodName, goodPassword, here, ""); err != nil || !who.Has(Quality) || !who.Ready {
		t.Errorf("%+v, %v", who, err)
	}
}

func TestCodeRunsOut(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		s := open(t, dir)
		code, _, err := s.Invite(goodName)
		if err != nil {
			t.Fatal(err)
		}
		time.Sleep(FirstCodeLife + time.Second)
		if err := s.Choose(goodName, code, goodPassword, here); !errors.Is(err, ErrCode) {
			t.Errorf("%v", err)
		}
	})
}

func TestNewCodeTakesThePasswordAway(t *testing.T) {
	s, token := signedIn(t)
	code, _, err := s.NewCode(goodName)
	if err != nil {
		t.Fatal(err)
	}
	if _, ok := s.Session(token); ok {
		t.Error("the session lives on")
	}
	if _, _, err := s.SignIn(goodName, goodPassword, here, ""); !errors.Is(err, ErrNotKnown) {
		t.Errorf("the old password: %v", err)
	}
	if err := s.Choose(goodName, code, otherPassword, here); err != nil {
		t.Fatal(err)
	}
	if _, _, err := s.SignIn(goodName, otherPassword, here, ""); err != nil {
		t.Error(err)
	}
}

func TestChangePassword(t *testing.T) {
	s, mine := signedIn(t)
	elsewhere, _, err := s.SignIn(goodName, goodPassword, "198.51.100.9:1", "")
	if err != nil {
		t.Fatal(err)
	}
	var field *FieldError
	if err := s.ChangePassword(goodName, "not this one at all", otherPassword, here, mine); !errors.As(err, &field) || field.Field != "old" {
		t.Errorf("a wrong old one: %v", err)
	}
	if err := s.ChangePassword(goodName, goodPassword, goodPassword, here, mine); !errors.As(err, &field) || field.Field != "password" {
		t.Errorf("the same one: %v", err)
	}
	if err := s.ChangePassword(goodName, goodPassword, otherPassword, here, mine); err != nil {
		t.Fatal(err)
	}
	if _, ok := s.Session(mine); !ok {
		t.Error("who changed it is signed out")
	}
	if _, ok := s.Session(elsewhere); ok {
		t.Error("the session elsewhere lives on")
	}
}

func TestDisabledCannotSignIn(t *testing.T) {
	s, token := signedIn(t)
	if err := s.Disable(goodName); err != nil {
		t.Fatal(err)
	}
	if _, ok := s.Session(token); ok {
		t.Error("the session lives on")
	}
	if _, _, err := s.SignIn(goodName, goodPassword, here, ""); !errors.Is(err, ErrNotKnown) {
		t.Errorf("%v", err)
	}
	if err := s.Enable(goodName); err != nil {
		t.Fatal(err)
	}
	token, _, err := s.SignIn(goodName, goodPassword, here, "")
	if err != nil {
		t.Fatal(err)
	}
	if err := s.SetRoles(goodName, []Role{ICT}); err != nil {
		t.Fatal(err)
	}
	if who, ok := s.Session(token); !ok || !who.Has(ICT) || who.Has(Supervisor) {
		t.Errorf("other roles do not hold at once: %+v", who)
	}
	for _, err := range []error{s.Disable("x"), s.Enable("x"), s.SetRoles("x", nil)} {
		if !errors.Is(err, ErrNoAccount) {
			t.Errorf("%v", err)
		}
	}
}
