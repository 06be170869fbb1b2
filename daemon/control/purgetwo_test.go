package control_test

import (
	"errors"
	"testing"
	"time"

	"linevault/daemon/auth"
	"linevault/daemon/control"
	"linevault/daemon/control/controltest"
)

// One person may not purge more than half of a call: another one approves, and the certificate
// names both.
func TestPurgeTakesTwo(t *testing.T) {
	b := controltest.New(t)
	id := string(b.Record(t, controltest.Call{Line: "one", Start: time.Now().Add(-time.Hour), Length: 10 * time.Second, End: "hung up"}))
	done, err := b.Desk.PurgeSpan(supervisor, id, time.Second, 8*time.Second, "a private talk")
	if err != nil || !done.Asked || done.Certificate != "" {
		t.Fatalf("%+v, %v", done, err)
	}
	if c, err := b.Desk.Call(supervisor, id); err != nil || len(c.Gaps) != 0 {
		t.Fatalf("it is gone already: %+v, %v", c.Gaps, err)
	}
	if _, err := b.Desk.PurgeSpan(legal, id, time.Second, 8*time.Second, "again"); field(err) != "reason" {
		t.Errorf("asked for twice: %v", err)
	}
	request := only(t, b, legal)
	for a, want := range map[*control.Actor]error{&supervisor: control.ErrSame, &admin: control.ErrForbidden} {
		if _, err := b.Desk.Approve(*a, request); !errors.Is(err, want) {
			t.Errorf("%s approves: %v", a.Name, err)
		}
	}
	cora := as("Cora", auth.Complaints)
	if _, err := b.Desk.Approve(cora, request); !errors.Is(err, control.ErrForbidden) {
		t.Errorf("complaints approve: %v", err)
	}
	approved, err := b.Desk.Approve(legal, request)
	if err != nil {
		t.Fatal(err)
	}
	c, _, err := b.Desk.Certificate(auditor, approved.Certificate)
	if err != nil || c.By != "Asha" || c.Approved != "Lena" || c.From != time.Second || c.To != 8*time.Second {
		t.Errorf("%+v, %v", c, err)
	}
	if list, err := b.Desk.Requests(legal); err != nil || len(list) != 0 {
		t.Errorf("it still waits: %+v, %v", list, err)
	}
}
