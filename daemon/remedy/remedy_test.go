package remedy

import (
	"context"
	"log/slog"
	"testing"
	"time"

	"linevault/codec/pcm"
	"linevault/daemon/control/controltest"
	"linevault/daemon/link"
	"linevault/storage"
)

func keys(t *testing.T, b *controltest.Box) map[string]bool {
	t.Helper()
	s, err := link.Dial(b.Dir).Status(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	on := map[string]bool{}
	for _, a := range s.Alarms {
		on[a.Key] = true
	}
	return on
}

// What a late pause was for is destroyed without anybody asking, once the call has ended, and its
// alarm ends; what may be card data stays withheld, with an alarm that a recorder started again
// gets back, until somebody releases or destroys it.
func TestRemedy(t *testing.T) {
	b := controltest.New(t)
	call := func(late controltest.Gap, unfinished bool) storage.CallID {
		return b.Record(t, controltest.Call{
			Line: "parking", Name: "Parking fines", Start: time.Now().Add(-time.Minute), Length: 12 * time.Second, End: storage.HungUp,
			Late: &late, Unfinished: unfinished,
		})
	}
	late := call(controltest.Gap{From: 4 * time.Second, To: 6 * time.Second, By: "terminal till 1"}, false)
	live := call(controltest.Gap{From: 4 * time.Second, To: 6 * time.Second, By: "terminal till 1"}, true)
	card := call(controltest.Gap{From: 3 * time.Second, To: 5 * time.Second, Cause: storage.Quarantined, By: "card digits"}, false)
	missed := call(controltest.Gap{From: 2 * time.Second, To: 7 * time.Second, Cause: storage.Quarantined, By: "terminal till 1"}, false)
	b.Board.Notice(link.Notice{Key: latePause + string(late), Text: "as the recorder raised it"})
	b.Board.Notice(link.Notice{Key: "something else", Text: "not ours"})

	store := b.Desk.Store
	r := remedy{Config: Config{Store: store, Ledger: b.Ledger, Board: link.Dial(b.Dir), Log: slog.New(slog.DiscardHandler)}}
	look := func() {
		t.Helper()
		if err := r.look(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	look()
	causes := func(id storage.CallID) (all []storage.Cause) {
		row, err := store.Find(id)
		if err != nil {
			t.Fatal(err)
		}
		for _, g := range row.Gaps {
			all = append(all, g.Cause)
		}
		return all
	}
	if c := causes(late); len(c) != 1 || c[0] != storage.Purged {
		t.Errorf("the ended call has %v", c)
	}
	if c := causes(live); len(c) != 1 || c[0] != storage.Withheld {
		t.Errorf("the call that goes on has %v", c)
	}
	want := map[string]bool{latePause + string(live): true, cardDigits + string(card): true, noPause + string(missed): true, "something else": true}
	if on := keys(t, b); len(on) != len(want) || !subset(want, on) {
		t.Errorf("alarms %v, want %v", on, want)
	}
	events := 0
	for _, e := range b.Events(t) {
		if e.Call == string(late) && e.Who == byBox {
			events++
		}
	}
	if events == 0 {
		t.Error("the ledger does not have the destruction")
	}
	// A recorder that is started again has no alarms; they come back, and only they.
	b.Board.Set(link.Status{})
	look()
	delete(want, "something else")
	if on := keys(t, b); len(on) != len(want) || !subset(want, on) {
		t.Errorf("started again: alarms %v, want %v", on, want)
	}
	released(t, b, card)
	if _, err := store.PurgeSpan(missed, 2*time.Second, 7*time.Second, "a person", "card number", b.Ledger); err != nil {
		t.Fatal(err)
	}
	look()
	delete(want, cardDigits+string(card))
	delete(want, noPause+string(missed))
	if on := keys(t, b); len(on) != len(want) || !subset(want, on) {
		t.Errorf("dealt with: alarms %v, want %v", on, want)
	}
}

// released releases a call from quarantine, after which it plays.
func released(t *testing.T, b *controltest.Box, id storage.CallID) {
	t.Helper()
	store := b.Desk.Store
	play := func() (quarantined pcm.Pos) {
		p, err := store.Play(id)
		if err != nil {
			t.Fatal(err)
		}
		defer p.Close()
		for _, r := range p.Runs() {
			if r.Gap != nil && r.Gap.Cause == storage.Quarantined {
				quarantined += r.Span.Len()
			}
		}
		return quarantined
	}
	if n := play(); n < 2*8000 {
		t.Errorf("%d samples are in quarantine, want 2 s", n)
	}
	if err := store.Release(id, 3*time.Second, 5*time.Second, "a person", "", b.Ledger); err == nil {
		t.Error("released without a reason")
	}
	if err := store.Release(id, 3*time.Second, 5*time.Second, "a person", "it was a reference number", b.Ledger); err != nil {
		t.Fatal(err)
	}
	if n := play(); n != 0 {
		t.Errorf("%d samples are in quarantine after the release", n)
	}
	if err := store.Release(id, 3*time.Second, 5*time.Second, "a person", "again", b.Ledger); err != storage.ErrNotQuarantined {
		t.Errorf("released again: %v", err)
	}
	// Another desk on the same folder knows it, too.
	again, err := storage.Open(b.Dir, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer again.Close()
	if list, err := again.Find(id); err == nil && len(list.Gaps) != 0 {
		t.Errorf("opened again: %+v", list.Gaps)
	}
}

func subset(want, on map[string]bool) bool {
	for k := range want {
		if !on[k] {
			return false
		}
	}
	return true
}

// Without a recorder the work is done all the same, and it ends when it is told to.
func TestRemedyWithoutRecorder(t *testing.T) {
	b := controltest.New(t)
	id := b.Record(t, controltest.Call{
		Line: "parking", Start: time.Now(), Length: 8 * time.Second, End: storage.HungUp, Late: &controltest.Gap{From: 4 * time.Second, To: 6 * time.Second, By: "contact till"},
	})
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() {
		Run(ctx, Config{Store: b.Desk.Store, Ledger: b.Ledger, Board: link.Dial(t.TempDir()), Log: slog.New(slog.DiscardHandler), Look: 10 * time.Millisecond})
		close(done)
	}()
	for end := time.Now().Add(time.Minute); ; time.Sleep(10 * time.Millisecond) {
		if row, err := b.Desk.Store.Find(id); err == nil && len(row.Gaps) == 1 && row.Gaps[0].Cause == storage.Purged {
			break
		}
		if time.Now().After(end) {
			t.Fatal("what a late pause was for is still there")
		}
	}
	stop()
	<-done
}
