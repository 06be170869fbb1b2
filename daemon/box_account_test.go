package main

import (
	"encoding/json"
	"errors"
	"io"
	"math/rand/v2"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"linevault/daemon/account"
	"linevault/daemon/account/clerk"
	"linevault/daemon/link"
	"linevault/storage"
	"linevault/storage/ledger"
)

// account is what `linevault account --json` says of today.
func (b *box) account() (all []accountJSON) {
	b.t.Helper()
	d := json.NewDecoder(strings.NewReader(must(b.t, "account", "--json", "--data", b.dir)))
	for {
		var a accountJSON
		if err := d.Decode(&a); err == io.EOF {
			return all
		} else if err != nil {
			b.t.Fatal(err)
		}
		all = append(all, a)
	}
}

// entries are the ledger's entries of calls.
func (b *box) entries() (all []ledger.Event) {
	b.t.Helper()
	err := withBooks(b.dir, func(k *books) error {
		events, err := k.book.Events(0, k.book.Len())
		for _, e := range events {
			if e.Kind == clerk.Kind {
				all = append(all, e)
			}
		}
		return err
	})
	if err != nil {
		b.t.Fatal(err)
	}
	return all
}

// settleAccount does what the desk would do next, when the box has ended.
func (b *box) settleAccount() {
	b.t.Helper()
	s, err := storage.Open(b.dir, link.Dial(b.dir))
	if err == nil {
		defer s.Close()
		err = withBooks(b.dir, func(k *books) error {
			_, err := clerk.New(b.dir, s, k.book, nil).Enter()
			return err
		})
	}
	if err != nil {
		b.t.Fatal(err)
	}
}

// checkAccount fails the test unless every call in the catalogue, and no other, has one entry.
func (b *box) checkAccount() (outcomes map[string]int) {
	b.t.Helper()
	outcomes = map[string]int{}
	entered := map[string]int{}
	for _, e := range b.entries() {
		outcomes[e.Data["outcome"]]++
		for id := range strings.FieldsSeq(e.Data["calls"]) {
			entered[id]++
		}
	}
	for _, c := range b.calls() {
		if n := entered[string(c.ID)]; n != 1 {
			b.t.Errorf("call %s on %s (%s) has %d entries", c.ID, c.Name, c.State, n)
		}
		delete(entered, string(c.ID))
	}
	for id, n := range entered {
		b.t.Errorf("%d entries of call %s, which is not there", n, id)
	}
	for _, f := range b.account() {
		if f.Unexplained != 0 || f.Open != 0 {
			b.t.Errorf("%+v", f)
		}
	}
	return outcomes
}

// The recorder and the desk are killed at any time, also between the end of a call and its entry.
// Every call has one entry all the same.
func TestClause_S1_1_OneEntryThroughKills(t *testing.T) {
	long(t)
	kills := 4
	if os.Getenv("LINEVAULT_TORTURE") != "" {
		kills = 24
	}
	_, toml := scripts(t, 6, 2)
	b := newBox(t, toml)
	b.start("run")
	for i := range kills {
		b.await("calls", func() bool { s, _ := b.status(); return count(s, link.Recording) > 0 })
		if i%3 == 0 {
			b.await("a call to end", func() bool { s, _ := b.status(); return count(s, link.Idle) > 0 })
		}
		time.Sleep(time.Duration(rand.IntN(1500)) * time.Millisecond)
		victims := []string{"record", "serve"}[:1+i%2]
		for _, verb := range victims {
			old := pidOf(t, b, verb)
			if err := syscall.Kill(old, syscall.SIGKILL); err != nil && !errors.Is(err, syscall.ESRCH) {
				t.Fatal(err)
			}
			b.await("another "+verb, func() bool { p := pid(b, verb); return p != 0 && p != old })
		}
	}
	b.await("whole calls", func() bool { s, err := b.status(); return err == nil && count(s, link.Recording) > 0 })
	b.stop()
	b.settleAccount()
	outcomes := b.checkAccount()
	t.Logf("%d kills: %v", kills, outcomes)
	if outcomes[string(clerk.Partly)] == 0 {
		t.Error("no call was cut off by a kill: this test proves nothing")
	}
	left, err := account.Read(b.dir)
	if err != nil || len(left) != 0 {
		t.Errorf("notes are left: %+v, %v", left, err)
	}
	unreadable(t, b.dir, "0207946", "Revenues", "Line 1", "line-1")
}

// A running box: calls that are recorded, calls that rules keep from being recorded, as they begin. Of the latter
// there is an entry, and not a sample.
func TestClause_S3_20_NotRecordedByRule(t *testing.T) {
	_, toml := scripts(t, 3, 2)
	tables := strings.Split(toml, "[[line]]")
	toml = tables[0] + "[[schedule]]\nname = \"Elections\"\nwindows = [\"2020-04-01 to 2020-05-07\"]\n" +
		"[[line]]" + tables[1] +
		"[[line]]" + tables[2] + "record = \"out\"\n" +
		"[[line]]" + tables[3] + "schedule = \"Elections\"\n"
	b := newBox(t, toml)
	b.start("run")
	want := map[string]string{
		"Line 0": "recorded ", "Line 1": "not by policy only outgoing calls are recorded", "Line 2": "not by policy outside window of \"Elections\"",
	}
	b.await("an entry on each line", func() bool {
		s, err := b.status()
		seen := map[string]bool{}
		for _, f := range b.account() {
			seen[f.Name] = f.Recorded+f.NotByPolicy > 1
		}
		return err == nil && len(s.Lines) == 3 && seen["Line 0"] && seen["Line 1"] && seen["Line 2"]
	})
	b.stop()
	b.settleAccount()
	b.checkAccount()
	for _, e := range b.entries() {
		got := e.Data["outcome"] + " " + e.Data["reason"]
		if got != want[e.Data["name"]] && e.Data["reason"] != "box stopped" {
			t.Errorf("%s: %s", e.Data["name"], got)
		}
	}
	for _, c := range b.calls() {
		if c.Name != "Line 0" && (c.Recorded != 0 || c.Bytes != 0 || len(c.Gaps) != 1 || c.Gaps[0].Cause != storage.NotByPolicy) {
			t.Errorf("%+v", c)
		}
	}
	b.check()
	if text := must(t, "account", "--data", b.dir); !strings.Contains(text, "UNEXPLAINED") || !strings.Contains(text, "outside window") {
		t.Error(text)
	}
}
