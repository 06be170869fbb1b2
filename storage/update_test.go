package storage_test

import (
	"testing"

	"linevault/storage"
	"linevault/storage/storagetest"
)

// What becomes known of a call is on disk with the next commit, also where there is no sound
// to go with it, and is there though nobody wrote an end.
func TestUpdate(t *testing.T) {
	dir := storagetest.New(t)
	w := open(t, dir)
	talk := storagetest.NewTalk(telephone, 0, 7)
	call := talk.Call(7)
	r, err := w.Begin(call)
	must(t, err)
	for i := range 10 {
		must(t, talk.Instant(r.Packet))
		if i == 5 {
			call.FarNumber, call.Called = "020794611", "4410"
			must(t, r.Update(call))
		}
	}
	must(t, r.Flush())
	must(t, w.Commit())
	s := openStore(t, dir, recorder{w})
	if got := known(t, s, r.ID()); got.FarNumber != "020794611" || got.Called != "4410" {
		t.Errorf("with sound: %+v", got)
	}
	call.FarNumber = "02079461110"
	must(t, r.Update(call))
	must(t, r.Flush())
	if n, _ := w.Pending(); n != 1 {
		t.Errorf("%d boxes wait", n)
	}
	must(t, w.Commit())
	if got := known(t, s, r.ID()); got.FarNumber != "02079461110" || got.Called != "4410" {
		t.Errorf("alone: %+v", got)
	}
	must(t, r.Flush())
	if n, _ := w.Pending(); n != 0 {
		t.Errorf("it is said again: %d boxes wait", n)
	}
	must(t, w.Close()) // and the process dies
	if got := known(t, openStore(t, dir, nil), r.ID()); got.FarNumber != "02079461110" {
		t.Errorf("interrupted: %+v", got)
	}
}

// What a box says of the call it says once: the last of several updates in it, and nothing
// beside a final box, which says it anyway.
func TestUpdateIsSaidOnce(t *testing.T) {
	record := func(updates int) (sizes []int) {
		dir := storagetest.New(t)
		w := open(t, dir)
		talk := storagetest.NewTalk(telephone, 0, 7)
		call := talk.Call(7)
		r, err := w.Begin(call)
		must(t, err)
		must(t, talk.Instant(r.Packet))
		for i := range updates {
			call.FarNumber = storage.Number([]string{"02079461111", "02079462222", "02079463333"}[i])
			must(t, r.Update(call))
		}
		must(t, r.Flush())
		must(t, talk.Instant(r.Packet))
		for range updates {
			must(t, r.Update(call))
		}
		must(t, r.Finish(storage.End{At: talk.Pos, Why: storage.HungUp}))
		must(t, w.Commit())
		parts := w.LiveParts()
		boxes, err := w.LiveBoxes(parts[0].Part, 0, 1<<20)
		must(t, err)
		for _, b := range boxes {
			sizes = append(sizes, len(b.Sealed))
		}
		must(t, w.Close())
		if got := known(t, openStore(t, dir, nil), r.ID()); got.FarNumber != call.FarNumber {
			t.Errorf("%d updates: %+v", updates, got)
		}
		return sizes
	}
	none, one, three := record(0), record(1), record(3)
	if three[1] != one[1] || one[1] < none[1]+100 {
		t.Errorf("one update makes a box of %d bytes, three of %d, none of %d", one[1], three[1], none[1])
	}
	if one[2] != none[2] || three[2] != none[2] {
		t.Errorf("updates with the end make it %d and %d bytes, not %d", one[2], three[2], none[2])
	}
}

func known(t *testing.T, s *storage.Store, id storage.CallID) storage.Call {
	t.Helper()
	must(t, s.Refresh())
	row, err := s.Find(id)
	must(t, err)
	return row.Call
}
