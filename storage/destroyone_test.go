package storage_test

import (
	"testing"
	"time"

	"linevault/storage"
	"linevault/storage/keys"
	"linevault/storage/ledger"
	"linevault/storage/storagetest"
)

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
