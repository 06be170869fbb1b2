package storage_test

import (
	"errors"
	"io"
	"testing"
	"time"

	"linevault/codec"
	"linevault/codec/pcm"
	"linevault/storage"
	"linevault/storage/storagetest"
)

var telephone = pcm.Format{Rate: 8000, Legs: 2}

// kept is what a test gave to a Recording.
type kept struct {
	packets []codec.Packet
	gaps    []storage.Gap
	end     pcm.Pos
}

func (k *kept) into(r *storage.Recording) func(codec.Packet) error {
	return func(p codec.Packet) error {
		c := p
		c.Data = append([]byte(nil), p.Data...)
		k.packets = append(k.packets, c)
		return r.Packet(p)
	}
}

// record makes a call of some seconds with a pause in it, flushing and committing as it goes.
func record(t *testing.T, w *storage.Writer, i int, seconds int) (storage.CallID, *kept) {
	t.Helper()
	talk := storagetest.NewTalk(telephone, pcm.Pos(i)*100_000, uint64(i))
	r, err := w.Begin(talk.Call(i))
	if err != nil {
		t.Fatal(err)
	}
	k := &kept{}
	for s := range seconds {
		for range 16 {
			must(t, talk.Instant(k.into(r)))
		}
		must(t, r.Peak(0, int64(talk.Pos/800)-1, 17))
		if s == seconds/2 {
			must(t, talk.Break(k.into(r)))
			for range 3 {
				g := talk.Pause(700*time.Millisecond, storage.Paused)
				k.gaps = append(k.gaps, g)
				must(t, r.Gap(g))
				must(t, r.Flush())
			}
		}
		must(t, r.Flush())
		must(t, w.Commit())
	}
	must(t, talk.Break(k.into(r)))
	k.end = talk.Pos
	must(t, r.Finish(storage.End{At: talk.Pos, Why: storage.HungUp, Machine: time.Duration(seconds) * time.Second}))
	must(t, w.Commit())
	return r.ID(), k
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// compare plays a call and compares it with what was kept.
func compare(t *testing.T, s *storage.Store, id storage.CallID, k *kept) {
	t.Helper()
	p, err := s.Play(id)
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	at := p.Span().From
	for _, r := range p.Runs() {
		if r.Span.From != at {
			t.Fatalf("runs do not tile at %d", at)
		}
		at = r.Span.To
	}
	if at != k.end {
		t.Fatalf("runs end at %d, recorded to %d", at, k.end)
	}
	want := k.packets
	gaps := pcm.Pos(0)
	for {
		packet, gap, err := p.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		must(t, err)
		if gap != nil {
			gaps += gap.Span.Len()
			continue
		}
		if len(want) == 0 {
			t.Fatal("more packets than were recorded")
		}
		if g, w := *packet, want[0]; g.Span != w.Span || g.Leg != w.Leg || g.Restart != w.Restart || g.Epoch != w.Epoch ||
			string(g.Data) != string(w.Data) {
			t.Fatalf("packet at %d differs: %+v, want %+v", w.Span.From, g, w)
		}
		want = want[1:]
	}
	if len(want) > 0 {
		t.Fatalf("%d packets are missing", len(want))
	}
	kept := pcm.Pos(0)
	for _, g := range k.gaps {
		kept += g.Span.Len()
	}
	if gaps != kept {
		t.Fatalf("gaps of %d samples, recorded %d", gaps, kept)
	}
}

func TestRecordAndPlay(t *testing.T) {
	dir := storagetest.New(t)
	w, err := storage.OpenWriter(dir, storage.WriterOptions{OnProblem: func(err error) { t.Error(err) }})
	must(t, err)
	id, k := record(t, w, 1, 8)
	must(t, w.Close())
	s, err := storage.Open(dir, nil)
	must(t, err)
	defer s.Close()
	compare(t, s, id, k)
	row, err := s.Find(id)
	must(t, err)
	if len(row.Gaps) != 1 || row.Gaps[0].Span.Len() != 3*5600 || row.Why != storage.HungUp || row.Machine != 8*time.Second {
		t.Errorf("row: %+v", row)
	}
}
