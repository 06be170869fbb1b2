package auth

import (
	"testing"
	"testing/synctest"
	"time"
)

func signedIn(t *testing.T) (*Store, string) {
	t.Helper()
	s := open(t, t.TempDir())
	if err := s.Add(goodName, goodPassword, Supervisor); err != nil {
		t.Fatal(err)
	}
	token, _, err := s.SignIn(goodName, goodPassword, here, "")
	if err != nil {
		t.Fatal(err)
	}
	return s, token
}

func TestSessionIdlesOut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, token := signedIn(t)
		time.Sleep(IdleLife - time.Minute)
		if _, ok := s.Session(token); !ok {
			t.Fatal("gone while in use")
		}
		for range 4 { // a page that watches does not count as use
			time.Sleep(IdleLife / 4)
			if _, ok := s.Peek(token); !ok {
				t.Fatal("gone while idle for less than it may be")
			}
		}
		time.Sleep(time.Second)
		if _, ok := s.Session(token); ok {
			t.Error("alive after idling")
		}
	})
}

func TestSessionEndsInAnyCase(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, token := signedIn(t)
		for start := time.Now(); time.Since(start) < AbsoluteLife; time.Sleep(IdleLife / 2) {
			if _, ok := s.Session(token); !ok {
				t.Fatalf("gone after %v of use", time.Since(start))
			}
		}
		time.Sleep(time.Second)
		if _, ok := s.Session(token); ok {
			t.Error("alive after the longest time")
		}
	})
}

func TestSessionIsNewAtEachSignIn(t *testing.T) {
	s, first := signedIn(t)
	second, _, err := s.SignIn(goodName, goodPassword, here, first)
	if err != nil || first == second {
		t.Fatalf("second sign-in: same token %v, %v", first == second, err)
	}
	if _, ok := s.Session(first); ok {
		t.Error("the old token still works")
	}
	s.SignOut(second)
	if _, ok := s.Session(second); ok {
		t.Error("signed out, and it still works")
	}
	for _, token := range []string{"", "x", first} {
		if _, ok := s.Session(token); ok {
			t.Errorf("token %q works", token)
		}
	}
}

func TestRemovingAnAccountEndsItsSessions(t *testing.T) {
	s, token := signedIn(t)
	if err := s.Remove(goodName); err != nil {
		t.Fatal(err)
	}
	if _, ok := s.Session(token); ok {
		t.Error("the session lives on")
	}
	if len(open(t, t.TempDir()).Accounts()) != 0 || len(s.Accounts()) != 0 {
		t.Error("the account lives on")
	}
}
