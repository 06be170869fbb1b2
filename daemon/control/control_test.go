package control_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"reflect"
	"testing"
	"time"

	"linevault/daemon/auth"
	"linevault/daemon/control"
	"linevault/daemon/control/controltest"
)

var (
	supervisor = control.Actor{Name: "Asha", Roles: []auth.Role{auth.Supervisor}, Address: "192.0.2.1"}
	admin      = control.Actor{Name: "Bryn", Roles: []auth.Role{auth.Admin}}
	nobody     = control.Actor{Name: "Carol"}
)

const quality = "quality"

// asks is every method that an actor may be refused.
func asks(ctx context.Context, d *control.Desk, id string, a control.Actor) map[control.Permission][]error {
	first := func(_ any, err error) error { return err }
	var watched error
	for _, err := range d.Watch(ctx, a) {
		watched = err
		break
	}
	_, lines := d.Lines(ctx, a)
	_, status := d.Status(ctx, a)
	_, terminals := d.Terminals(ctx, a)
	permit, listen := d.Listen(a, id, quality, "")
	return map[control.Permission][]error{
		control.SeeLines:  {lines, watched},
		control.SeeCalls:  {first(d.Calls(a, control.Query{})), first(d.Call(a, id)), first(d.EndedSince(a, control.Query{}, time.Time{}))},
		control.Listen:    {listen, first(d.Picture(a, id)), first(d.Listening(a, id, permit)), first(d.Audio(a, id, permit, control.Ogg))},
		control.Annotate:  {d.Annotate(a, id, control.Annotation{Kind: control.Rate, Stars: 3})},
		control.Export:    {first(d.Export(a, id, permit, control.WAV))},
		control.SeeStatus: {status, terminals},
		control.Pause:     {first(d.PauseLine(ctx, a, "council-tax", "Card payment")), first(d.ResumeLine(ctx, a, "council-tax"))},
		control.TestLines: lineTests(ctx, d, a),
	}
}

// Deny by default: who has no role may do nothing, an administrator hears nothing.
func TestWhoMayDoWhat(t *testing.T) {
	b := controltest.New(t)
	b.Board.Set(controltest.Lines())
	id := string(b.Record(t, controltest.Call{Line: "one", Start: time.Now().Add(-time.Hour), Length: time.Second, End: "hung up"}))
	for _, a := range []control.Actor{supervisor, admin, nobody} {
		for p, errs := range asks(t.Context(), b.Desk, id, a) {
			for i, err := range errs {
				if may := a.May(p); may != (err == nil) || (!may && !errors.Is(err, control.ErrForbidden)) {
					t.Errorf("%s, %s, %d: may %v, got %v", a.Name, p, i, may, err)
				}
			}
		}
	}
	for p, want := range map[control.Permission]bool{
		control.SeeLines: true, control.SeeStatus: true, control.SeeCalls: false, control.Listen: false, control.Export: false,
		control.Pause: false, control.TestLines: true,
	} {
		if admin.May(p) != want || nobody.May(p) {
			t.Errorf("%s: admin %v, nobody %v", p, admin.May(p), nobody.May(p))
		}
	}
}

// Who listens is in the ledger before a sound is given, and the permit is theirs alone, for
// that call alone, for a while.
func TestListeningIsWrittenDownAndBound(t *testing.T) {
	b := controltest.New(t)
	ids := b.Demo(t)
	id, other := string(ids[4]), string(ids[3])
	if _, err := b.Desk.Audio(supervisor, id, "", control.Ogg); !errors.Is(err, control.ErrNoGrant) {
		t.Errorf("sound without a purpose: %v", err)
	}
	for _, bad := range []struct{ purpose, reference, field string }{
		{"", "", "purpose"}, {"curiosity", "", "purpose"}, {quality, string(make([]byte, 101)), "reference"},
	} {
		_, err := b.Desk.Listen(supervisor, id, bad.purpose, bad.reference)
		if wrong, ok := errors.AsType[*control.PurposeError](err); !ok || wrong.Field != bad.field {
			t.Errorf("%+v: %v", bad, err)
		}
	}
	if n := len(b.Events(t)); n != 0 {
		t.Fatalf("%d events before anybody listened", n)
	}
	permit, err := b.Desk.Listen(supervisor, id, "complaint", " C-7 ")
	if err != nil {
		t.Fatal(err)
	}
	events := b.Events(t)
	if len(events) != 1 || events[0].Kind != "play" || events[0].Who != "Asha" || events[0].Call != id ||
		events[0].Purpose != "Complaint or dispute" || events[0].Reference != "C-7" || events[0].Data["address"] != "192.0.2.1" {
		t.Fatalf("the ledger has %+v", events)
	}
	if _, err := b.Desk.Audio(supervisor, id, permit, control.Ogg); err != nil {
		t.Errorf("the sound: %v", err)
	}
	colleague := supervisor
	colleague.Name = "Dilys"
	for what, err := range map[string]error{
		"somebody else's permit":   second(b.Desk.Audio(colleague, id, permit, control.Ogg)),
		"the permit of a call":     second(b.Desk.Audio(supervisor, other, permit, control.Ogg)),
		"an export on that permit": second(b.Desk.Export(colleague, id, permit, control.WAV)),
		"a made-up permit":         second(b.Desk.Audio(supervisor, id, "x", control.Ogg)),
	} {
		if !errors.Is(err, control.ErrNoGrant) {
			t.Errorf("%s: %v", what, err)
		}
	}
	later := time.Now().Add(5 * time.Hour)
	b.Desk.Now = func() time.Time { return later }
	if _, err := b.Desk.Audio(supervisor, id, permit, control.Ogg); !errors.Is(err, control.ErrNoGrant) {
		t.Errorf("the permit after hours: %v", err)
	}
}

func TestExportIsWrittenDownApart(t *testing.T) {
	b := controltest.New(t)
	id := string(b.Demo(t)[4])
	permit, err := b.Desk.Listen(supervisor, id, "access", "SAR 12")
	if err != nil {
		t.Fatal(err)
	}
	s, err := b.Desk.Export(supervisor, id, permit, control.WAV)
	if err != nil {
		t.Fatal(err)
	}
	data, err := io.ReadAll(s)
	if err != nil || int64(len(data)) != s.Size || !bytes.HasPrefix(data, []byte("RIFF")) {
		t.Errorf("%d bytes of %d: %v", len(data), s.Size, err)
	}
	if want := int64(44 + 42*8000*2*2); s.Size != want {
		t.Errorf("42 seconds of two legs are %d bytes, want %d", s.Size, want)
	}
	e := b.Events(t)[1]
	if e.Kind != "export" || e.Purpose != "Subject access request" || e.Reference != "SAR 12" || e.Data["format"] != "wav" || e.Data["sound"] != s.ETag {
		t.Errorf("the ledger has %+v", e)
	}
}

// What cannot be written down does not happen, but people can sign in and see why.
func TestWithoutTheLedgerNothingIsPlayed(t *testing.T) {
	b := controltest.New(t)
	id := string(b.Demo(t)[4])
	if err := b.Accounts.Add("Asha", "marmalade tuba hedgehog", auth.Supervisor); err != nil {
		t.Fatal(err)
	}
	permit, err := b.Desk.Listen(supervisor, id, quality, "")
	if err != nil {
		t.Fatal(err)
	}
	if err := b.Ledger.Close(); err != nil {
		t.Fatal(err)
	}
	if p, err := b.Desk.Listen(supervisor, id, quality, ""); !errors.Is(err, control.ErrLedger) || p != "" {
		t.Errorf("listening: %q, %v", p, err)
	}
	if s, err := b.Desk.Export(supervisor, id, permit, control.WAV); !errors.Is(err, control.ErrLedger) || s != nil {
		t.Errorf("an export: %v, %v", s, err)
	}
	if _, err := b.Desk.SignIn("Asha", "marmalade tuba hedgehog", "192.0.2.1", ""); err != nil {
		t.Errorf("signing in: %v", err)
	}
}

func TestSignInsAreWrittenDownAndPasswordsAreNot(t *testing.T) {
	b := controltest.New(t)
	const secret = "marmalade tuba hedgehog"
	if err := b.Accounts.Add("Asha", secret, auth.Supervisor); err != nil {
		t.Fatal(err)
	}
	// The password in the field for the name, as happens.
	if _, err := b.Desk.SignIn(secret, "Asha", "192.0.2.1", ""); err == nil {
		t.Fatal("signed in")
	}
	token, err := b.Desk.SignIn("asha", secret, "192.0.2.1", "")
	if err != nil {
		t.Fatal(err)
	}
	b.Desk.SignOut(token, "192.0.2.1")
	b.Desk.SignOut(token, "192.0.2.1")
	var kinds []string
	for _, e := range b.Events(t) {
		kinds = append(kinds, e.Kind+" "+e.Who)
		if bytes.Contains([]byte(e.Text+e.Who), []byte("marmalade")) {
			t.Errorf("a password is in the ledger: %+v", e)
		}
	}
	if want := []string{"sign-in refused ", "sign-in Asha", "sign-out Asha"}; !reflect.DeepEqual(kinds, want) {
		t.Errorf("the ledger has %q, want %q", kinds, want)
	}
}

func second[T any](_ T, err error) error { return err }
