package storage_test

import (
	"errors"
	"testing"
	"time"

	"linevault/storage"
	"linevault/storage/storagetest"
)

// TestRequests asks, asks again, refuses, and opens the store anew in between.
func TestRequests(t *testing.T) {
	dir := storagetest.New(t)
	s, l := reopened(t, dir)
	r, err := s.Ask(storage.Request{Kind: storage.AskedErasure, Call: "X", By: "ann", Reason: "asked by the caller"}, l)
	must(t, err)
	if _, err := s.Ask(storage.Request{Kind: storage.AskedErasure, Call: "X", By: "bob", Reason: "me, too"}, l); err == nil {
		t.Error("the same is asked twice")
	}
	if _, err := s.Ask(storage.Request{Kind: storage.AskedErasure, Call: "Y", By: "bob", Reason: " "}, l); err == nil {
		t.Error("a request without a reason")
	}
	s.Close()
	s, err = storage.Open(dir, nil)
	must(t, err)
	defer s.Close()
	got, err := s.Request(r.ID)
	must(t, err)
	if got.By != "ann" || got.Call != "X" || got.Reason != "asked by the caller" || !got.At.Equal(r.At) {
		t.Errorf("%+v, want %+v", got, r)
	}
	must(t, s.Refuse(r.ID, "bob", "no ground", l))
	if err := s.Refuse(r.ID, "bob", "no ground", l); !errors.Is(err, storage.ErrNoRequest) {
		t.Errorf("refused twice: %v", err)
	}
	events, err := l.Events(0, l.Len())
	must(t, err)
	if len(events) != 2 || events[0].Kind != "erasure asked" || events[1].Kind != "erasure refused" || events[1].Data["asked"] != "ann" {
		t.Errorf("the ledger has %+v", events)
	}
	must(t, l.Close())
}

// TestApprovedOnce: who approved a request stays who approved it, whoever else does so again.
func TestApprovedOnce(t *testing.T) {
	s, l := reopened(t, storagetest.New(t))
	defer s.Close()
	r, err := s.Ask(storage.Request{Kind: "disclosure", Call: "X", By: "ann", Reason: "to the police"}, l)
	must(t, err)
	must(t, s.Approve(r.ID, "bob", l))
	if err := s.Approve(r.ID, "cyd", l); !errors.Is(err, storage.ErrNoRequest) {
		t.Errorf("approved twice: %v", err)
	}
	got, err := s.Request(r.ID)
	must(t, err)
	if got.Approved != "bob" || l.Len() != 2 {
		t.Errorf("%+v, %d entries", got, l.Len())
	}
	must(t, l.Close())
}

func TestSamePerson(t *testing.T) {
	for _, c := range []struct {
		a, b string
		same bool
	}{
		{"Ann", "ann", true},
		{"command line: ann", " Ann", true},
		{"command line: ann", "command line: ann", true},
		{"ann", "bob", false},
		{"command line: ann", "command line: bob", false},
	} {
		if storage.SamePerson(c.a, c.b) != c.same {
			t.Errorf("%q and %q: same is not %v", c.a, c.b, c.same)
		}
	}
}

// TestPurgeWhenEnded asks for a purge in a call that goes on: what was said is not played from
// then on, and gone once the call has ended, though the desk was away in between.
func TestPurgeWhenEnded(t *testing.T) {
	dir := storagetest.New(t)
	w, err := storage.OpenWriter(dir, storage.WriterOptions{Now: storagetest.Clock(), OnProblem: func(err error) { t.Error(err) }})
	must(t, err)
	s, err := storage.Open(dir, running{w})
	must(t, err)
	l, _ := book(t, dir)
	talk := storagetest.NewTalk(telephone, 500_000, 5)
	r, err := w.Begin(talk.Call(1))
	must(t, err)
	live := &kept{}
	say := func() {
		for range 64 {
			must(t, talk.Instant(live.into(r)))
		}
		must(t, r.Flush())
		must(t, w.Commit())
	}
	say()
	must(t, s.Refresh())
	must(t, s.PurgeWhenEnded(r.ID(), time.Second, 2*time.Second, "ann", "card", l))
	must(t, s.FinishWaiting(l))
	withheld := func() time.Duration {
		p, err := s.Play(r.ID())
		must(t, err)
		defer p.Close()
		var sum time.Duration
		for _, g := range p.Row().Gaps {
			if g.Cause == storage.Withheld && g.By == "ann" {
				sum += telephone.Duration(g.Span.Len())
			}
		}
		return sum
	}
	if got := withheld(); got < time.Second {
		t.Errorf("%v of the live call are withheld", got)
	}
	say()
	must(t, talk.Break(live.into(r)))
	live.end = talk.Pos
	must(t, r.Finish(storage.End{At: talk.Pos, Why: storage.HungUp}))
	must(t, w.Commit())
	s.Close()
	if s, err = storage.Open(dir, running{w}); err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if withheld() < time.Second {
		t.Error("it plays between the call's end and the purge")
	}
	must(t, s.FinishWaiting(l))
	if list, err := s.WaitingPurges(); err != nil || len(list) > 0 {
		t.Errorf("%+v, %v", list, err)
	}
	page, err := s.Calls(storage.Query{Cause: storage.Purged})
	must(t, err)
	if page.Total != 1 || withheld() != 0 {
		t.Errorf("%d calls have a purged gap", page.Total)
	}
	must(t, w.Close())
	storagetest.Check(t, dir, nil)
}

// TestPurgeWhenEndedNothingThere asks for a span that the call never reached.
func TestPurgeWhenEndedNothingThere(t *testing.T) {
	dir := storagetest.New(t)
	w, err := storage.OpenWriter(dir, storage.WriterOptions{Now: storagetest.Clock()})
	must(t, err)
	id, k := record(t, w, 1, 4)
	must(t, w.Close())
	s, l := reopened(t, dir)
	defer s.Close()
	defer l.Close()
	must(t, s.PurgeWhenEnded(id, time.Hour, 2*time.Hour, "ann", "card", l))
	must(t, s.FinishWaiting(l))
	if list, err := s.WaitingPurges(); err != nil || len(list) > 0 {
		t.Errorf("%+v, %v", list, err)
	}
	compare(t, s, id, k)
}

// TestSetHolds holds many calls at once, of which some are held already.
func TestSetHolds(t *testing.T) {
	a := past(t, 2, 3)
	s, l := reopened(t, a.dir)
	defer s.Close()
	defer l.Close()
	review := firstDay.AddDate(1, 0, 0)
	must(t, s.SetHold(a.calls[0][0], "ann", "a claim", review, l))
	if err := s.SetHold(a.calls[0][0], "ann", "a claim", review, l); err == nil {
		t.Error("held twice")
	}
	n, err := s.SetHolds(append(append([]storage.CallID{}, a.calls[0]...), a.calls[1]...), "ann", "a claim", review, l)
	if err != nil || n != 5 {
		t.Errorf("%d more are held, %v", n, err)
	}
	must(t, s.Refresh())
	page, err := s.Calls(storage.Query{Held: true})
	must(t, err)
	if page.Total != 6 || l.Len() != 6 {
		t.Errorf("%d held, %d entries", page.Total, l.Len())
	}
	// A release that was asked for is refused, and the next one needs two people again.
	id := a.calls[1][1]
	if gone, err := s.ReleaseHold(id, "ann", "settled", l); gone || err != nil {
		t.Errorf("released by one: %v, %v", gone, err)
	}
	must(t, s.KeepHold(id, "bob", "not yet", l))
	if gone, err := s.ReleaseHold(id, "bob", "settled", l); gone || err != nil {
		t.Errorf("released by one: %v, %v", gone, err)
	}
	if _, err := s.ReleaseHold(id, "command line: Bob", "settled", l); err == nil {
		t.Error("bob is two people")
	}
	must(t, s.ReviewHold(id, "ann", "still needed", review.AddDate(1, 0, 0), l))
	held, err := s.Holds()
	must(t, err)
	for _, h := range held {
		if h.Call == id && !h.Review.Equal(review.AddDate(1, 0, 0)) {
			t.Errorf("review %v", h.Review)
		}
	}
}
