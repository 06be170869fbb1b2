package browser

import (
	"testing"

	"linevault/daemon/auth"
	"linevault/daemon/control/controltest"
	"linevault/storage"
	"linevault/storage/evidence"
)

// TestMatters drives what takes two people: accounts, holds, destruction, disclosure.
func TestMatters(t *testing.T) {
	s := open(t)
	for name, role := range map[string]auth.Role{
		"Asha": auth.Supervisor, "Lena": auth.Legal, "Bryn": auth.Admin, "Gwen": auth.Admin,
	} {
		if err := s.Accounts.Add(name, password, role); err != nil {
			t.Fatal(err)
		}
	}
	list, err := evidence.OpenCheckpoints(s.Dir, [32]byte{1}, s.Ledger)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := list.Close(); err != nil {
			t.Error(err)
		}
	})
	s.Desk.Checkpoints = list
	s.Desk.Policies = []storage.Policy{
		{Class: controltest.Class, AtLeast: storage.Term{N: 14, Unit: storage.Days}, AtMost: storage.Term{N: 18, Unit: storage.Months}},
		{Class: "claims"},
	}
	s.Demo(t)
	s.run(t, "matters.mjs")
	kinds := make(map[string]int)
	for _, e := range s.Events(t) {
		kinds[e.Kind]++
	}
	for kind, want := range map[string]int{
		"account made": 1, "account changed": 1, "password chosen": 1, "hold set": 2, "hold release asked": 1, "hold release refused": 1,
		"destruction": 3, "erasure asked": 1, "purge asked": 1, "disclosure asked": 1, "disclosure approved": 1, "disclosure": 1, "ledger read": 1,
	} {
		if kinds[kind] != want {
			t.Errorf("the ledger has %d of %q, want %d", kinds[kind], kind, want)
		}
	}
}

// TestPlainMatters places a hold, destroys card data and changes a password without JavaScript.
func TestPlainMatters(t *testing.T) { withAccount(t).run(t, "plainmatters.mjs") }
