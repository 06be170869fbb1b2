package clerk

import (
	"testing"
	"time"

	"linevault/codec/pcm"
	"linevault/daemon/account"
	"linevault/storage"
	"linevault/storage/keys"
	"linevault/storage/ledger"
	"linevault/storage/storagetest"
)

// TestRecorderEnds enters a call at the moment when its recorder has closed its notes, holds its
// segment yet, and answers no more. Nothing can be said of the call before the segment can be read.
func TestRecorderEnds(t *testing.T) {
	check := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	dir := storagetest.New(t)
	ring, err := keys.OpenRing(dir)
	check(err)
	entries, err := ledger.Open(dir, ring.Derive("ledger"))
	check(err)
	defer entries.Close()
	w, err := storage.OpenWriter(dir, storage.WriterOptions{OnProblem: func(err error) { t.Error(err) }})
	check(err)
	notes, err := account.Open(dir, check)
	check(err)

	talk := storagetest.NewTalk(pcm.Format{Rate: 8000, Legs: 2}, 0, 1)
	r, err := w.Begin(talk.Call(1))
	check(err)
	notes.Begin(r.ID(), "", talk.Call(1).Line, time.Now())
	for range 16 {
		check(talk.Instant(r.Packet))
	}
	check(r.Finish(storage.End{At: talk.Pos, Why: storage.StoppedBox}))
	check(w.Commit())
	notes.Kept(r.ID(), "")
	notes.Over(r.ID())
	notes.Close()

	s, err := storage.Open(dir, nil) // whoever is asked does not answer
	check(err)
	defer s.Close()
	c := New(dir, s, entries, nil)
	if n, err := c.Enter(); n != 0 || err != nil || !s.Unasked() {
		t.Errorf("while the recorder holds its segment: %d entries, %v", n, err)
	}
	check(w.Close())
	n, err := c.Enter()
	check(err)
	events, err := entries.Events(0, entries.Len())
	check(err)
	if n != 1 || s.Unasked() || len(events) != 1 || events[0].Data["calls"] != string(r.ID()) {
		t.Errorf("%d entries: %+v", n, events)
	}
	if left, err := account.Read(dir); err != nil || len(left) != 0 {
		t.Errorf("notes are left: %+v, %v", left, err)
	}
}
