package storage_test

import (
	"testing"

	"linevault/storage"
	"linevault/storage/storagetest"
)

// TestReadOn: who asks for the calls from a day on, with no desk that lists them, has them all,
// and no more is read for it than that takes.
func TestReadOn(t *testing.T) {
	dir := storagetest.New(t)
	first := marchFirst.AddDate(-2, 0, 0)
	days(t, dir, first, 5, 6)
	forgetCatalogue(t, dir)
	defer storage.PutOffFrom(1)()
	s := openStore(t, dir, nil)
	from := first.AddDate(0, 0, 3).Truncate(day)
	if p := s.Progress(); p.Whole || p.Since(from) {
		t.Fatalf("at first: %+v", p)
	}
	must(t, s.ReadOn(func(p storage.Progress) bool { return p.Since(from) }))
	p := s.Progress()
	if p.Whole || !p.Since(from) || p.Since(from.AddDate(0, 0, -2)) {
		t.Errorf("after the days that were asked for: %+v", p)
	}
	if page, err := s.Calls(storage.Query{From: from}); err != nil || page.Total != 12 {
		t.Errorf("%d calls of the last two days, %v", page.Total, err)
	}
	must(t, s.ReadOn(func(storage.Progress) bool { return false }))
	if p := s.Progress(); !p.Whole || !p.Since(from.AddDate(-1, 0, 0)) || len(all(t, s)) != 30 {
		t.Errorf("in the end: %+v, %d calls", p, len(all(t, s)))
	}
}
