package control_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"linevault/daemon/auth"
	"linevault/daemon/control"
	"linevault/daemon/control/controltest"
	"linevault/daemon/link"
)

var engineer = control.Actor{Name: "Emrys", Roles: []auth.Role{auth.Engineer}, Address: "192.0.2.4"}

// lineTests are the methods of line tests, told whether they refuse. A line that is not there is no
// refusal of who asks.
func lineTests(ctx context.Context, d *control.Desk, a control.Actor) []error {
	allowed := func(err error, fine ...error) error {
		for _, f := range fine {
			if errors.Is(err, f) {
				return nil
			}
		}
		return err
	}
	_, look := d.TestLine(ctx, a, "no-such-line")
	_, _, cert := d.LineCertificate(a, "aaaaaaaaaaaaaaaa")
	if control.NoCertificate(cert) {
		cert = nil
	}
	return []error{
		allowed(look, control.ErrNoLine), cert,
		allowed(d.StartLineTest(ctx, a, "no-such-line", ""), control.ErrNoLine),
		allowed(d.ActLineTest(a, "no-such-line", control.TestStop, ""), control.ErrNoTest),
	}
}

// until polls a test until so.
func until(t *testing.T, b *controltest.Box, so func(control.LineTest) bool) control.LineTest {
	t.Helper()
	for end := time.Now().Add(time.Minute); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		v, err := b.Desk.TestLine(t.Context(), engineer, "repairs")
		if err != nil {
			t.Fatal(err)
		}
		if so(v) {
			return v
		}
	}
	t.Fatal("waited in vain")
	panic("not reached")
}

// A test is begun, followed over the recorder's socket, acted on, signed and listed; an engineer may
// do that and hears nothing.
func TestLineTest(t *testing.T) {
	b := controltest.New(t)
	b.Board.Set(controltest.Lines())
	for p, want := range map[control.Permission]bool{
		control.TestLines: true, control.SeeLines: true, control.SeeStatus: true,
		control.SeeCalls: false, control.Listen: false, control.Export: false, control.Disclose: false,
	} {
		if engineer.May(p) != want {
			t.Errorf("an engineer may %s: %v", p, !want)
		}
	}
	if err := b.Desk.StartLineTest(t.Context(), engineer, "repairs", "07700 900123"); err != nil {
		t.Fatal(err)
	}
	if err := b.Desk.StartLineTest(t.Context(), admin, "repairs", ""); !errors.Is(err, control.ErrTestBusy) {
		t.Errorf("begun twice: %v", err)
	}
	at := func(id string) func(control.LineTest) bool {
		return func(v control.LineTest) bool { return v.On && v.At < len(v.Steps) && v.Steps[v.At].ID == id }
	}
	v := until(t, b, at("ring"))
	if v.By != "Emrys" || v.Line.Name != "Housing repairs" || v.Steps[0].State != "passed" {
		t.Errorf("shown: %+v", v)
	}
	lines := controltest.Lines()
	lines.Lines[2].State, lines.Lines[2].FarNumber, lines.Lines[2].Direction = link.Recording, "07700900123", "in"
	lines.Lines[2].Signs.Seized++
	b.Board.Set(lines)
	v = until(t, b, at("near"))
	if v.Steps[2].State != "passed" || v.Steps[3].State != "passed" {
		t.Errorf("number and direction: %+v", v.Steps)
	}
	if err := b.Desk.ActLineTest(engineer, "repairs", control.TestSkip, "  "); !errors.Is(err, control.ErrNoReason) {
		t.Errorf("left out without a reason: %v", err)
	}
	for v := range 7 {
		if err := b.Desk.ActLineTest(engineer, "repairs", control.TestSkip, "the office is empty"); err != nil {
			t.Fatalf("step %d: %v", v, err)
		}
	}
	v = until(t, b, func(v control.LineTest) bool { return v.Made != "" })
	cert, signed, err := b.Desk.LineCertificate(engineer, v.Made)
	if err != nil || cert.Outcome != "passed, with steps left out" || cert.By != "Emrys" || cert.Box != "Example Borough Council" || !strings.Contains(string(signed), "\nsigned ") {
		t.Errorf("certificate %+v, %v", cert, err)
	}
	if len(v.Earlier) != 1 || v.Earlier[0].ID != v.Made {
		t.Errorf("listed: %+v", v.Earlier)
	}
	if err := b.Desk.ActLineTest(engineer, "repairs", control.TestStop, ""); err != nil {
		t.Fatal(err)
	}
	if v := until(t, b, func(v control.LineTest) bool { return !v.On }); len(v.Earlier) != 1 {
		t.Errorf("afterwards: %+v", v)
	}
	var kinds []string
	for _, e := range b.Events(t) {
		kinds = append(kinds, e.Kind)
		if strings.Contains(e.Text, "900123") {
			t.Errorf("a number is in the ledger: %+v", e)
		}
	}
	if got := strings.Join(kinds, ", "); got != "line test begun, line tested" {
		t.Errorf("the ledger has %s", got)
	}
}
