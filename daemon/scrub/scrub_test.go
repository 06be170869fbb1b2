package scrub

import (
	"context"
	"log/slog"
	"strings"
	"testing"
	"time"

	"linevault/daemon/auth"
	"linevault/daemon/control"
	"linevault/daemon/control/controltest"
	"linevault/daemon/health"
)

// What a night's reading finds is in the ledger, on the call, and an alarm on the Status page,
// also after a restart of the desk.
func TestFound(t *testing.T) {
	b := controltest.New(t)
	id := b.Record(t, controltest.Call{Line: "parking", Length: 10 * time.Second})
	b.Damage(t, 3)
	must(t, b.Writer.Roll())
	must(t, b.Desk.Store.Refresh())
	log := slog.New(slog.DiscardHandler)
	b.Desk.Health = health.NewBoard(log)
	c := Config{Store: b.Desk.Store, Ledger: b.Ledger, Health: b.Desk.Health, Log: log, Days: 1, Now: time.Now}
	for range 2 {
		c.Once(context.Background())
	}
	told := 0
	for _, e := range b.Events(t) {
		if e.Kind == "damage" {
			told++
			if e.Call != "" && e.Call != string(id) || e.At.IsZero() || e.Data["segment"] == "" {
				t.Errorf("%+v", e)
			}
		}
	}
	if told == 0 || told > 2 {
		t.Errorf("%d entries in the ledger", told)
	}
	row, err := b.Desk.Store.Find(id)
	must(t, err)
	st, err := b.Desk.Status(context.Background(), control.Actor{Name: "ict", Roles: []auth.Role{auth.Admin}})
	must(t, err)
	if !row.Damaged || len(st.Alarms) == 0 || !strings.Contains(st.Alarms[len(st.Alarms)-1].Text, "with 1 call(s)") || len(st.Problems) == 0 {
		t.Errorf("damaged %v, %+v", row.Damaged, st)
	}
	again := health.NewBoard(log)
	ctx, stop := context.WithCancel(context.Background())
	stop()
	Run(ctx, Config{Store: b.Desk.Store, Ledger: b.Ledger, Health: again, Log: log, Days: 0})
	if len(again.Alarms()) != 1 {
		t.Error("after a restart there is no alarm")
	}
}

func TestDue(t *testing.T) {
	at := func(day, hour int) time.Time { return time.Date(2026, 11, day, hour, 30, 0, 0, time.Local) }
	for _, c := range []struct {
		last, now time.Time
		due       bool
	}{
		{time.Time{}, at(22, 14), false},
		{time.Time{}, at(22, 2), true},
		{at(22, 2), at(22, 4), false},
		{at(22, 2), at(23, 1), true},
		{at(22, 2), at(23, 14), false},
		{at(22, 2), at(25, 14), true}, // it is never on at night
		{at(25, 2), at(22, 2), true},  // the clock was put back
	} {
		if due(c.last, c.now) != c.due {
			t.Errorf("last %v, now %v: want %v", c.last, c.now, c.due)
		}
	}
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
