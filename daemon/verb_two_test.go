package main

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/spf13/cobra"

	"linevault/daemon/auth"
	"linevault/daemon/control"
	"linevault/storage"
)

// ann is another person than who runs the tests.
var ann = control.Actor{Name: "ann", Roles: []auth.Role{auth.Legal}}

// byDesk does something on the web pages' side.
func byDesk(t *testing.T, dir string, f func(*control.Desk) error) {
	t.Helper()
	if err := withDesk(dir, f); err != nil {
		t.Fatal(err)
	}
}

// approveAs approves the only request there is.
func approveAs(a control.Actor) func(*control.Desk) error {
	return func(d *control.Desk) error {
		all, err := d.Requests(a)
		if err != nil || len(all) != 1 {
			return errors.Join(err, errors.New("not one request waits"))
		}
		_, err = d.Approve(a, all[0].ID)
		return err
	}
}

// What leaves the council takes two people at the command line, too, whichever of them is there.
func TestDiscloseTakesTwo(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "data")
	pack := filepath.Join(t.TempDir(), "pack.zip")
	id := replayed(t, dir)
	ask := []string{"disclose", id, "--to", "PC Example", "--basis", "DPA 2018", "--purpose", "theft", "-o", pack, "--data", dir}
	if said := must(t, ask...); !strings.Contains(said, "another person must approve") {
		t.Errorf("it said %q", said)
	}
	for _, r := range []struct {
		want string
		args []string
	}{
		{"waits for another person", ask},
		{"another person must", []string{"disclose", id, "--approve", "--data", dir}},
		{"another person must approve it", []string{"disclose", id, "--approved", "-o", pack, "--data", dir}},
	} {
		if said := fails(t, exitFailed, r.args...); !strings.Contains(said, r.want) || strings.Contains(said, "--to:") {
			t.Errorf("%v: %s", r.args, said)
		}
	}
	if _, err := os.Stat(pack); err == nil {
		t.Fatal("the pack is there")
	}
	if said := must(t, "requests", "--data", dir); !strings.Contains(said, "disclosure of call "+id+" to PC Example") || !strings.Contains(said, "--approve") {
		t.Errorf("requests: %s", said)
	}
	byDesk(t, dir, approveAs(ann))
	must(t, "disclose", id, "--approved", "-o", pack, "--data", dir)
	if said := must(t, "verify", pack); !strings.Contains(said, "approved by ann") {
		t.Error(said)
	}
	if said := must(t, "requests", "--data", dir); !strings.Contains(said, "nothing waits") {
		t.Errorf("requests: %s", said)
	}
	byDesk(t, dir, func(d *control.Desk) error {
		_, err := d.Disclose(ann, id, control.Disclosure{Kind: "police", To: "x", Basis: "y", Purpose: "z"})
		return err
	})
	if said := must(t, "disclose", id, "--approve", "--data", dir); !strings.Contains(said, "ann can make the pack now") {
		t.Error(said)
	}
	fails(t, exitFailed, "disclose", id, "--approved", "-o", pack+".zip", "--data", dir) // it is ann's to make
	must(t, "check", "--data", dir)
}

// More than half of a call takes two people, and what was asked for may be refused.
func TestPurgeTakesTwo(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "data")
	id := replayed(t, dir) // 5 s
	ask := []string{"purge", id, "--from", "1s", "--to", "4s", "--reason", "a private talk", "--data", dir}
	if said := must(t, ask...); !strings.Contains(said, "nothing destroyed") {
		t.Errorf("it said %q", said)
	}
	fails(t, exitFailed, ask...) // it waits already
	fails(t, exitFailed, "purge", id, "--approve", "--data", dir)
	said := must(t, "requests", "--data", dir)
	if !strings.Contains(said, "purge of call "+id+", 1s to 4s") {
		t.Errorf("requests: %s", said)
	}
	must(t, "requests", "--refuse", strings.Fields(said)[0], "--reason", "not needed", "--data", dir)
	if said := fails(t, exitFailed, "purge", id, "--approve", "--data", dir); !strings.Contains(said, "nobody has asked") {
		t.Error(said)
	}
	byDesk(t, dir, func(d *control.Desk) error {
		done, err := d.PurgeSpan(ann, id, time.Second, 4*time.Second, "a private talk")
		if err == nil && !done.Asked {
			err = errors.New("one person did it alone")
		}
		return err
	})
	if all := must(t, "calls", "--json", "--data", dir); strings.Contains(all, `"purged"`) {
		t.Errorf("it is gone already: %s", all)
	}
	if said := must(t, "purge", id, "--approve", "--data", dir); !strings.Contains(said, "1s to 4s of call "+id+" are destroyed") {
		t.Error(said)
	}
	if all := must(t, "calls", "--json", "--data", dir); !strings.Contains(all, `"purged"`) {
		t.Errorf("it is there: %s", all)
	}
	must(t, "check", "--data", dir)
}

// Retention that is held back needs two people, and an approval of nothing changes nothing.
func TestRetentionTakesTwo(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "data")
	id := replayed(t, dir)
	years := 0
	policy := storage.Policy{Class: "standard", AtMost: storage.Term{N: 18, Unit: storage.Months}}
	desk := func(f func(*control.Desk) error) error {
		return withDesk(dir, func(d *control.Desk) error {
			d.Policies = []storage.Policy{policy}
			d.Clock = func() (storage.Reading, error) {
				return storage.Reading{Wall: time.Now().AddDate(years, 0, 0), Since: time.Hour, Boot: "one", Synced: true}, nil
			}
			d.Now = func() time.Time { return time.Now().AddDate(years, 0, 0) }
			return f(d)
		})
	}
	var out bytes.Buffer
	approve := func(o approval) error {
		return desk(func(d *control.Desk) error {
			c := &cobra.Command{}
			c.SetOut(&out)
			c.SetErr(&out)
			c.SetIn(strings.NewReader(""))
			return o.run(c, d)
		})
	}
	retain := func(d *control.Desk) error { return d.Retain() }
	if err := desk(retain); err == nil {
		t.Fatal("the first run only notes the time")
	}
	if err := desk(retain); err != nil {
		t.Fatal(err)
	}
	before := must(t, "ledger", "status", "--json", "--data", dir)
	if err := approve(approval{clock: true, reason: "x"}); !errors.Is(err, storage.ErrNothingWaits) {
		t.Errorf("nothing waits: %v", err)
	}
	if after := must(t, "ledger", "status", "--json", "--data", dir); after != before {
		t.Errorf("an approval of nothing is entered: %s, %s", before, after)
	}
	years = 2
	if err := approve(approval{reason: "x"}); err == nil || !strings.Contains(err.Error(), "--clock") {
		t.Errorf("the time moved: %v", err)
	}
	if err := approve(approval{clock: true, reason: "seen on two clocks"}); err != nil || !strings.Contains(out.String(), "another person must approve it") {
		t.Errorf("%v, %s", err, out.String())
	}
	if err := approve(approval{clock: true, reason: "me again"}); err == nil || strings.Contains(err.Error(), "--reason") || !strings.Contains(err.Error(), "waits for another person") {
		t.Errorf("one person asks twice: %v", err)
	}
	if all := must(t, "calls", "--json", "--data", dir); !strings.Contains(all, id) {
		t.Fatal("it is gone already")
	}
	refused := must(t, "requests", "--data", dir)
	must(t, "requests", "--refuse", strings.Fields(refused)[0], "--reason", "ann shall ask", "--data", dir)
	if err := desk(func(d *control.Desk) error { return errors.Join(d.LookAtRetention(ann), d.AskRetention(ann, "seen")) }); err != nil {
		t.Fatal(err)
	}
	if err := approve(approval{}); err != nil || !strings.Contains(out.String(), "are destroyed") {
		t.Errorf("%v, %s", err, out.String())
	}
	if all := must(t, "calls", "--json", "--data", dir); strings.Contains(all, id) {
		t.Errorf("it is there: %s, %s", all, out.String())
	}
}
