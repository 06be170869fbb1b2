package evidence

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"linevault/storage/keys"
	"linevault/storage/ledger"
	"linevault/storage/storagetest"
)

// anchoredBox is a box of which only keys and ledger matter.
type anchoredBox struct {
	dir string
	now time.Time
}

func newAnchoredBox(t *testing.T) *anchoredBox {
	return &anchoredBox{storagetest.New(t), time.Date(2026, 11, 22, 4, 0, 0, 0, time.UTC)}
}

// with opens keys and ledger as a start of the desk does.
func (b *anchoredBox) with(t *testing.T, f func(ring *keys.Ring, book *ledger.Ledger, c *Checkpoints)) {
	t.Helper()
	ring, err := keys.OpenRing(b.dir)
	must(t, err)
	book, err := ledger.Open(b.dir, ring.Derive("ledger"))
	must(t, err)
	c, err := OpenAnchored(b.dir, ring, book)
	must(t, err)
	f(ring, book, c)
	must(t, errors.Join(c.Close(), book.Close()))
}

// work adds entries and signs after each, a minute apart.
func (b *anchoredBox) work(t *testing.T, n int) {
	t.Helper()
	b.with(t, func(_ *keys.Ring, book *ledger.Ledger, c *Checkpoints) {
		for range n {
			_, err := book.Append(ledger.Event{Kind: "test"})
			must(t, err)
			b.now = b.now.Add(time.Minute)
			_, err = c.Sign(b.now)
			must(t, err)
		}
	})
}

func (b *anchoredBox) end(t *testing.T) {
	t.Helper()
	b.with(t, func(_ *keys.Ring, _ *ledger.Ledger, c *Checkpoints) { must(t, c.Anchor(b.now)) })
}

func (b *anchoredBox) anchor(t *testing.T) (n int64) {
	t.Helper()
	b.with(t, func(ring *keys.Ring, _ *ledger.Ledger, _ *Checkpoints) {
		a, _, err := ring.Anchor()
		must(t, err)
		n = a.Entries
	})
	return n
}

func (b *anchoredBox) copy(t *testing.T, name string) string {
	t.Helper()
	to := filepath.Join(t.TempDir(), name)
	must(t, os.CopyFS(to, os.DirFS(filepath.Join(b.dir, name))))
	return to
}

// put replaces a folder of the box by another, or by nothing.
func (b *anchoredBox) put(t *testing.T, name, from string) {
	t.Helper()
	must(t, os.RemoveAll(filepath.Join(b.dir, name)))
	if from != "" {
		must(t, os.CopyFS(filepath.Join(b.dir, name), os.DirFS(from)))
	}
	if name == "keys" {
		must(t, os.Chmod(filepath.Join(b.dir, "keys", "root"), 0o600))
	}
}

// found wants the check and the next signature to find that the ledger is not the box's, and
// nothing signed, at once and after it has grown.
func (b *anchoredBox) found(t *testing.T, words string) {
	t.Helper()
	b.with(t, func(ring *keys.Ring, book *ledger.Ledger, c *Checkpoints) {
		for i := range 2 {
			before, err := c.Last()
			must(t, err)
			for _, err := range []error{c.Check(nil), func() error { _, err := c.Sign(b.now); return err }(), c.Anchor(b.now)} {
				e, ok := errors.AsType[*AnchorError](err)
				if !ok || !strings.Contains(err.Error(), "backup") || i == 0 && !strings.Contains(err.Error(), words) {
					t.Fatalf("%+v: %v", e, err)
				}
			}
			after, err := c.Last()
			must(t, err)
			if string(before) != string(after) {
				t.Error("it was signed")
			}
			_, err = book.AppendAll(make([]ledger.Event, 100))
			must(t, err)
		}
	})
}

// TestAnchorDeleted: a ledger that was deleted with all that lies beside it.
func TestAnchorDeleted(t *testing.T) {
	b := newAnchoredBox(t)
	b.work(t, 3)
	b.end(t)
	whole := b.copy(t, "ledger")
	b.put(t, "ledger", "")
	ring, err := keys.OpenRing(b.dir)
	must(t, err)
	if err := NoLedger(ring); err == nil || !strings.Contains(err.Error(), "there is none") {
		t.Error(err)
	}
	b.found(t, "and it has 0")
	b.put(t, "ledger", whole)
	b.work(t, 1)
}

// TestAnchorOlder: an older ledger with its own checkpoints, and another one of the same keys.
func TestAnchorOlder(t *testing.T) {
	b := newAnchoredBox(t)
	fresh := b.copy(t, "keys")
	b.work(t, 3)
	b.end(t)
	old := b.copy(t, "ledger")
	b.work(t, 3)
	b.end(t)
	whole := b.copy(t, "ledger")
	b.put(t, "ledger", old)
	b.found(t, "and it has 3")
	b.put(t, "ledger", whole)
	b.work(t, 1)

	ours := b.copy(t, "keys")
	b.put(t, "ledger", "")
	b.put(t, "keys", fresh)
	b.work(t, 9)
	b.put(t, "keys", ours)
	b.found(t, "its first entries are not those")
}

// TestAnchorOtherBox: the ledger of another box is refused before anything is changed.
func TestAnchorOtherBox(t *testing.T) {
	a, b := newAnchoredBox(t), newAnchoredBox(t)
	a.work(t, 4)
	b.work(t, 2)
	b.put(t, "ledger", a.copy(t, "ledger"))
	ring, err := keys.OpenRing(b.dir)
	must(t, err)
	if _, err := ledger.Open(b.dir, ring.Derive("ledger")); !errors.Is(err, ledger.ErrKey) {
		t.Error(err)
	}
}

// TestAnchorSeldom: the ring is written at the first signature, then once an hour, after a new
// root key, and at a clean end; never for a ledger that has not changed.
func TestAnchorSeldom(t *testing.T) {
	b := newAnchoredBox(t)
	want := func(n int64) {
		t.Helper()
		if got := b.anchor(t); got != n {
			t.Fatalf("the ring has %d entries, not %d", got, n)
		}
	}
	b.work(t, 1) // a store from before there were anchors has none, and gets one
	want(1)
	b.work(t, 59)
	want(1)
	b.work(t, 1)
	want(61)
	b.work(t, 2)
	b.end(t)
	want(63)
	b.with(t, func(ring *keys.Ring, _ *ledger.Ledger, _ *Checkpoints) { must(t, ring.Rotate()) })
	b.work(t, 1)
	want(64)
	b.work(t, 1)
	want(64)
	b.now = b.now.Add(-24 * time.Hour) // a clock that was set back does not stop it
	b.work(t, 1)
	want(66)
	ring, err := os.ReadFile(filepath.Join(b.dir, "keys", "ring"))
	must(t, err)
	b.end(t)
	b.end(t)
	again, err := os.ReadFile(filepath.Join(b.dir, "keys", "ring"))
	must(t, err)
	if string(again) != string(ring) {
		t.Error("nothing changed, and the ring was written")
	}
}

// TestAccept goes on with an older ledger when a person says so, and not otherwise.
func TestAccept(t *testing.T) {
	b := newAnchoredBox(t)
	b.work(t, 2)
	b.end(t)
	old := b.copy(t, "ledger")
	accept := func(want error) {
		t.Helper()
		b.with(t, func(_ *keys.Ring, _ *ledger.Ledger, c *Checkpoints) {
			if err := c.Accept(b.now, "ann", "the disk died"); !errors.Is(err, want) {
				t.Fatal(err)
			}
		})
	}
	accept(ErrNothingToAccept)
	b.work(t, 5)
	b.end(t)
	b.put(t, "ledger", old)
	b.found(t, "and it has 2")
	b.put(t, "ledger", old)
	accept(nil)
	b.work(t, 1)
	b.with(t, func(_ *keys.Ring, book *ledger.Ledger, c *Checkpoints) {
		must(t, c.Check(nil))
		es, err := book.Events(2, 3)
		must(t, err)
		if e := es[0]; e.Kind != "ledger accepted" || e.Who != "ann" || !strings.Contains(e.Text, "had 7 entries") || !strings.Contains(e.Text, "the disk died") {
			t.Errorf("%+v", e)
		}
	})
	// A checkpoint in the list is not overruled.
	entries := filepath.Join(b.dir, "ledger", "entries")
	must(t, os.Truncate(entries, 0))
	for _, name := range []string{"hashes", "index"} {
		must(t, os.Remove(filepath.Join(b.dir, "ledger", name)))
	}
	b.refuses(t)
}

// refuses wants neither a signature nor Accept to go on.
func (b *anchoredBox) refuses(t *testing.T) {
	t.Helper()
	b.with(t, func(_ *keys.Ring, _ *ledger.Ledger, c *Checkpoints) {
		for _, err := range []error{c.Anchor(b.now), c.Accept(b.now, "ann", "x")} {
			if _, ok := errors.AsType[*RolledBackError](err); !ok {
				t.Errorf("%v", err)
			}
		}
	})
}
