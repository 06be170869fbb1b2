package auth

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

const (
	goodName     = "Asha Patel"
	goodPassword = "marmalade tuba hedgehog"
	here         = "192.0.2.7:51000"
)

func open(t *testing.T, dir string) *Store {
	t.Helper()
	s, err := Open(dir, [32]byte{1}, Options{Words: []string{"Example Borough Council"}})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestAccountsAreKeptSealed(t *testing.T) {
	dir := t.TempDir()
	if err := open(t, dir).Add(goodName, goodPassword, Supervisor); err != nil {
		t.Fatal(err)
	}
	s := open(t, dir)
	if _, who, err := s.SignIn("asha PATEL", goodPassword, here, ""); err != nil || !who.Has(Supervisor) || who.Has(Admin) {
		t.Fatalf("sign in after a restart: %v, %v", who, err)
	}
	files, err := filepath.Glob(filepath.Join(dir, "*"))
	if err != nil || len(files) != 1 {
		t.Fatalf("files left: %v, %v", files, err)
	}
	sealed, err := os.ReadFile(files[0])
	if err != nil {
		t.Fatal(err)
	}
	for _, plain := range []string{goodName, "Patel", "supervisor", "argon2id"} {
		if bytes.Contains(sealed, []byte(plain)) {
			t.Errorf("%q can be read in the file", plain)
		}
	}
	if info, err := os.Stat(files[0]); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
}

func TestAccountsOfAnotherKeyOrChangedAreRefused(t *testing.T) {
	dir := t.TempDir()
	if err := open(t, dir).Add(goodName, goodPassword); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(dir, [32]byte{2}, Options{}); err == nil || !strings.Contains(err.Error(), "another store's key") {
		t.Errorf("another key: %v", err)
	}
	sealed, err := os.ReadFile(accountsPath(dir))
	if err != nil {
		t.Fatal(err)
	}
	sealed[len(sealed)/2] ^= 1
	if err := os.WriteFile(accountsPath(dir), sealed, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(dir, [32]byte{1}, Options{}); err == nil {
		t.Error("a changed file opened")
	}
}

func TestPasswordRules(t *testing.T) {
	s := open(t, t.TempDir())
	for password, want := range map[string]string{
		"":                               "Enter a password",
		"short words":                    "12 characters or more",
		strings.Repeat("long word ", 13): "128 characters or fewer",
		"aaaaaaaaaaaaaaaa":               "too easy",
		"Password123!":                   "too easy",
		"passwordpassword":               "too easy",
		"qwertyuiop12":                   "too easy",
		"123456789012":                   "too easy",
		"qwertyuiopas":                   "too easy",
		"my linevault box 7":             "“linevault”",
		"the borough hall clock":         "“borough”",
		"ringing patel forever":          "“patel”",
		"ключ под ковром":                "",
		goodPassword:                     "",
	} {
		err := s.checkPassword(goodName, password)
		var field *FieldError
		switch {
		case want == "" && err != nil:
			t.Errorf("%q refused: %v", password, err)
		case want != "" && (!errors.As(err, &field) || field.Field != "password" || !strings.Contains(field.Text, want)):
			t.Errorf("%q: %v, want %q", password, err, want)
		}
	}
}

func TestNameIsTakenWhateverItsCase(t *testing.T) {
	s := open(t, t.TempDir())
	if err := s.Add(goodName, goodPassword); err != nil {
		t.Fatal(err)
	}
	var field *FieldError
	if err := s.Add("ASHA patel", goodPassword); !errors.As(err, &field) || field.Field != "name" {
		t.Errorf("taken name: %v", err)
	}
	for _, bad := range []string{"", "  ", "a\nb", strings.Repeat("x", 65)} {
		if err := s.Add(bad, goodPassword); !errors.As(err, &field) {
			t.Errorf("name %q: %v", bad, err)
		}
	}
}

// A machine that guesses all day gets some 20 looks an hour; the owner is never locked out
// for good, and not at all at another address.
func TestGuessingIsSlowedAndNeverLocksOut(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		s := open(t, dir)
		if err := s.Add(goodName, goodPassword); err != nil {
			t.Fatal(err)
		}
		looked, start := 0, time.Now()
		for range 10_000 {
			_, _, err := s.SignIn(goodName, "wrong wrong wrong", here, "")
			var wait *WaitError
			if !errors.As(err, &wait) {
				looked++
			} else if wait.For > maxWait {
				t.Fatalf("locked out for %v", wait.For)
			}
			time.Sleep(360 * time.Millisecond)
		}
		if took := time.Since(start); looked > 20 || looked < freeTries {
			t.Errorf("%d guesses looked at in %v", looked, took)
		}
		if _, _, err := s.SignIn(goodName, goodPassword, "198.51.100.9:1", ""); err != nil {
			t.Errorf("the owner elsewhere: %v", err)
		}
		time.Sleep(maxWait)
		if _, _, err := s.SignIn(goodName, goodPassword, here, ""); err != nil {
			t.Errorf("the owner here, after the wait: %v", err)
		}
		if _, _, err := s.SignIn(goodName, "wrong again, sorry", here, ""); !errors.Is(err, ErrNotKnown) {
			t.Errorf("after success the count starts anew: %v", err)
		}
	})
}

func TestManyNamesFromOneAddressAreSlowedToo(t *testing.T) {
	now := time.Unix(1e9, 0)
	tr := newTries()
	for i := range freePerPlace {
		if wait := tr.begin(string(rune('a'+i)), here, now); wait != 0 {
			t.Fatalf("try %d waits %v", i, wait)
		}
	}
	if tr.begin("another", "192.0.2.7:9", now) == 0 {
		t.Error("the address may go on")
	}
	if tr.begin("another", "192.0.2.8:9", now) != 0 {
		t.Error("another address waits")
	}
	for i := range 3 * maxTracked {
		tr.begin(string(rune(i)), "192.0.2.9", now.Add(time.Duration(i)*time.Minute))
	}
	if len(tr.seen) > maxTracked+1 {
		t.Errorf("%d tracked", len(tr.seen))
	}
}

func TestNetwork(t *testing.T) {
	for address, want := range map[string]string{
		"192.0.2.7:80": "192.0.2.7", "[::ffff:192.0.2.7]:80": "192.0.2.7", "[2001:db8:1:2:3::4]:80": "2001:db8:1:2::/64",
		"[fe80::1%eth0]:9": "fe80::/64", "": "", "socket": "socket",
	} {
		if got := network(address); got != want {
			t.Errorf("%q: %q, want %q", address, got, want)
		}
	}
}

func TestSetUpCodeExpiresAndWorksOnce(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		s := open(t, dir)
		codes := make(chan string, 9)
		go s.RunSetUp(t.Context(), func(code string, _ time.Time) { codes <- code })
		first := <-codes
		if len(first) != 14 || strings.Count(first, "-") != 2 {
			t.Errorf("code %q", first)
		}
		time.Sleep(CodeLife - time.Second)
		if err := s.SetUp("AAAA-BBBB-CCCC", goodName, goodPassword, here, Supervisor); !errors.Is(err, ErrCode) {
			t.Errorf("a wrong code: %v", err)
		}
		time.Sleep(2 * time.Second)
		second := <-codes
		if first == second {
			t.Error("the same code again")
		}
		if err := s.SetUp(first, goodName, goodPassword, here, Supervisor); !errors.Is(err, ErrCode) {
			t.Errorf("an expired code: %v", err)
		}
		var field *FieldError
		if err := s.SetUp(second, goodName, "short", here, Supervisor); !errors.As(err, &field) {
			t.Errorf("a short password: %v", err)
		}
		typed := " " + strings.ToLower(strings.ReplaceAll(second, "-", " ")) + "\n"
		if err := s.SetUp(typed, goodName, goodPassword, here, Supervisor, Admin); err != nil {
			t.Errorf("the code: %v", err)
		}
		if err := s.SetUp(second, "Somebody Else", goodPassword, here, Supervisor); !errors.Is(err, ErrSetUpDone) {
			t.Errorf("a second time: %v", err)
		}
		if got := s.Accounts(); len(got) != 1 || got[0].Name != goodName || !got[0].Has(Admin) {
			t.Errorf("accounts %+v", got)
		}
		time.Sleep(2 * CodeLife)
		if len(codes) > 0 {
			t.Error("codes are still shown")
		}
	})
}

func TestSetUpGuessesAreSlowed(t *testing.T) {
	s := open(t, t.TempDir())
	s.newCode()
	var err error
	for range freeTries + 1 {
		err = s.SetUp("AAAA-AAAA-AAAA", goodName, goodPassword, here, Supervisor)
	}
	var wait *WaitError
	if !errors.As(err, &wait) {
		t.Errorf("try %d: %v", freeTries+1, err)
	}
}
