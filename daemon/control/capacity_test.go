package control_test

import (
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"

	"linevault/daemon/control"
	"linevault/daemon/control/controltest"
	"linevault/daemon/health"
	"linevault/daemon/link"
	"linevault/storage"
)

// A disk that fills up is told to those who look after it, on every page, once in the ledger;
// a recorder that had to stop is told to everybody who sees lines.
func TestSpaceIsWatched(t *testing.T) {
	b := controltest.New(t)
	b.Demo(t)
	b.Board.Set(controltest.Lines())
	look := func() {
		t.Helper()
		must(t, b.Desk.WatchSpace(t.Context()))
	}
	kinds := func(kind string) (n int) {
		for _, e := range b.Events(t) {
			if e.Kind == kind {
				n++
			}
		}
		return n
	}
	look()
	if n := b.Desk.Notices(admin); len(n) != 0 {
		t.Fatalf("with room enough: %+v", n)
	}
	b.Desk.WarnDays, b.Desk.StopBelow = []int{30, 7}, 1<<60 // more than any disk has
	look()
	look()
	if n := b.Desk.Notices(admin); len(n) != 1 || !n[0].Alarm || n[0].Link != "/status" || !strings.Contains(n[0].Text, "it is full") {
		t.Errorf("the disk is full: %+v", n)
	}
	if n := b.Desk.Notices(supervisor); len(n) != 0 {
		t.Errorf("a supervisor: %+v", n)
	}
	if n := kinds("disk warning"); n != 1 {
		t.Errorf("%d warnings in the ledger", n)
	}
	now := controltest.Lines()
	now.Alarms = []link.Alarm{{Key: "disk space", Text: "RECORDING HAS STOPPED: the disk has 3 MB left", Since: time.Now()}}
	b.Board.Set(now)
	look()
	now.Alarms[0].Text = "RECORDING HAS STOPPED: the disk has 2 MB left"
	b.Board.Set(now)
	look()
	for _, a := range []control.Actor{admin, supervisor} {
		if n := b.Desk.Notices(a); len(n) != 1 || !n[0].Alarm || !strings.Contains(n[0].Text, "RECORDING HAS STOPPED") {
			t.Errorf("%s: %+v", a.Name, n)
		}
	}
	b.Board.Set(controltest.Lines())
	b.Desk.StopBelow = 0
	look()
	if n := b.Desk.Notices(admin); len(n) != 0 {
		t.Errorf("with room again: %+v", n)
	}
	if n := kinds("disk space"); n != 2 {
		t.Errorf("%d changes in the ledger, want it full and with room again", n)
	}
}

// Each of the days that people are to be told at is told to whoever is told of alarms.
func TestEachWarningIsTold(t *testing.T) {
	b := controltest.New(t)
	b.Demo(t)
	b.Board.Set(controltest.Lines())
	b.Desk.Health = health.NewBoard(slog.New(slog.DiscardHandler))
	told := 0
	b.Desk.Health.Watch(func(a health.Alarm, on bool) {
		if a.Key != "disk forecast" || !on {
			t.Errorf("%+v, %v", a, on)
		}
		told++
	})
	b.Desk.StopBelow = 1 << 60 // more than any disk has
	for i, days := range [][]int{{30}, {30}, {30, 7}, {30, 7}, {30, 7, 2}, {30, 7, 2}} {
		b.Desk.WarnDays = days
		must(t, b.Desk.WatchSpace(t.Context()))
		if want := i/2 + 1; told != want {
			t.Errorf("with warnings at %v days it was told %d times, want %d", days, told, want)
		}
	}
}

func TestFullWords(t *testing.T) {
	for want, f := range map[string]storage.Forecast{
		"more than 5 years": {Lasts: true, Days: storage.Horizon},
		"within a day":      {},
		"in 1 day at":       {Days: 1},
		"in 12 days at":     {Days: 12},
		"less than a day":   {Days: 12, Rough: true},
	} {
		if got := control.FullWords(&f); !strings.Contains(got, want) {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

// What retention holds back waits for two people, on the page and as an alarm on every page.
func TestRetentionHeldBackTakesTwo(t *testing.T) {
	b := controltest.New(t)
	b.Demo(t) // two calls a day or less, two days ago at the longest
	b.Desk.Policies = []storage.Policy{{Class: controltest.Class, AtMost: storage.Term{N: 30, Unit: storage.Days}}}
	clock := storage.Reading{Wall: time.Now(), Since: time.Hour, Boot: "one", Synced: true}
	b.Desk.Clock = func() (storage.Reading, error) { return clock, nil }
	if err := b.Desk.Retain(); err == nil {
		t.Error("the first run destroys")
	}
	if n := b.Desk.Notices(legal); len(n) != 0 {
		t.Errorf("after the first run: %+v", n)
	}
	const year = 365 * 24 * time.Hour
	clock.Wall = clock.Wall.Add(year) // the clock is wrong
	b.Desk.Now = func() time.Time { return clock.Wall }
	held := func(what storage.HeldBack) {
		t.Helper()
		h, ok := errors.AsType[*storage.HeldBackError](b.Desk.Retain())
		if !ok || h.What != what {
			t.Fatalf("held back: %+v, want %s", h, what)
		}
		if n := b.Desk.Notices(legal); len(n) != 1 || !n[0].Alarm || n[0].Link != "/retention" {
			t.Errorf("notices: %+v", n)
		}
	}
	held(storage.TimeMoved)
	clock.Synced = false
	held(storage.NoTime)
	if err := b.Desk.AskRetention(legal, "sure"); field(err) != "reason" {
		t.Errorf("nobody can approve a time that is not synchronised: %v", err)
	}
	clock.Synced, clock.Since = true, clock.Since+year // a year did go by
	held(storage.TooMany)
	r, err := b.Desk.Retention(auditor)
	if err != nil || len(r.Classes) != 1 || r.Classes[0].Past != 5 || r.HeldBack == nil || len(r.Plan.Calls) != 5 {
		t.Errorf("%+v, %v", r, err)
	}
	if err := b.Desk.AskRetention(auditor, "sure"); !errors.Is(err, control.ErrForbidden) {
		t.Errorf("an auditor: %v", err)
	}
	if err := b.Desk.AskRetention(legal, " "); field(err) != "reason" {
		t.Errorf("without a reason: %v", err)
	}
	must(t, b.Desk.AskRetention(legal, "the desk was off for a year"))
	request := only(t, b, other)
	if _, err := b.Desk.Approve(legal, request); !errors.Is(err, control.ErrSame) {
		t.Errorf("approved by who asked: %v", err)
	}
	// What neither of the two has seen is not approved with it.
	sane := clock
	clock.Wall = clock.Wall.Add(10 * year)
	if _, err := b.Desk.Approve(other, request); field(err) != "confirm" || !strings.Contains(err.Error(), "the time of day moved by") {
		t.Errorf("approved after the time moved again: %v", err)
	}
	clock = sane
	if p, err := b.Desk.Calls(supervisor, control.Query{}); err != nil || p.Total != 5 {
		t.Errorf("%d calls before the approval, %v", p.Total, err)
	}
	if _, err := b.Desk.Approve(other, request); err != nil {
		t.Fatal(err)
	}
	later := clock.Wall.Add(time.Minute)
	b.Desk.Now = func() time.Time { return later }
	if p, err := b.Desk.Calls(supervisor, control.Query{}); err != nil || p.Total != 0 {
		t.Errorf("%d calls after it, %v", p.Total, err)
	}
	if n := b.Desk.Notices(legal); len(n) != 0 {
		t.Errorf("afterwards: %+v", n)
	}
}

// An approval is of what was so when it was asked for: a time that moved again in between, or a
// term that became shorter, is not approved with it, and nothing goes.
func TestRetentionApprovalOfSomethingElse(t *testing.T) {
	b := controltest.New(t)
	b.Demo(t)
	b.Desk.Policies = []storage.Policy{{Class: controltest.Class, AtMost: storage.Term{N: 3650, Unit: storage.Days}}}
	clock := storage.Reading{Wall: time.Now(), Since: time.Hour, Boot: "one", Synced: true}
	b.Desk.Clock = func() (storage.Reading, error) { return clock, nil }
	b.Desk.Now = func() time.Time { return clock.Wall }
	if err := b.Desk.Retain(); err == nil {
		t.Error("the first run destroys")
	}
	clock.Wall = clock.Wall.Add(48 * time.Hour) // somebody set the clock right
	if err := b.Desk.Retain(); err == nil {
		t.Error("it goes on after the time moved")
	}
	must(t, b.Desk.AskRetention(legal, "it was two days slow"))
	request := only(t, b, other)
	refused := func(words string) {
		t.Helper()
		if _, err := b.Desk.Approve(other, request); field(err) != "confirm" || !strings.Contains(err.Error(), words) {
			t.Errorf("approved: %v", err)
		}
		if p, err := b.Desk.Calls(supervisor, control.Query{}); err != nil || p.Total != 5 {
			t.Errorf("%d calls are left, %v", p.Total, err)
		}
	}
	right := clock
	clock.Wall = clock.Wall.Add(11 * 365 * 24 * time.Hour)
	refused("the time of day moved by")
	clock = right
	longer := b.Desk.Policies
	b.Desk.Policies = []storage.Policy{{Class: controltest.Class, AtMost: storage.Term{N: 1, Unit: storage.Days}}}
	clock.Wall, clock.Since = clock.Wall.Add(12*time.Hour), clock.Since+12*time.Hour
	if look, err := b.Desk.Retention(legal); err != nil || len(look.Plan.Calls) <= 4 {
		t.Fatalf("%+v, %v", look.Plan, err)
	}
	refused("calls are past their term now, and there were 0")
	b.Desk.Policies = longer
	if done, err := b.Desk.Approve(other, request); err != nil {
		t.Errorf("%+v, %v", done, err)
	}
}
