package control_test

import (
	"errors"
	"testing"

	"linevault/daemon/control"
	"linevault/daemon/control/controltest"
	"linevault/storage/evidence"
)

// What goes to another service of the council takes one person, what leaves it takes two.
func TestDisclosureOutsideTakesTwo(t *testing.T) {
	b := controltest.New(t)
	list, err := evidence.OpenCheckpoints(b.Dir, [32]byte{1}, b.Ledger)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := list.Close(); err != nil {
			t.Error(err)
		}
	})
	id := string(b.Demo(t)[4])
	v := control.Disclosure{Kind: "council", To: "Parking appeals", Basis: "public task", Purpose: "appeal 7"}
	if _, err := b.Desk.Disclose(supervisor, id, v); !errors.Is(err, control.ErrNoProof) {
		t.Errorf("where nobody signs: %v", err)
	}
	b.Desk.Checkpoints = list
	pack, err := b.Desk.Disclose(supervisor, id, v)
	if err != nil {
		t.Fatal(err)
	}
	holds(t, pack, list)
	v.Kind, v.To = "police", "PC 49"
	if pack, err := b.Desk.Disclose(supervisor, id, v); err != nil || pack != nil {
		t.Fatalf("without approval: %v, %v", pack, err)
	}
	if _, err := b.Desk.DiscloseApproved(supervisor, id); !errors.Is(err, control.ErrForbidden) {
		t.Errorf("not approved: %v", err)
	}
	if _, err := b.Desk.Approve(supervisor, only(t, b, legal)); !errors.Is(err, control.ErrSame) {
		t.Errorf("approved by who asked: %v", err)
	}
	if _, err := b.Desk.Approve(legal, only(t, b, legal)); err != nil {
		t.Fatal(err)
	}
	if _, err := b.Desk.DiscloseApproved(legal, id); !errors.Is(err, control.ErrForbidden) {
		t.Errorf("taken by somebody else: %v", err)
	}
	if pack, err = b.Desk.DiscloseApproved(supervisor, id); err != nil {
		t.Fatal(err)
	}
	holds(t, pack, list)
	if _, err := b.Desk.DiscloseApproved(supervisor, id); !errors.Is(err, control.ErrGone) {
		t.Errorf("taken twice: %v", err)
	}
	for _, bad := range []control.Disclosure{{}, {Kind: "police"}, {Kind: "x", To: "a", Basis: "b", Purpose: "c"}} {
		if _, err := b.Desk.Disclose(supervisor, id, bad); field(err) == "" {
			t.Errorf("%+v: %v", bad, err)
		}
	}
}
