package control_test

import (
	"errors"
	"io"
	"testing"
	"time"

	"linevault/daemon/auth"
	"linevault/daemon/control"
	"linevault/daemon/control/controltest"
	"linevault/storage/certificate"
)

const secret = "marmalade tuba hedgehog"

func as(name string, roles ...auth.Role) control.Actor {
	return control.Actor{Name: name, Roles: roles, Address: "192.0.2.1"}
}

var (
	legal   = as("Lena", auth.Legal)
	other   = as("Otto", auth.Legal)
	auditor = as("Una", auth.Auditor)
)

// field is which field of a form an error is about.
func field(err error) string {
	if f, ok := errors.AsType[*control.FormError](err); ok {
		return f.Field
	}
	return ""
}

// only is the only request there is for an actor to approve.
func only(t *testing.T, b *controltest.Box, a control.Actor) string {
	t.Helper()
	all, err := b.Desk.Requests(a)
	if err != nil || len(all) != 1 || !all[0].MayApprove {
		t.Fatalf("%s may approve %+v, %v", a.Name, all, err)
	}
	return all[0].ID
}

// Deny by default, of everything that came with holds, destruction, disclosure and accounts.
func TestWhoMayDoWhatWithTwo(t *testing.T) {
	b := controltest.New(t)
	id := string(b.Demo(t)[4])
	day := time.Now().AddDate(0, 6, 0)
	for _, a := range append([]control.Actor{nobody}, func() (list []control.Actor) {
		for _, r := range auth.Roles {
			list = append(list, as("a "+string(r), r))
		}
		return list
	}()...) {
		for p, err := range map[control.Permission]error{
			control.SeeHolds:          second(b.Desk.Holds(a)),
			control.PlaceHold:         b.Desk.PlaceHold(a, id, "", day),
			control.Purge:             second(b.Desk.PurgeSpan(a, id, 0, 0, "")),
			control.AskErasure:        b.Desk.AskErasure(a, id, "", ""),
			control.Disclose:          second(b.Desk.Disclose(a, id, control.Disclosure{})),
			control.SeeRetention:      second(b.Desk.Retention(a)),
			control.ApproveRetention:  b.Desk.AskRetention(a, ""),
			control.SeeCertificates:   third(b.Desk.Certificates(a)),
			control.SeeLedger:         second(b.Desk.Report(a, time.Now(), time.Now())),
			control.LookAfterAccounts: second(b.Desk.People(a)),
		} {
			if a.May(p) == errors.Is(err, control.ErrForbidden) {
				t.Errorf("%s, %s: may %v, got %v", a.Name, p, a.May(p), err)
			}
		}
	}
	for _, r := range []auth.Role{auth.ICT, auth.Admin, auth.Auditor} {
		if roles := []auth.Role{r}; control.Hears(roles) || as("x", r).May(control.SeeCalls) {
			t.Errorf("%s hears calls, or sees who called", r)
		}
	}
}

func third[A, B any](_ A, _ B, err error) error { return err }

// An erasure is asked for by one and approved by another, and leaves a certificate.
func TestErasureTakesTwo(t *testing.T) {
	b := controltest.New(t)
	id := string(b.Demo(t)[3])
	for _, bad := range [][3]string{{"", "asked", "ground"}, {"whim", "asked", "ground"}, {"subject", " ", "reason"}} {
		if err := b.Desk.AskErasure(supervisor, id, bad[0], bad[1]); field(err) != bad[2] {
			t.Errorf("%v: %v", bad, err)
		}
	}
	if err := b.Desk.AskErasure(supervisor, id, "subject", "letter of 3 May"); err != nil {
		t.Fatal(err)
	}
	if err := b.Desk.AskErasure(legal, id, "subject", "letter of 3 May"); field(err) != "reason" {
		t.Errorf("asked for twice: %v", err)
	}
	request := only(t, b, legal)
	for _, a := range []control.Actor{supervisor, as("asha", auth.Legal)} {
		if _, err := b.Desk.Approve(a, request); !errors.Is(err, control.ErrSame) {
			t.Errorf("%s approves what they asked for: %v", a.Name, err)
		}
	}
	for _, a := range []control.Actor{as("Cora", auth.Complaints), admin, auditor, nobody} {
		if _, err := b.Desk.Approve(a, request); !errors.Is(err, control.ErrForbidden) {
			t.Errorf("%s approves: %v", a.Name, err)
		}
	}
	if _, err := b.Desk.Call(supervisor, id); err != nil {
		t.Fatalf("it is gone already: %v", err)
	}
	done, err := b.Desk.Approve(legal, request)
	if err != nil || done.Certificate == "" {
		t.Fatalf("%+v, %v", done, err)
	}
	if _, err := b.Desk.Approve(legal, request); !errors.Is(err, control.ErrGone) {
		t.Errorf("approved twice: %v", err)
	}
	if _, err := b.Desk.Call(supervisor, id); !errors.Is(err, control.ErrNoCall) {
		t.Errorf("it is still there: %v", err)
	}
	c, file, err := b.Desk.Certificate(auditor, done.Certificate)
	if err != nil || c.By != "Asha" || c.Approved != "Lena" || c.SelfTest.Opened != 0 || c.SelfTest.Keys == 0 {
		t.Errorf("%+v, %v", c, err)
	}
	if r := certificate.Verify(file, ""); !r.OK() || r.Facts.ID != c.ID || r.Facts.Approved != "Lena" {
		t.Errorf("the file of the certificate: %q", r.Problems)
	}
	list, damaged, err := b.Desk.Certificates(auditor)
	if err != nil || len(list) != 1 || len(damaged) != 0 {
		t.Errorf("%d certificates, damaged %v, %v", len(list), damaged, err)
	}
}

// Card data goes at once, also where a permit to listen is in force; in a call that goes on,
// when it has ended.
func TestPurgeSpan(t *testing.T) {
	b := controltest.New(t)
	id := string(b.Demo(t)[4])
	permit, err := b.Desk.Listen(supervisor, id, quality, "")
	if err != nil {
		t.Fatal(err)
	}
	done, err := b.Desk.PurgeSpan(supervisor, id, 5*time.Second, 9*time.Second, "card number said")
	if err != nil || done.Later || done.Certificate == "" {
		t.Fatalf("%+v, %v", done, err)
	}
	c, err := b.Desk.Call(supervisor, id)
	if err != nil || c.Gaps[0].Cause != control.CausePurged || c.Gaps[0].By != "Asha" || c.Gaps[0].From > 5*time.Second || c.Gaps[0].To < 9*time.Second {
		t.Errorf("%+v, %v", c.Gaps, err)
	}
	s, err := b.Desk.Audio(supervisor, id, permit, control.WAV)
	if err != nil {
		t.Fatal(err)
	}
	sound, err := io.ReadAll(s)
	if err != nil || s.Close() != nil {
		t.Fatal(err)
	}
	for _, v := range sound[44+6*8000*4 : 44+8*8000*4] {
		if v != 0 {
			t.Fatal("something sounds in the span")
		}
	}
	for _, bad := range []struct {
		from, to      time.Duration
		reason, field string
	}{{1, 2, " ", "reason"}, {2, 1, "x", "to"}, {-1, 1, "x", "to"}, {time.Hour, 2 * time.Hour, "x", "from"}, {time.Second, time.Hour, "x", "to"}, {0, c.Length, "x", "to"}, {6 * time.Second, 8 * time.Second, "x", "from"}} {
		if _, err := b.Desk.PurgeSpan(supervisor, id, bad.from, bad.to, bad.reason); field(err) != bad.field {
			t.Errorf("%+v: %v", bad, err)
		}
	}
	live := string(b.Record(t, controltest.Call{Line: "one", Start: time.Now().Add(-4 * time.Second), Length: 4 * time.Second, Unfinished: true}))
	later := time.Now().Add(time.Minute)
	b.Desk.Now = func() time.Time { return later } // the desk looks again
	if done, err := b.Desk.PurgeSpan(supervisor, live, time.Second, 2*time.Second, "card number said"); err != nil || !done.Later {
		t.Errorf("%+v, %v", done, err)
	}
	if w, err := b.Desk.WaitingPurges(supervisor, live); err != nil || len(w) != 1 || w[0].By != "Asha" {
		t.Errorf("%+v, %v", w, err)
	}
}

// A day of the ledger is read, which is written down.
func TestReport(t *testing.T) {
	b := controltest.New(t)
	ids := b.Demo(t)
	if _, err := b.Desk.Listen(supervisor, string(ids[4]), quality, ""); err != nil {
		t.Fatal(err)
	}
	r, err := b.Desk.Report(auditor, time.Now().Add(-time.Hour), time.Now().Add(time.Hour))
	if err != nil || len(r.Entries) != 2 || r.Entries[0].Kind != "play" || r.Entries[1].Kind != "ledger read" || r.Entries[1].Who != "Una" {
		t.Errorf("%+v, %v", r, err)
	}
	if r, err = b.Desk.Report(auditor, time.Now().Add(-48*time.Hour), time.Now().Add(-24*time.Hour)); err != nil || len(r.Entries) != 0 {
		t.Errorf("the day before: %+v, %v", r, err)
	}
}
