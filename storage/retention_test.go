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

func TestTerm(t *testing.T) {
	london, err := time.LoadLocation("Europe/London")
	must(t, err)
	for _, c := range []struct{ from, term, over string }{
		{"2026-08-31 12:00", "6 months", "2027-03-01 00:00"}, // 28 February is kept whole
		{"2027-08-31 12:00", "6 months", "2028-03-01 00:00"}, // and 29 February
		{"2028-02-29 12:00", "1 year", "2029-03-01 00:00"},
		{"2026-01-31 12:00", "1 month", "2026-03-01 00:00"},
		{"2026-11-22 12:00", "14 days", "2026-12-07 00:00"},
		{"2026-11-22 12:00", "18 months", "2028-05-23 00:00"},
		{"2026-03-28 23:59", "1 day", "2026-03-30 00:00"}, // the day of 23 hours
		{"2026-10-24 00:30", "1 day", "2026-10-26 00:00"}, // the day of 25 hours
		{"2026-12-31 23:59", "2 months", "2027-03-01 00:00"},
	} {
		from, err := time.ParseInLocation("2006-01-02 15:04", c.from, london)
		must(t, err)
		term, err := storage.ParseTerm(c.term)
		must(t, err)
		if got := term.Over(from).In(london).Format("2006-01-02 15:04"); got != c.over || term.String() != c.term {
			t.Errorf("%s from %s is over at %s, want %s", term, c.from, got, c.over)
		}
	}
	// An instant late on a summer evening, UTC, is the day after in London.
	late := time.Date(2026, 7, 1, 23, 30, 0, 0, time.UTC)
	if got := (storage.Term{N: 1, Unit: storage.Days}).Over(late).In(london).Day(); got != 4 {
		t.Errorf("day %d, want 4", got)
	}
	for _, bad := range []string{"", "14", "days", "0 days", "-1 days", "14 weeks", "1000000 days", "6 months or so"} {
		if _, err := storage.ParseTerm(bad); err == nil {
			t.Errorf("%q is a term", bad)
		}
	}
	if d, m := (storage.Term{N: 31, Unit: storage.Days}), (storage.Term{N: 1, Unit: storage.Months}); !m.Less(d) || d.Less(m) {
		t.Error("a month is never longer than 31 days, and sometimes shorter")
	}
}

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

// BenchmarkDestroyOne destroys a few seconds of one contact among 5,000 of its day. Only
// a second of each is recorded: it is the part keys that take the time.
func BenchmarkDestroyOne(b *testing.B) {
	for range b.N {
		b.StopTimer()
		dir := b.TempDir()
		s, l, id := crowd(b, dir, 5000)
		b.StartTimer()
		if _, err := s.PurgeSpan(id, 0, 500*time.Millisecond, "ann", "card", l); err != nil {
			b.Fatal(err)
		}
		b.StopTimer()
		s.Close()
		if err := l.Close(); err != nil {
			b.Fatal(err)
		}
	}
}

// crowd is a store with n one-second calls, and one of them.
func crowd(tb testing.TB, dir string, n int) (*storage.Store, *ledger.Ledger, storage.CallID) {
	tb.Helper()
	fatal := func(err error) {
		if err != nil {
			tb.Fatal(err)
		}
	}
	fatal(storage.Create(dir, []string{storagetest.Class}))
	w, err := storage.OpenWriter(dir, storage.WriterOptions{})
	fatal(err)
	var id storage.CallID
	for i := range n {
		talk := storagetest.NewTalk(telephone, 0, uint64(i))
		r, err := w.Begin(talk.Call(i))
		fatal(err)
		for range 16 {
			fatal(talk.Instant(r.Packet))
		}
		fatal(r.Finish(storage.End{At: talk.Pos, Why: storage.HungUp}))
		if i == n/2 {
			id = r.ID()
		}
	}
	fatal(w.Close())
	ring, err := keys.OpenRing(dir)
	fatal(err)
	l, err := ledger.Open(dir, ring.Derive("ledger"))
	fatal(err)
	s, err := storage.Open(dir, nil)
	fatal(err)
	return s, l, id
}

// TestDestroyOne destroys a span of one contact among 1,000 of its day.
func TestDestroyOne(t *testing.T) {
	if testing.Short() {
		t.Skip("it makes and locks 1,000 keys twice: run without -short")
	}
	dir := t.TempDir()
	s, l, id := crowd(t, dir, 1000)
	defer s.Close()
	defer l.Close()
	began := time.Now()
	c, err := s.PurgeSpan(id, 0, 500*time.Millisecond, "ann", "card", l)
	must(t, err)
	t.Logf("among 1,000 contacts: %v", time.Since(began).Round(time.Millisecond))
	if c.SelfTest.Opened != 0 {
		t.Errorf("%+v", c.SelfTest)
	}
	p, err := s.Calls(storage.Query{Cause: storage.Purged})
	must(t, err)
	if p.Total != 1 || p.Rows[0].Call.ID != id {
		t.Errorf("%d calls have a purged gap", p.Total)
	}
	if p, err = s.Calls(storage.Query{}); err != nil || p.Total != 1000 {
		t.Errorf("%d calls, %v", p.Total, err)
	}
}
