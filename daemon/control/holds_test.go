package control_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"linevault/daemon/control"
	"linevault/daemon/control/controltest"
	"linevault/storage/disclosure"
	"linevault/storage/evidence"
)

// What is under legal hold is not destroyed, whoever approves; the release takes two.
func TestHoldTakesTwoToRelease(t *testing.T) {
	b := controltest.New(t)
	id := string(b.Demo(t)[3])
	soon := time.Now().AddDate(0, 1, 0)
	if err := b.Desk.AskErasure(supervisor, id, "subject", "asked before the hold"); err != nil {
		t.Fatal(err)
	}
	for _, bad := range []struct {
		reason, field string
		review        time.Time
	}{{"", "reason", soon}, {"a claim", "review", time.Time{}}, {"a claim", "review", time.Now().Add(-time.Hour)}} {
		if err := b.Desk.PlaceHold(supervisor, id, bad.reason, bad.review); field(err) != bad.field {
			t.Errorf("%+v: %v", bad, err)
		}
	}
	if err := b.Desk.PlaceHold(supervisor, id, "a claim", soon); err != nil {
		t.Fatal(err)
	}
	if _, err := b.Desk.Approve(legal, only(t, b, legal)); !errors.Is(err, control.ErrOnHold) {
		t.Errorf("destroyed under legal hold: %v", err)
	}
	if err := b.Desk.Refuse(legal, only(t, b, legal), "it is on hold"); err != nil {
		t.Fatal(err)
	}
	if err := b.Desk.AskErasure(supervisor, id, "subject", "again"); !errors.Is(err, control.ErrOnHold) {
		t.Errorf("asked under legal hold: %v", err)
	}
	if n := b.Desk.Notices(supervisor); len(n) != 0 {
		t.Errorf("notices before the review is due: %+v", n)
	}
	later := soon.Add(time.Hour)
	b.Desk.Now = func() time.Time { return later }
	if n := b.Desk.Notices(supervisor); len(n) != 1 || !n[0].Alarm || !strings.Contains(n[0].Text, "1 legal hold is due") {
		t.Errorf("when the review is due: %+v", n)
	}
	if err := b.Desk.ReviewHold(supervisor, id, "the claim goes on", later.AddDate(0, 6, 0)); err != nil {
		t.Fatal(err)
	}
	if n := b.Desk.Notices(supervisor); len(n) != 0 {
		t.Errorf("after the review: %+v", n)
	}
	if err := b.Desk.AskRelease(supervisor, id, "settled"); err != nil {
		t.Fatal(err)
	}
	if _, err := b.Desk.Approve(supervisor, "hold-"+id); !errors.Is(err, control.ErrSame) {
		t.Errorf("released by one: %v", err)
	}
	if n := b.Desk.Notices(other); len(n) != 1 || n[0].Alarm {
		t.Errorf("another person is told: %+v", n)
	}
	if _, err := b.Desk.Approve(other, only(t, b, other)); err != nil {
		t.Fatal(err)
	}
	if all, err := b.Desk.Holds(auditor); err != nil || len(all) != 0 {
		t.Errorf("%+v, %v", all, err)
	}
	var kinds []string
	for _, e := range b.Events(t) {
		kinds = append(kinds, e.Kind)
	}
	for _, want := range []string{"hold set", "hold reviewed", "hold release asked", "hold released", "erasure refused"} {
		if !slices.Contains(kinds, want) {
			t.Errorf("the ledger has %q, not %q", kinds, want)
		}
	}
}

// A hold on all calls of a search.
func TestHoldsOfASearch(t *testing.T) {
	b := controltest.New(t)
	ids := b.Demo(t)
	if err := b.Desk.PlaceHold(supervisor, string(ids[2]), "before", time.Now().AddDate(1, 0, 0)); err != nil {
		t.Fatal(err)
	}
	set, found, err := b.Desk.PlaceHolds(supervisor, control.Query{Line: "parking", Before: string(ids[3])}, "a claim", time.Now().AddDate(0, 1, 0))
	if err != nil || set != 1 || found != 2 {
		t.Errorf("%d of %d, %v", set, found, err)
	}
	if all, err := b.Desk.Holds(supervisor); err != nil || len(all) != 2 || all[0].Reason != "a claim" || all[0].Line != "Parking fines" {
		t.Errorf("%+v, %v", all, err)
	}
	if _, _, err := b.Desk.PlaceHolds(auditor, control.Query{}, "a claim", time.Now().AddDate(0, 1, 0)); !errors.Is(err, control.ErrForbidden) {
		t.Errorf("an auditor: %v", err)
	}
}

// holds checks a pack with the box's key and closes it.
func holds(t *testing.T, p *control.Pack, list *evidence.Checkpoints) {
	t.Helper()
	found, err := disclosure.Verify(p, p.Size, list.PublicKey())
	if err != nil || !found.OK() {
		t.Errorf("the pack does not hold: %+v, %v", found, err)
	}
	if err := p.Close(); err != nil {
		t.Error(err)
	}
}
