package evidence

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/mod/sumdb/tlog"

	"linevault/codec/pcm"
	"linevault/storage"
	"linevault/storage/checkpoint"
	"linevault/storage/disclosure"
	"linevault/storage/ledger"
	"linevault/storage/seal"
	"linevault/storage/storagetest"
)

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// recorder lets a Store ask a Writer of the same process.
type recorder struct {
	w    *storage.Writer
	dead bool
}

func (r *recorder) LiveParts(context.Context) ([]storage.LivePart, error) {
	if r.dead {
		return nil, errors.New("it does not answer")
	}
	return r.w.LiveParts(), nil
}

func (r *recorder) LiveBoxes(_ context.Context, p seal.PartID, from uint64, n int) ([]storage.SealedBox, error) {
	return r.w.LiveBoxes(p, from, n)
}

type bench struct {
	dir  string
	w    *storage.Writer
	live *recorder
	book *ledger.Ledger
}

func newBench(t *testing.T) *bench {
	b := &bench{dir: storagetest.New(t)}
	var err error
	b.w, err = storage.OpenWriter(b.dir, storage.WriterOptions{Now: storagetest.Clock(), OnProblem: func(err error) { t.Error(err) }})
	must(t, err)
	t.Cleanup(func() { must(t, b.w.Close()) })
	b.live = &recorder{w: b.w}
	b.book, err = ledger.Open(b.dir, [32]byte{7})
	must(t, err)
	t.Cleanup(func() { must(t, b.book.Close()) })
	return b
}

func (b *bench) store(t *testing.T) *storage.Store {
	s, err := storage.Open(b.dir, b.live)
	must(t, err)
	t.Cleanup(s.Close)
	return s
}

// record begins call i, with a pause; end says what to do with it then.
func (b *bench) record(t *testing.T, i int) (*storage.Recording, *storagetest.Talk, storage.Call) {
	talk := storagetest.NewTalk(pcm.Format{Rate: 8000, Legs: 2}, 0, uint64(i))
	call := talk.Call(i)
	r, err := b.w.Begin(call)
	must(t, err)
	for range 30 {
		must(t, talk.Instant(r.Packet))
	}
	must(t, talk.Break(r.Packet))
	must(t, r.Gap(talk.Pause(3*time.Second, storage.Paused)))
	for range 30 {
		must(t, talk.Instant(r.Packet))
	}
	must(t, r.Flush())
	must(t, b.w.Commit())
	return r, talk, call
}

func (b *bench) finish(t *testing.T, r *storage.Recording, talk *storagetest.Talk) {
	must(t, r.Finish(storage.End{At: talk.Pos, Why: storage.HungUp}))
	must(t, b.w.Commit())
}

func (b *bench) entries(t *testing.T) []ledger.Event {
	es, err := b.book.Events(0, b.book.Len())
	must(t, err)
	return es
}

// TestEachPartOnce: a part is entered when it has ended, once, whoever looks and how often.
func TestEachPartOnce(t *testing.T) {
	b := newBench(t)
	s := b.store(t)
	reg := New(s, b.book)
	enter := func(reg *Register, want int) {
		t.Helper()
		if n, err := reg.Enter(); n != want || err != nil {
			t.Fatalf("%d entered, not %d; %v", n, want, err)
		}
	}
	r, talk, call := b.record(t, 1)
	must(t, s.Refresh())
	enter(reg, 0) // it is live
	second, err := r.Next(talk.Pos, call)
	must(t, err)
	must(t, b.w.Commit())
	must(t, s.Refresh())
	enter(reg, 1)
	for range 5 {
		must(t, talk.Instant(second.Packet)) // after Next the encoder goes on
	}
	b.finish(t, second, talk)
	must(t, s.Refresh())
	enter(reg, 1)
	enter(reg, 0)
	enter(New(b.store(t), b.book), 0) // after a restart
	es := b.entries(t)
	if len(es) != 2 || es[0].Kind != disclosure.Kind || es[0].Data["end"] != string(storage.Continued) || es[1].Data["end"] != string(storage.HungUp) ||
		es[0].Data["gaps"] != `[{"from":14500,"to":38500,"cause":"paused","by":"terminal parking-1","reason":"card payment"}]` {
		t.Errorf("%+v", es)
	}
	for _, id := range s.Ended(r.ID()) {
		k, err := s.Kept(id)
		must(t, err)
		if _, err := reg.Find(PartOf(k)); err != nil {
			t.Error(err)
		}
	}
}

// TestInterrupted: a part that a dead recorder left is entered as interrupted; while one runs
// that cannot be asked, nothing is.
func TestInterrupted(t *testing.T) {
	b := newBench(t)
	r, talk, _ := b.record(t, 2)
	b.live.dead = true
	s := b.store(t)
	reg := New(s, b.book)
	if n, err := reg.Enter(); n != 0 || err != nil {
		t.Fatal(n, err)
	}
	b.live.dead = false
	must(t, s.Refresh())
	if n, err := reg.Enter(); n != 0 || err != nil {
		t.Fatal(n, err)
	}
	b.finish(t, r, talk)
	must(t, s.Refresh())
	if n, err := reg.Enter(); n != 1 || err != nil {
		t.Fatal(n, err)
	}
}

// TestSign: a checkpoint is made when the ledger has changed, tells the ledger's own tree, and
// contains all that were made before.
func TestSign(t *testing.T) {
	b := newBench(t)
	c, err := OpenCheckpoints(b.dir, [32]byte{9}, b.book)
	must(t, err)
	defer func() { must(t, c.Close()) }()
	other, err := OpenCheckpoints(b.dir, [32]byte{9}, b.book) // as another process would
	must(t, err)
	defer func() { must(t, other.Close()) }()
	now := time.Date(2026, 11, 22, 4, 0, 0, 5, time.UTC)
	var all []checkpoint.Checkpoint
	for i := range 7 {
		if i != 3 {
			_, err := b.book.Append(ledger.Event{Kind: "test"})
			must(t, err)
		}
		at := []*Checkpoints{c, other}[i%2]
		signed, err := at.Sign(now.Add(time.Duration(i) * time.Minute))
		must(t, err)
		k, err := checkpoint.Open(signed, c.PublicKey())
		must(t, err)
		if head, err := b.book.Head(); err != nil || k.Tree != head {
			t.Fatalf("%+v, %v", k, err)
		}
		if i == 3 {
			if k != all[2] {
				t.Errorf("nothing changed, and %+v was signed after %+v", k, all[2])
			}
			continue
		}
		all = append(all, k)
		p, err := b.book.ProveTree(k.Tree.N, all[0].Tree.N)
		must(t, err)
		must(t, tlog.CheckTree(p, k.Tree.N, k.Tree.Hash, all[0].Tree.N, all[0].Tree.Hash))
	}
	var got [][]byte
	at := int64(0)
	for {
		some, next, err := c.After(at, 4)
		must(t, err)
		if len(some) == 0 {
			break
		}
		got, at = append(got, some...), next
	}
	if len(got) != len(all) {
		t.Fatalf("%d listed, %d signed", len(got), len(all))
	}
	for i := range got {
		if k, err := checkpoint.Open(got[i], c.PublicKey()); err != nil || k != all[i] {
			t.Errorf("%d: %+v, %v", i, k, err)
		}
	}
}

// TestRollback: who puts an older ledger back is found out by the next checkpoint, and so is
// who makes the ledger anew, 100 times of 100.
func TestRollback(t *testing.T) {
	for i := range 100 {
		dir := t.TempDir()
		book, err := ledger.Open(dir, [32]byte{7})
		must(t, err)
		add := func(n int) {
			_, err := book.AppendAll(make([]ledger.Event, n))
			must(t, err)
		}
		add(1 + i%7)
		old, err := os.ReadFile(filepath.Join(dir, "ledger", "entries"))
		must(t, err)
		add(1 + i%3)
		c, err := OpenCheckpoints(dir, [32]byte{9}, book)
		must(t, err)
		_, err = c.Sign(time.Now())
		must(t, err)
		must(t, errors.Join(c.Close(), book.Close()))
		for _, name := range []string{"hashes", "index"} {
			must(t, os.Remove(filepath.Join(dir, "ledger", name)))
		}
		must(t, os.WriteFile(filepath.Join(dir, "ledger", "entries"), old, 0o600))
		book, err = ledger.Open(dir, [32]byte{7})
		must(t, err)
		if i%2 == 0 {
			add(5) // and go on as if nothing had been
		}
		c, err = OpenCheckpoints(dir, [32]byte{9}, book)
		must(t, err)
		_, err = c.Sign(time.Now())
		if _, found := errors.AsType[*RolledBackError](err); !found || !strings.Contains(err.Error(), "backup") {
			t.Fatalf("run %d: %v", i, err)
		}
		must(t, errors.Join(c.Close(), book.Close()))
	}
}
