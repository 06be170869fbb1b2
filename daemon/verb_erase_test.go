package main

import (
	"path/filepath"
	"strings"
	"testing"

	"linevault/storage"
	"linevault/storage/ledger"
)

// One person asks for an erasure, and the same one cannot approve it; what another asked for
// is approved, and gone.
func TestErase(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "data")
	lines := strings.Split(strings.TrimSpace(must(t, "replay", "--data", dir, speechFile(t, 4))), "\n")
	id := lines[len(lines)-1]
	refused := func(want string, args ...string) {
		t.Helper()
		if out, err := linevault(args...).CombinedOutput(); err == nil || !strings.Contains(string(out), want) {
			t.Errorf("%v: %v, %s", args, err, out)
		}
	}
	refused("--reason", "erase", id, "--data", dir)
	refused("nobody has asked", "erase", id, "--approve", "--data", dir)
	refused("there is no call", "erase", "01ABC", "--reason", "x", "--data", dir)
	if said := must(t, "erase", id, "--reason", "letter of 3 May", "--data", dir); !strings.Contains(said, "another person must approve") {
		t.Errorf("it said %q", said)
	}
	refused("another person must", "erase", id, "--approve", "--data", dir)
	err := withDestruction(dir, func(s *storage.Store, book *ledger.Ledger) error {
		all, err := s.Requests()
		if err != nil {
			return err
		}
		if err := s.Refuse(all[0].ID, "bob", "by the person recorded only", book); err != nil {
			return err
		}
		_, err = s.Ask(storage.Request{Kind: storage.AskedErasure, Call: storage.CallID(id), By: "ann", Reason: "asked by the caller"}, book)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if said := must(t, "erase", id, "--approve", "--data", dir); !strings.Contains(said, "is destroyed") || !strings.Contains(said, "none opened") {
		t.Errorf("it said %q", said)
	}
	if left := must(t, "calls", "--json", "--data", dir); strings.Contains(left, id) {
		t.Errorf("it is listed: %s", left)
	}
	must(t, "check", "--data", dir)
}
