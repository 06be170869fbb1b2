package storage_test

import (
	"context"
	"errors"
	"io"
	"testing"
	"time"

	"linevault/codec"
	"linevault/storage"
	"linevault/storage/seal"
	"linevault/storage/storagetest"
)

// recorder lets a Store ask a Writer of the same process, as daemon/link does over a socket.
type recorder struct{ w *storage.Writer }

func (r recorder) LiveParts(context.Context) ([]storage.LivePart, error) { return r.w.LiveParts(), nil }

func (r recorder) LiveBoxes(_ context.Context, p seal.PartID, from uint64, n int) ([]storage.SealedBox, error) {
	return r.w.LiveBoxes(p, from, n)
}

func open(t *testing.T, dir string) *storage.Writer {
	t.Helper()
	w, err := storage.OpenWriter(dir, storage.WriterOptions{Now: storagetest.Clock(), OnProblem: func(err error) { t.Error(err) }})
	must(t, err)
	return w
}

func openStore(t *testing.T, dir string, live storage.Live) *storage.Store {
	t.Helper()
	s, err := storage.Open(dir, live)
	must(t, err)
	t.Cleanup(s.Close)
	return s
}

// A call is listed and plays while it is recorded, over rolls of its segment, and after.
func TestLive(t *testing.T) {
	dir := storagetest.New(t)
	w := open(t, dir)
	s := openStore(t, dir, recorder{w})
	talk := storagetest.NewTalk(telephone, 0, 7)
	r, err := w.Begin(talk.Call(7))
	must(t, err)
	k := &kept{}
	for i := range 12 {
		for range 16 {
			must(t, talk.Instant(k.into(r)))
		}
		must(t, r.Flush())
		must(t, w.Commit())
		must(t, s.Refresh())
		row, err := s.Find(r.ID())
		must(t, err)
		if !row.Live || row.Why != "" {
			t.Fatalf("after %d s: %+v", i, row)
		}
		k.end = talk.Pos
		compare(t, s, r.ID(), k)
		if i == 3 || i == 7 {
			must(t, w.Roll())
			// Between its segments a live part is not interrupted.
			must(t, s.Refresh())
			if row, _ := s.Find(r.ID()); !row.Live {
				t.Fatalf("after a roll: %+v", row)
			}
		}
	}
	storagetest.Check(t, dir, recorder{w})

	// A playback that began before the roll goes on after it.
	p, err := s.Play(r.ID())
	must(t, err)
	must(t, w.Roll())
	for range k.packets {
		if _, _, err := p.Next(); err != nil {
			t.Fatal(err)
		}
	}

	must(t, r.Finish(storage.End{At: talk.Pos, Why: storage.HungUp}))
	must(t, w.Commit())
	must(t, s.Refresh())
	if row, _ := s.Find(r.ID()); row.Live || row.Why != storage.HungUp {
		t.Fatalf("ended: %+v", row)
	}
	compare(t, s, r.ID(), k)
	must(t, w.Close())
	must(t, s.Refresh())
	compare(t, s, r.ID(), k)
}

// Without the recorder's help a view says what it lacks; with it nothing is amiss.
func TestRecorderRunning(t *testing.T) {
	dir := storagetest.New(t)
	w := open(t, dir)
	record(t, w, 1, 2)
	s := openStore(t, dir, nil)
	if p := s.Problems(); len(p) != 1 || !contains(p[0].Text, "a recorder is running on "+dir) {
		t.Errorf("problems: %v", p)
	}
	if s := openStore(t, dir, recorder{w}); len(s.Problems()) != 0 {
		t.Errorf("problems: %v", s.Problems())
	}
	_, err := storage.OpenWriter(dir, storage.WriterOptions{})
	if err == nil || !contains(err.Error(), "another recorder is running on "+dir) {
		t.Errorf("second recorder: %v", err)
	}
	must(t, w.Close())
	must(t, s.Refresh())
	if len(s.Problems()) != 0 {
		t.Errorf("problems: %v", s.Problems())
	}
}

// A call in three parts, one of them begun after midnight, is one row and plays as one.
func TestParts(t *testing.T) {
	dir := storagetest.New(t)
	now := time.Now()
	w, err := storage.OpenWriter(dir, storage.WriterOptions{
		Now: func() time.Time { return now }, OnProblem: func(err error) { t.Error(err) },
	})
	must(t, err)
	talk := storagetest.NewTalk(telephone, 0, 3)
	r, err := w.Begin(talk.Call(3))
	must(t, err)
	k := &kept{}
	for i := range 3 {
		for range 20 {
			must(t, talk.Instant(k.into(r)))
		}
		must(t, talk.Break(k.into(r)))
		must(t, w.Commit())
		if i == 2 {
			break
		}
		now = now.Add(24 * time.Hour)
		c := talk.Call(3)
		c.ID, c.FarNumber = r.ID(), "02079460000"
		r, err = r.Next(talk.Pos, c)
		must(t, err)
	}
	k.end = talk.Pos
	must(t, r.Finish(storage.End{At: talk.Pos, Why: storage.HungUp, Machine: time.Minute}))
	must(t, w.Close())
	s := openStore(t, dir, nil)
	page, err := s.Calls(storage.Query{})
	must(t, err)
	if page.Total != 1 || page.Rows[0].Parts != 3 || page.Rows[0].Call.FarNumber != "02079460000" {
		t.Fatalf("%+v", page)
	}
	compare(t, s, r.ID(), k)
}

// A pause that came too late withholds whole packets, everywhere that a user could meet them.
func TestLate(t *testing.T) {
	dir := storagetest.New(t)
	w := open(t, dir)
	talk := storagetest.NewTalk(telephone, 0, 5)
	r, err := w.Begin(talk.Call(5))
	must(t, err)
	k := &kept{}
	for i := range 100 {
		must(t, talk.Instant(k.into(r)))
		must(t, r.Peak(0, int64(i), 99))
	}
	late := k.packets[60].Span // the 31st instant
	late.From, late.To = late.From+10, late.To+900
	must(t, r.Late(late, "terminal 2", "card"))
	must(t, r.Finish(storage.End{At: talk.Pos, Why: storage.HungUp}))
	must(t, w.Close())
	s := openStore(t, dir, nil)
	p, err := s.Play(r.ID())
	must(t, err)
	for {
		packet, gap, err := p.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		must(t, err)
		if packet != nil && !packet.Span.Intersect(late).Empty() {
			t.Errorf("packet at %v was played", packet.Span)
		}
		if gap != nil && (gap.Cause != storage.Withheld || gap.Span.From > late.From || gap.Span.To < late.To) {
			t.Errorf("gap %+v", gap)
		}
	}
	peaks, first, err := p.Peaks()
	must(t, err)
	for i, v := range peaks[0] {
		bin := int64(i) + first
		touched := bin >= int64(late.From)/800 && bin <= int64(late.To-1)/800
		if touched && v != 0 {
			t.Errorf("peak %d of the withheld span is %d", bin, v)
		}
	}
	row, err := s.Find(r.ID())
	must(t, err)
	if len(row.Gaps) != 1 || row.Gaps[0].Span != late {
		t.Errorf("row: %+v", row.Gaps)
	}
	runs := p.Runs()
	at := p.Span().From
	for i := range runs {
		if runs[i].Span.From != at {
			t.Errorf("runs do not tile at %d", at)
		}
		at = runs[i].Span.To
		n := 0
		must(t, p.Sound(i, func(codec.Packet) error { n++; return nil }))
		if n != runs[i].Frames*2 {
			t.Errorf("run %d: %d packets, %d frames", i, n, runs[i].Frames)
		}
	}
}

// A caller's mistakes are told, and do not spoil the call.
func TestOutOfStep(t *testing.T) {
	dir := storagetest.New(t)
	w := open(t, dir)
	talk := storagetest.NewTalk(telephone, 0, 9)
	r, err := w.Begin(talk.Call(9))
	must(t, err)
	k := &kept{}
	must(t, talk.Instant(k.into(r)))
	stray := *talk
	stray.Pos += 5
	if err := stray.Instant(r.Packet); err == nil {
		t.Error("a packet that does not follow on was taken")
	}
	if err := r.Gap(stray.Pause(time.Second, storage.Paused)); err == nil {
		t.Error("a gap that does not follow on was taken")
	}
	must(t, talk.Instant(k.into(r)))
	if err := r.Finish(storage.End{At: talk.Pos + 1, Why: storage.HungUp}); err == nil {
		t.Error("an end beyond the packets was taken without a word")
	}
	if err := r.Packet(k.packets[0]); err == nil {
		t.Error("a packet was taken after the end")
	}
	k.end = talk.Pos
	must(t, w.Close())
	compare(t, openStore(t, dir, nil), r.ID(), k)
}
