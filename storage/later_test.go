package storage_test

import (
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"testing"
	"time"

	"linevault/storage"
	"linevault/storage/storagetest"
)

var marchFirst = time.Date(2026, 3, 1, 8, 0, 0, 0, time.UTC)

// fiveDays is a store of five days with a call over midnight, one that nobody ended, one that was
// purged, one that was erased, one under legal hold and one that something is said about. It
// returns the call over midnight.
func fiveDays(t *testing.T, dir string) storage.CallID {
	t.Helper()
	days(t, dir, marchFirst, 5, 12)
	now := marchFirst.AddDate(0, 0, 1)
	must(t, mustRing(t, dir).Ensure([]string{storagetest.Class}, now))
	w, err := storage.OpenWriter(dir, storage.WriterOptions{Now: func() time.Time { return now }})
	must(t, err)
	talk := storagetest.NewTalk(telephone, 0, 777)
	c := talk.Call(0)
	c.Start = marchFirst.AddDate(0, 0, 1).Add(16*time.Hour - time.Second)
	c.ID = storage.NewCallID(c.Start)
	r, err := w.Begin(c)
	must(t, err)
	speak := func(r *storage.Recording) {
		for range 20 {
			must(t, talk.Instant(r.Packet))
		}
		must(t, r.Flush())
		must(t, w.Commit())
	}
	speak(r)
	now = now.AddDate(0, 0, 1)
	r, err = r.Next(talk.Pos, c)
	must(t, err)
	speak(r)
	must(t, r.Finish(storage.End{At: talk.Pos, Why: storage.HungUp}))
	cut := storagetest.NewTalk(telephone, 0, 778)
	again := cut.Call(1)
	again.Start = now.Add(time.Hour)
	again.ID = storage.NewCallID(again.Start)
	r2, err := w.Begin(again)
	must(t, err)
	for range 20 {
		must(t, cut.Instant(r2.Packet))
	}
	must(t, r2.Flush())
	must(t, w.Commit())
	must(t, w.Close())

	s := openStore(t, dir, nil)
	l, _ := book(t, dir)
	rows := all(t, s)
	slices.Reverse(rows)
	_, err = s.PurgeSpan(rows[20].Call.ID, 100*time.Millisecond, 200*time.Millisecond, "ann", "card", l)
	must(t, err)
	_, err = s.EraseCall(rows[30].Call.ID, "ann", "order", "bob", l)
	must(t, err)
	must(t, s.SetHold(rows[3].Call.ID, "ann", "claim", marchFirst.AddDate(1, 0, 0), l))
	say(t, s, l, rows[4].Call.ID, storage.Annotation{Kind: storage.SetFlag, Text: "abuse"}, storage.Annotation{Kind: storage.AddNote, Text: "the bins"})
	say(t, s, l, rows[50].Call.ID, storage.Annotation{Kind: storage.Rate, Stars: 3})
	return c.ID
}

func forgetCatalogue(t *testing.T, dir string) {
	t.Helper()
	must(t, os.RemoveAll(filepath.Join(dir, "catalogue")))
}

// A list that is made anew a share at a time has the newest calls first, says how far it is, says
// of no call that it is not there, destroys nothing on its own word, and is in the end the same
// as one made at once.
func TestMadeAnewByShares(t *testing.T) {
	dir := storagetest.New(t)
	over := fiveDays(t, dir)
	forgetCatalogue(t, dir)
	s := openStore(t, dir, nil)
	want := all(t, s)
	index := map[storage.CallID]int{}
	for i, r := range want {
		index[r.Call.ID] = i
	}
	l, _ := book(t, dir)
	defer storage.PutOffFrom(1)()
	s = openStore(t, dir, nil)
	p := s.Progress()
	if p.Whole || p.Read != 0 || p.Files < 6 || !p.From.IsZero() || len(all(t, s)) != 0 {
		t.Fatalf("at first: %+v, %d calls", p, len(all(t, s)))
	}
	policies := []storage.Policy{{Class: storagetest.Class, AtMost: storage.Term{N: 1, Unit: storage.Days}}}
	reading := storage.Reading{Wall: marchFirst.AddDate(1, 0, 0), Since: time.Hour, Boot: "a", Synced: true}
	someWhole, split := false, false
	for left := true; left; {
		var err error
		if left, err = s.ReadShare(); err != nil {
			t.Fatal(err)
		}
		rows, p := all(t, s), s.Progress()
		if p.Whole == left {
			t.Fatalf("%+v, and something left: %v", p, left)
		}
		if p.Whole {
			break
		}
		t.Log(p)
		listed := map[storage.CallID]bool{}
		for _, r := range rows {
			listed[r.Call.ID] = true
			if i, ok := index[r.Call.ID]; !ok || r.Call.ID != over && !reflect.DeepEqual(r, want[i]) {
				t.Errorf("call %s is listed otherwise", r.Call.ID)
			}
		}
		for _, r := range want {
			if !p.From.IsZero() && !r.Start.Before(p.From) && !listed[r.Call.ID] {
				t.Errorf("calls from %s on are listed, and one of %s is not", p.From, r.Start)
			}
			_, err := s.Find(r.Call.ID)
			_, playErr := s.Play(r.Call.ID)
			_, eraseErr := s.EraseCall(r.Call.ID, "ann", "order", "ann", l)
			if errors.Is(eraseErr, storage.ErrUnlisted) {
				t.Error("two people of one name were let pass")
			}
			switch half := listed[r.Call.ID] && r.Call.ID == over && err != nil; {
			case half:
				split = true
				fallthrough
			case !listed[r.Call.ID]:
				if !errors.Is(err, storage.ErrUnlisted) || !errors.Is(playErr, storage.ErrUnlisted) {
					t.Errorf("a call that is not listed yet: %v, %v", err, playErr)
				}
				if _, err := s.EraseCall(r.Call.ID, "ann", "order", "bob", l); !errors.Is(err, storage.ErrUnlisted) {
					t.Errorf("erase a call that is not listed yet: %v", err)
				}
			default:
				someWhole = true
				must(t, err)
				must(t, playErr)
			}
		}
		for range 2 {
			_, err := s.Retain(policies, reading, l)
			if held, ok := errors.AsType[*storage.HeldBackError](err); !ok || held.What != storage.NotListed {
				t.Fatalf("retention: %v", err)
			}
		}
		if _, err := s.ApproveRetention(policies, reading, true, "ann", l); !errors.Is(err, storage.ErrUnlisted) {
			t.Errorf("approval: %v", err)
		}
		if _, err := s.Scrub(t.Context(), storage.ScrubOptions{Now: time.Now(), Days: 1}); !errors.Is(err, storage.ErrUnlisted) {
			t.Errorf("scrub: %v", err)
		}
		must(t, s.Finish(l))
		if report := storagetest.Check(t, dir, nil); report.Listing == nil || report.Listing.Whole {
			t.Error("the check says nothing of it")
		}
	}
	if !someWhole || !split {
		t.Errorf("calls whole meanwhile: %v, one with some of its parts: %v", someWhole, split)
	}
	if got := all(t, s); !reflect.DeepEqual(got, want) {
		t.Errorf("%d calls, or other ones: want %d", len(got), len(want))
	}
	if _, err := s.Find(storage.NewCallID(marchFirst)); !errors.Is(err, storage.ErrNoCall) {
		t.Errorf("a call that never was: %v", err)
	}
}

// A desk whose catalogue is gone serves at once and makes it anew meanwhile; the snapshot that it
// leaves is as good as any other.
func TestDeskMakesAnew(t *testing.T) {
	dir := storagetest.New(t)
	fiveDays(t, dir)
	forgetCatalogue(t, dir)
	s := openStore(t, dir, nil)
	want := all(t, s)
	defer storage.PutOffFrom(1)()
	forgetCatalogue(t, dir)
	s = openDesk(t, dir)
	whole(t, s)
	if !reflect.DeepEqual(all(t, s), want) {
		t.Error("it lists otherwise")
	}
	s.Close()
	s = openDesk(t, dir)
	defer s.Close()
	if p := s.Progress(); !p.Whole || !reflect.DeepEqual(all(t, s), want) {
		t.Errorf("the next desk lists otherwise: %+v", p)
	}
}

// whole waits until every call is listed.
func whole(t *testing.T, s *storage.Store) {
	t.Helper()
	for end := time.Now().Add(2 * time.Minute); !s.Progress().Whole; time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("%+v", s.Progress())
		}
	}
}

// TestMadeAnewKilled kills a desk after each share or two: the next one goes on where it was.
func TestMadeAnewKilled(t *testing.T) {
	if dir := os.Getenv(destroyEnv); dir != "" {
		storage.PutOffFrom(1)
		s := openDesk(t, dir)
		whole(t, s)
		s.Close()
		return
	}
	dir := storagetest.New(t)
	fiveDays(t, dir)
	forgetCatalogue(t, dir)
	s := openStore(t, dir, nil)
	want := all(t, s)
	forgetCatalogue(t, dir)
	defer storage.PutOffFrom(1)()
	lives, read := 0, 0
	for !killedAt(t, "TestMadeAnewKilled", dir, lives%2) {
		if lives++; lives > 50 {
			t.Fatal("it never comes to its end")
		}
		s := openStore(t, dir, nil)
		p := s.Progress()
		t.Log(lives, p)
		if p.Read < read || p.Read == 0 {
			t.Fatalf("it begins anew: %d files were read", read)
		}
		read = p.Read
		s.Close()
	}
	if lives < 3 {
		t.Errorf("%d lives", lives)
	}
	s = openStore(t, dir, nil)
	if p := s.Progress(); !p.Whole || !reflect.DeepEqual(all(t, s), want) {
		t.Errorf("it lists otherwise: %+v", p)
	}
}

// A destruction that a crash left half done is finished once the list has what it is about.
func TestHalfDoneWhileMadeAnew(t *testing.T) {
	if what := os.Getenv(destroyEnv); what != "" {
		s, l := reopened(t, what)
		rows := all(t, s)
		_, err := s.EraseCall(rows[len(rows)-1].Call.ID, "ann", "order", "bob", l)
		must(t, err)
		return
	}
	for n := 1; ; n += 17 {
		dir := storagetest.New(t)
		days(t, dir, marchFirst, 3, 4)
		if killedAt(t, "TestHalfDoneWhileMadeAnew", dir, n) {
			return
		}
		forgetCatalogue(t, dir)
		undo := storage.PutOffFrom(1)
		s := openStore(t, dir, nil)
		l, _ := book(t, dir)
		certificates := func() int { return len(must1(filepath.Glob(filepath.Join(dir, "destruction", "certificates", "*")))) }
		before := certificates()
		for left := true; left; {
			must(t, s.Finish(l))
			if certificates() != before {
				t.Fatal("a certificate on the word of a list that is not whole")
			}
			var err error
			left, err = s.ReadShare()
			must(t, err)
		}
		must(t, s.Finish(l))
		undo()
	}
}
