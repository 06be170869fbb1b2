package storage_test

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"linevault/storage"
	"linevault/storage/storagetest"
)

// All that is stored is read within the days; what can no longer be read is told once, its call
// is listed as damaged, also after a restart, until the segment is put back.
func TestScrub(t *testing.T) {
	dir := storagetest.New(t)
	w := open(t, dir)
	var ids []storage.CallID
	const segments = 6
	for i := range segments {
		id, _ := record(t, w, i, 4)
		ids = append(ids, id)
		must(t, w.Roll())
	}
	must(t, w.Close())
	s := openStore(t, dir, nil)
	night := time.Date(2026, 11, 23, 2, 0, 0, 0, time.UTC)
	var found, gone []storage.Finding
	scrub := func() storage.Scrubbed {
		t.Helper()
		at, err := s.Scrub(context.Background(), storage.ScrubOptions{
			Now: night, Days: 3,
			Found: func(f storage.Finding) error { found = append(found, f); return nil },
			Gone:  func(f storage.Finding) error { gone = append(gone, f); return nil },
		})
		must(t, err)
		night = night.AddDate(0, 0, 1)
		return at
	}
	for range 3 {
		if at := scrub(); at.Segments != 2 || !at.Last.Equal(night.AddDate(0, 0, -1)) {
			t.Errorf("a third of the segments is 2: %+v", at)
		}
	}
	at, err := s.Scrubbed()
	must(t, err)
	if len(at.Read) != segments || len(found) > 0 {
		t.Fatalf("%d segments were read, found %v", len(at.Read), found)
	}

	names, err := filepath.Glob(filepath.Join(dir, "segments", "*.seg"))
	must(t, err)
	whole, err := os.ReadFile(names[4])
	must(t, err)
	hurt := append([]byte(nil), whole...)
	hurt[len(hurt)/2/4096*4096+1500] ^= 0x55 // within a page of sound
	must(t, os.WriteFile(names[4], hurt, 0o600))
	for range 4 {
		scrub()
	}
	if len(found) == 0 || found[0].Segment != filepath.Base(names[4]) || len(gone) > 0 {
		t.Fatalf("found %+v, gone %+v", found, gone)
	}
	told := len(found)
	if scrub(); len(found) != told {
		t.Errorf("it is told again: %+v", found[told:])
	}
	damaged := func(s *storage.Store) (n int) {
		for _, id := range ids {
			row, err := s.Find(id)
			must(t, err)
			if row.Damaged {
				n++
			}
		}
		return n
	}
	again := openStore(t, dir, nil)
	for _, s := range []*storage.Store{s, again} {
		if damaged(s) != 1 || len(s.Problems()) < 1 || !strings.Contains(s.Problems()[0].Text, "found on ") {
			t.Errorf("%d calls are listed as damaged, problems %v", damaged(s), s.Problems())
		}
	}

	must(t, os.WriteFile(names[4], whole, 0o600))
	if scrub(); len(gone) != told || damaged(s) != 0 || len(s.Problems()) > 0 {
		t.Errorf("put back: gone %+v, %d damaged, %v", gone, damaged(s), s.Problems())
	}
}

// A scrub that is cut off goes on where it was.
func TestScrubGoesOn(t *testing.T) {
	dir := storagetest.New(t)
	w := open(t, dir)
	for i := range 4 {
		record(t, w, i, 2)
		must(t, w.Roll())
	}
	must(t, w.Close())
	s := openStore(t, dir, nil)
	ctx, stop := context.WithCancel(context.Background())
	rests := 0
	_, err := s.Scrub(ctx, storage.ScrubOptions{Now: time.Now(), Days: 1, Rest: func(context.Context, time.Duration) {
		if rests++; rests == 4 { // after the second segment: one rest for its part, one for itself
			stop()
		}
	}})
	at, err2 := s.Scrubbed()
	must(t, err2)
	if err == nil || len(at.Read) != 2 || !at.Last.IsZero() {
		t.Errorf("%v, %+v", err, at)
	}
}
