package storage_test

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"linevault/codec"
	"linevault/storage"
	"linevault/storage/keys"
	"linevault/storage/ledger"
	"linevault/storage/storagetest"
)

var (
	firstDay = time.Date(2026, 3, 2, 10, 0, 0, 0, time.UTC)
	twoWeeks = []storage.Policy{{Class: storagetest.Class, AtMost: storage.Term{N: 14, Unit: storage.Days}}}
)

// archive is a store with calls on several days.
type archive struct {
	dir   string
	calls [][]storage.CallID // by day
}

// past makes a store with so many calls on each of so many days from firstDay on.
func past(t *testing.T, days, calls int) *archive {
	t.Helper()
	a := &archive{dir: storagetest.New(t)}
	ring := mustRing(t, a.dir)
	for d := range days {
		day := firstDay.AddDate(0, 0, d)
		must(t, ring.Ensure([]string{storagetest.Class}, day))
		w, err := storage.OpenWriter(a.dir, storage.WriterOptions{Now: func() time.Time { return day }})
		must(t, err)
		var ids []storage.CallID
		for i := range calls {
			talk := storagetest.NewTalk(telephone, 0, uint64(d*100+i))
			c := talk.Call(i)
			c.Start = day.Add(time.Duration(i) * time.Minute)
			c.ID = storage.NewCallID(c.Start)
			r, err := w.Begin(c)
			must(t, err)
			for range 20 {
				must(t, talk.Instant(r.Packet))
			}
			must(t, r.Finish(storage.End{At: talk.Pos, Why: storage.HungUp}))
			ids = append(ids, c.ID)
		}
		must(t, w.Close())
		a.calls = append(a.calls, ids)
	}
	return a
}

func (a *archive) count(t *testing.T, s *storage.Store) int {
	t.Helper()
	p, err := s.Calls(storage.Query{})
	must(t, err)
	return p.Total
}

// at is a clock that kept good time since firstDay.
func at(d time.Duration) storage.Reading {
	return storage.Reading{Wall: firstDay.Add(d), Since: time.Hour + d, Boot: "one", Synced: true}
}

const day = 24 * time.Hour

func (a *archive) retain(t *testing.T, s *storage.Store, l *ledger.Ledger, clock storage.Reading) (held string) {
	t.Helper()
	_, err := s.Retain(twoWeeks, clock, l)
	if h, ok := errors.AsType[*storage.HeldBackError](err); ok {
		return h.Why
	}
	must(t, err)
	return ""
}

// TestRetain runs retention daily: a day's calls go when its fourteen days are over and not
// before, with their keys, segments and key files.
func TestRetain(t *testing.T) {
	a := past(t, 4, 3)
	s, l := reopened(t, a.dir)
	defer s.Close()
	defer l.Close()
	if why := a.retain(t, s, l, at(3*day)); !strings.Contains(why, "first run") {
		t.Error(why)
	}
	for d := 4; d < 20; d++ {
		if why := a.retain(t, s, l, at(time.Duration(d)*day)); why != "" {
			t.Fatal(why)
		}
		want := 12 - 3*min(4, max(0, d-14))
		if got := a.count(t, s); got != want {
			t.Errorf("on day %d there are %d calls, want %d", d, got, want)
		}
		storagetest.Check(t, a.dir, nil)
	}
	left, err := keys.Files(a.dir)
	must(t, err)
	segments, err := os.ReadDir(a.dir + "/segments")
	must(t, err)
	if len(left) > 0 || len(segments) > 0 {
		t.Errorf("left: %v, %v", left, segments)
	}
	all, err := storage.Certificates(a.dir, storage.CertificateKey(mustRing(t, a.dir)))
	must(t, err)
	calls := 0
	for _, c := range all {
		calls += c.Calls
	}
	if calls != 12 {
		t.Errorf("%d certificates of %d calls", len(all), calls)
	}
}

// TestClockSteps moves the time of day by -20 to +10 years in 50 steps, in each of the ways a
// clock goes wrong: no call is destroyed.
func TestClockSteps(t *testing.T) {
	a := past(t, 3, 2)
	s, l := reopened(t, a.dir)
	defer s.Close()
	defer l.Close()
	a.retain(t, s, l, at(3*day))
	const year = 365*day + 6*time.Hour
	for i := range 50 {
		step := -20*year + time.Duration(i)*30*year/49
		if step.Abs() < day {
			continue
		}
		stepped := at(3*day + time.Duration(i)*time.Minute)
		stepped.Wall = stepped.Wall.Add(step)
		restarted := stepped
		restarted.Boot, restarted.Since = fmt.Sprint(i), time.Minute
		unsynced := at(20 * day)
		unsynced.Synced = false
		for _, clock := range []storage.Reading{stepped, restarted, unsynced} {
			if why := a.retain(t, s, l, clock); why == "" {
				t.Errorf("a step of %v is trusted", step)
			}
			if got := a.count(t, s); got != 6 {
				t.Fatalf("after a step of %v there are %d calls", step, got)
			}
		}
	}
	// And a clock that was wrong from the beginning.
	fresh := past(t, 3, 2)
	s2, l2 := reopened(t, fresh.dir)
	defer s2.Close()
	defer l2.Close()
	for range 2 {
		fresh.retain(t, s2, l2, at(10*year))
	}
	if got := fresh.count(t, s2); got != 6 {
		t.Errorf("a clock that was wrong from the beginning destroyed %d calls", 6-got)
	}
	// Set right, the clock is trusted again.
	if why := a.retain(t, s, l, at(4*day)); why != "" {
		t.Error(why)
	}
}

// TestBrake has a desk come back after a long time: what is past its term is more than usual,
// and goes once a person approves.
func TestBrake(t *testing.T) {
	a := past(t, 4, 2)
	s, l := reopened(t, a.dir)
	defer s.Close()
	defer l.Close()
	a.retain(t, s, l, at(3*day))
	if why := a.retain(t, s, l, at(30*day)); !strings.Contains(why, "8 calls are past their term and 2 a day are usual") {
		t.Errorf("%q", why)
	}
	if got := a.count(t, s); got != 8 {
		t.Fatalf("%d calls", got)
	}
	_, err := s.ApproveRetention(twoWeeks, at(30*day), false, "ann", l)
	must(t, err)
	if why := a.retain(t, s, l, at(30*day+time.Hour)); why != "" || a.count(t, s) != 0 {
		t.Errorf("approved: %q", why)
	}
}

// TestHold keeps a call beyond its term while the others of its day go, until two people
// release it.
func TestHold(t *testing.T) {
	a := past(t, 1, 3)
	s, l := reopened(t, a.dir)
	defer s.Close()
	defer l.Close()
	id := a.calls[0][1]
	must(t, s.SetHold(id, "ann", "a claim", firstDay.AddDate(1, 0, 0), l))
	if _, err := s.EraseCall(id, "ann", "asked", "bob", l); !errors.Is(err, storage.ErrOnHold) {
		t.Errorf("erasing what is on hold: %v", err)
	}
	a.retain(t, s, l, at(day))
	for d := 15; d < 18; d++ {
		if why := a.retain(t, s, l, at(time.Duration(d)*day)); why != "" {
			t.Fatal(why)
		}
		if _, err := s.Find(id); err != nil || a.count(t, s) != 1 {
			t.Fatalf("day %d: %d calls, %v", d, a.count(t, s), err)
		}
		p, err := s.Play(id)
		must(t, err)
		for i := range p.Runs() {
			must(t, p.Sound(i, func(codec.Packet) error { return nil }))
		}
		p.Close()
		storagetest.Check(t, a.dir, nil)
	}
	for _, by := range []string{"ann", "ann", "bob"} {
		released, err := s.ReleaseHold(id, by, "settled", l)
		if released != (by == "bob") {
			t.Errorf("%s: released %v, %v", by, released, err)
		}
	}
	if why := a.retain(t, s, l, at(18*day)); why != "" || a.count(t, s) != 0 {
		t.Errorf("released: %q, %d calls", why, a.count(t, s))
	}
}

// TestCheckExpired has the check find a key that should be gone: invariant 7, which an old
// copy of the keys that was put back breaks.
func TestCheckExpired(t *testing.T) {
	dir := t.TempDir()
	must(t, storage.Create(dir, []string{storagetest.Class}))
	ring := mustRing(t, dir)
	must(t, ring.Ensure([]string{storagetest.Class}, firstDay))
	s, l := reopened(t, dir)
	defer s.Close()
	defer l.Close()
	a := &archive{dir: dir}
	a.retain(t, s, l, at(day))
	if why := a.retain(t, s, l, at(40*day)); why != "" {
		t.Fatal(why)
	}
	storagetest.Check(t, dir, nil)
	must(t, ring.Ensure([]string{storagetest.Class}, firstDay))
	r, err := storage.Check(dir, nil, storage.CheckOptions{})
	must(t, err)
	if len(r.Problems) != keys.Ahead+1 || !strings.Contains(r.Problems[0].Text, "past its term") {
		t.Errorf("%+v", r.Problems)
	}
}
