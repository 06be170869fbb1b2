package storage_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"linevault/codec/pcm"
	"linevault/storage"
	"linevault/storage/keys"
	"linevault/storage/ledger"
	"linevault/storage/seal"
	"linevault/storage/storagetest"
)

// running is a recorder of this process that a Store may ask.
type running struct{ *storage.Writer }

func (r running) LiveParts(context.Context) ([]storage.LivePart, error) {
	return r.Writer.LiveParts(), nil
}

func (r running) LiveBoxes(_ context.Context, part seal.PartID, from uint64, most int) ([]storage.SealedBox, error) {
	return r.Writer.LiveBoxes(part, from, most)
}

func (r running) Rekey(_ context.Context, class string, day keys.Day, half [32]byte) error {
	return r.Writer.Rekey(class, day, half)
}

// book opens the ledger of a store.
func book(t *testing.T, dir string) (*ledger.Ledger, *keys.Ring) {
	t.Helper()
	ring, err := keys.OpenRing(dir)
	must(t, err)
	l, err := ledger.Open(dir, ring.Derive("ledger"))
	must(t, err)
	t.Cleanup(func() { must(t, l.Close()) })
	return l, ring
}

// without is what is left of what was kept when the packets that touch the span go.
func (k *kept) without(cut pcm.Span) *kept {
	left := &kept{gaps: append([]storage.Gap(nil), k.gaps...), end: k.end}
	for _, p := range k.packets {
		switch gone := !p.Span.Intersect(cut).Empty() || (p.Span.Empty() && p.Span.From > cut.From && p.Span.From <= cut.To); {
		case !gone:
			left.packets = append(left.packets, p)
		case p.Leg == 0:
			left.gaps = append(left.gaps, storage.Gap{Span: p.Span, Cause: storage.Purged})
		}
	}
	return left
}

// span is from..to of the call of record(t, w, i, ...), with the 20 ms that go with it.
func span(i int, from, to time.Duration) pcm.Span {
	at := pcm.Pos(i) * 100_000
	more := telephone.Samples(20 * time.Millisecond)
	return pcm.Span{From: at + telephone.Samples(from) - more, To: at + telephone.Samples(to) + more}
}

// files reads every file of a store.
func files(t *testing.T, dir string) map[string]string {
	t.Helper()
	all := map[string]string{}
	must(t, filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := os.ReadFile(path)
		all[path] = string(b)
		return err
	}))
	return all
}

// TestPurgeSpan destroys two seconds of a call: the rest of it plays to the byte, the other
// calls play, the gap says who and why, the certificate verifies, the ledger has it, the old
// segment is gone, and a copy of the store's segments from before opens with nothing that is
// left.
func TestPurgeSpan(t *testing.T) {
	dir := storagetest.New(t)
	w, err := storage.OpenWriter(dir, storage.WriterOptions{Now: storagetest.Clock()})
	must(t, err)
	one, k1 := record(t, w, 1, 8)
	two, k2 := record(t, w, 2, 8)
	must(t, w.Close())
	s, err := storage.Open(dir, nil)
	must(t, err)
	defer s.Close()
	watching, err := storage.Open(dir, nil) // the desk, while the command line purges
	must(t, err)
	defer watching.Close()
	l, ring := book(t, dir)
	before := files(t, filepath.Join(dir, "segments"))

	c, err := s.PurgeSpan(two, 2*time.Second, 4*time.Second, "supervisor ann", "card number spoken", l)
	must(t, err)
	if c.SelfTest.Opened != 0 || c.SelfTest.Keys == 0 || c.SelfTest.Boxes != 1 || len(c.Parts) != 1 || len(c.Rest) > 0 {
		t.Errorf("certificate: %+v", c)
	}
	must(t, watching.Refresh())
	fresh, err := storage.Open(dir, nil)
	must(t, err)
	defer fresh.Close()
	for _, s := range []*storage.Store{s, watching, fresh} {
		compare(t, s, one, k1)
		compare(t, s, two, k2.without(span(2, 2*time.Second, 4*time.Second)))
		row, err := s.Find(two)
		must(t, err)
		g := row.Gaps[0]
		if g.Cause != storage.Purged || g.By != "supervisor ann" || g.Reason != "card number spoken" ||
			g.Span.Len() < telephone.Samples(2*time.Second) || g.Span.Len() > telephone.Samples(2200*time.Millisecond) {
			t.Errorf("the gap: %+v", g)
		}
	}
	for path := range files(t, filepath.Join(dir, "segments")) {
		if before[path] != "" {
			t.Errorf("%s is still there", path)
		}
	}
	all, err := storage.Certificates(dir, storage.CertificateKey(ring))
	if err != nil || len(all) != 1 {
		t.Errorf("%d certificates, %v", len(all), err)
	}
	events, err := l.Events(0, l.Len())
	must(t, err)
	if e := events[len(events)-1]; e.Kind != "destruction" || e.Who != "supervisor ann" || e.Reference != c.ID || e.Call != string(two) {
		t.Errorf("ledger: %+v", e)
	}
	// Whoever kept the old segments has them no more.
	for path, b := range before {
		must(t, os.WriteFile(path, []byte(b), 0o600))
	}
	old, err := storage.Open(dir, nil)
	must(t, err)
	defer old.Close()
	compare(t, old, two, k2.without(span(2, 2*time.Second, 4*time.Second)))
	must(t, old.Finish(l))
	for path := range before {
		if _, err := os.Stat(path); err == nil {
			t.Errorf("%s was not cleared again", path)
		}
	}
}

// TestPurgeWhileRecording purges an ended call while the recorder goes on with the same
// period: nothing that is being recorded is lost, and what begins afterwards plays.
func TestPurgeWhileRecording(t *testing.T) {
	dir := storagetest.New(t)
	w, err := storage.OpenWriter(dir, storage.WriterOptions{Now: storagetest.Clock(), OnProblem: func(err error) { t.Error(err) }})
	must(t, err)
	s, err := storage.Open(dir, running{w})
	must(t, err)
	defer s.Close()
	l, _ := book(t, dir)
	ended, k1 := record(t, w, 1, 4)
	talk := storagetest.NewTalk(telephone, 500_000, 5)
	r, err := w.Begin(talk.Call(5))
	must(t, err)
	live := &kept{}
	say := func() {
		for range 16 {
			must(t, talk.Instant(live.into(r)))
		}
		must(t, r.Flush())
		must(t, w.Commit())
	}
	say()
	if _, err := s.PurgeSpan(r.ID(), 0, time.Second, "ann", "card", l); !errors.Is(err, storage.ErrStillLive) {
		t.Errorf("a live call: %v", err)
	}
	if _, err := s.PurgeSpan(ended, time.Second, 2*time.Second, "ann", "card", l); err != nil {
		t.Fatal(err)
	}
	say()
	later, k3 := record(t, w, 3, 4)
	must(t, talk.Break(live.into(r)))
	live.end = talk.Pos
	must(t, r.Finish(storage.End{At: talk.Pos, Why: storage.HungUp}))
	must(t, w.Commit())
	must(t, s.Refresh())
	check := func(s *storage.Store) {
		compare(t, s, ended, k1.without(span(1, time.Second, 2*time.Second)))
		compare(t, s, r.ID(), live)
		compare(t, s, later, k3)
	}
	check(s)
	must(t, w.Close())
	s2, err := storage.Open(dir, nil)
	must(t, err)
	defer s2.Close()
	check(s2)
}

// TestPurgeLate purges what is withheld: a pause that came when it had been kept.
func TestPurgeLate(t *testing.T) {
	dir := storagetest.New(t)
	w, err := storage.OpenWriter(dir, storage.WriterOptions{Now: storagetest.Clock()})
	must(t, err)
	talk := storagetest.NewTalk(telephone, 0, 9)
	r, err := w.Begin(talk.Call(1))
	must(t, err)
	for range 100 {
		must(t, talk.Instant(r.Packet))
	}
	late := pcm.Span{From: 8000, To: 16000}
	must(t, r.Late(late, "terminal 1", "too late"))
	must(t, r.Finish(storage.End{At: talk.Pos, Why: storage.HungUp}))
	must(t, w.Close())
	s, err := storage.Open(dir, nil)
	must(t, err)
	defer s.Close()
	l, _ := book(t, dir)
	_, err = s.PurgeSpan(r.ID(), time.Second, 2*time.Second, "ann", "card", l)
	must(t, err)
	p, err := s.Play(r.ID())
	must(t, err)
	defer p.Close()
	if gaps := p.Row().Gaps; len(gaps) != 1 || gaps[0].Cause != storage.Purged || gaps[0].Span.Intersect(late) != late {
		t.Errorf("gaps: %+v", gaps)
	}
}

// TestPurgeRefuses refuses what makes no sense, and changes nothing.
func TestPurgeRefuses(t *testing.T) {
	dir := storagetest.New(t)
	w, err := storage.OpenWriter(dir, storage.WriterOptions{Now: storagetest.Clock()})
	must(t, err)
	id, k := record(t, w, 1, 4)
	must(t, w.Close())
	s, err := storage.Open(dir, nil)
	must(t, err)
	defer s.Close()
	l, _ := book(t, dir)
	for _, bad := range []struct {
		id         storage.CallID
		from, to   time.Duration
		by, reason string
		want       string
	}{
		{id, 2 * time.Second, time.Second, "a", "b", "must end after"},
		{id, -time.Second, time.Second, "a", "b", "must end after"},
		{id, time.Hour, 2 * time.Hour, "a", "b", "nothing from"},
		{id, 0, time.Second, "", "b", "who asks"},
		{id, 0, time.Second, "a", "", "who asks"},
		{"NO", 0, time.Second, "a", "b", "no such call"},
	} {
		if _, err := s.PurgeSpan(bad.id, bad.from, bad.to, bad.by, bad.reason, l); err == nil || !strings.Contains(err.Error(), bad.want) {
			t.Errorf("%+v: %v", bad, err)
		}
	}
	compare(t, s, id, k)
}

// TestEraseCall destroys a whole call, by two people.
func TestEraseCall(t *testing.T) {
	dir := storagetest.New(t)
	w, err := storage.OpenWriter(dir, storage.WriterOptions{Now: storagetest.Clock()})
	must(t, err)
	one, k1 := record(t, w, 1, 4)
	two, _ := record(t, w, 2, 4)
	must(t, w.Close())
	s, err := storage.Open(dir, nil)
	must(t, err)
	defer s.Close()
	l, _ := book(t, dir)
	if _, err := s.EraseCall(two, "ann", "subject asked", "ann", l); err == nil {
		t.Error("one person erases")
	}
	c, err := s.EraseCall(two, "ann", "subject asked", "bob", l)
	must(t, err)
	if c.Approved != "bob" || c.SelfTest.Opened != 0 {
		t.Errorf("certificate: %+v", c)
	}
	compare(t, s, one, k1)
	if _, err := s.Play(two); !errors.Is(err, storage.ErrNoCall) {
		t.Errorf("it plays: %v", err)
	}
}
