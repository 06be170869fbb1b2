package keys

import (
	"bytes"
	"errors"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/mod/sumdb/tlog"
)

func anchorOf(t *testing.T, dir string) Anchor {
	t.Helper()
	a, ok, err := reopen(t, dir).Anchor()
	if err != nil || !ok {
		t.Fatal(ok, err)
	}
	return a
}

// TestAnchorCrash stops the keeping of an anchor before each change of the disk: the ring opens
// with the old anchor or the new one, and every key that opened before opens.
func TestAnchorCrash(t *testing.T) {
	for n := 0; ; n++ {
		dir := create(t, "calls")
		part, locked, key := lockOne(t, dir)
		k := reopen(t, dir)
		secret := k.Derive("ledger")
		if _, ok, err := k.Anchor(); ok || err != nil {
			t.Fatal("a new store has an anchor", err)
		}
		if err := k.KeepAnchor(Anchor{Entries: 1, Hash: tlog.Hash{1}, At: now}); err != nil {
			t.Fatal(err)
		}
		_, crashed, err := stopAt(n, func() error { return k.KeepAnchor(Anchor{Entries: 2, Hash: tlog.Hash{2}, At: now}) })
		if err != nil {
			t.Fatal(err)
		}
		a := anchorOf(t, dir)
		if a.Entries < 1 || a.Entries > 2 || a.Hash[0] != byte(a.Entries) || !crashed && a.Entries != 2 {
			t.Fatalf("after a crash at step %d: %+v", n, a)
		}
		k = reopen(t, dir)
		opens(t, k, part, locked, key)
		if len(k.Problems()) > 0 || k.Derive("ledger") != secret {
			t.Fatal(k.Problems())
		}
		if err := k.KeepAnchor(Anchor{Entries: 3, At: now}); err != nil || anchorOf(t, dir).Entries != 3 {
			t.Fatalf("after a crash at step %d: %v", n, err)
		}
		if err := k.Ensure([]string{"calls"}, now); err != nil {
			t.Fatal(err)
		}
		if everyHalfOpens(t, dir) != Ahead+1 {
			t.Fatal("halves are missing")
		}
		if !crashed {
			if n < 4 {
				t.Fatalf("%d steps", n)
			}
			return
		}
	}
}

// TestAnchorRotated: the anchor stays through a new root key, stopped at each step, and a ring
// from before that opens no more.
func TestAnchorRotated(t *testing.T) {
	for n := 0; ; n++ {
		dir := create(t, "calls")
		k := reopen(t, dir)
		want := Anchor{Entries: 7, Hash: tlog.Hash{7}, At: now.UTC().Truncate(time.Second), Root: k.RootID()}
		if err := k.KeepAnchor(want); err != nil {
			t.Fatal(err)
		}
		old := read(t, filepath.Join(folder(dir), ringName))
		_, crashed, err := stopAt(n, k.Rotate)
		if err != nil {
			t.Fatal(err)
		}
		if a := anchorOf(t, dir); a != want {
			t.Fatalf("after a crash at step %d: %+v, not %+v", n, a, want)
		}
		if err := reopen(t, dir).Ensure([]string{"calls"}, now); err != nil {
			t.Fatal(err)
		}
		if a := anchorOf(t, dir); a != want {
			t.Fatalf("after a crash at step %d and a start: %+v", n, a)
		}
		if crashed {
			continue
		}
		replace(t, filepath.Join(folder(dir), ringName), old)
		if _, err := OpenRing(dir); err == nil {
			t.Error("a ring from before the new root key opens")
		}
		return
	}
}

// TestAnchorDamaged changes each byte of the anchor's line: it is told, never read as another,
// and the next anchor does not write over what a person must see.
func TestAnchorDamaged(t *testing.T) {
	dir := create(t, "calls")
	if err := reopen(t, dir).KeepAnchor(Anchor{Entries: 5, At: now}); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(folder(dir), ringName)
	whole := read(t, path)
	from := bytes.Index(whole, []byte("\nledger ")) + 1
	to := from + bytes.IndexByte(whole[from:], '\n')
	r, _, err := readRoot(folder(dir))
	if err != nil || from == 0 {
		t.Fatal(err)
	}
	for i := from; i < to; i++ {
		bad := bytes.Clone(whole)
		bad[i] ^= 1 << (i % 8)
		f, err := newRingKey(r).decode(bad)
		if err == nil && len(f.problems) == 0 || f.anchor != nil && f.anchor.Entries != 5 {
			t.Fatalf("byte %d changed: %v, %+v", i, err, f.anchor)
		}
	}
	bad, odd := bytes.Clone(whole), bytes.Clone(whole)
	bad[from+20] = 'A' + (bad[from+20]-'A'+1)%26 // of the alphabet, and another
	odd[from+20] = '!'                           // not of the alphabet
	for what, b := range map[string][]byte{"damaged": bad, "damaged, and no base64": odd, "cut out": append(bytes.Clone(whole[:from]), whole[to+1:]...)} {
		replace(t, path, b)
		k := reopen(t, dir)
		if len(k.Problems()) != 1 || what != "cut out" && !strings.Contains(k.Problems()[0], "--checkpoint") {
			t.Errorf("%s: %q", what, k.Problems())
		}
		if err := k.KeepAnchor(Anchor{Entries: 6, At: now}); err != nil || !bytes.Equal(read(t, path), b) {
			t.Errorf("%s: the ring was written over; %v", what, err)
		}
	}
}

// A ring that only a recovery copy opens is not written.
func TestAnchorBorrowed(t *testing.T) {
	plan, ids := holders(t, 1, 1)
	dir := arranged(t, InFile, plan)
	if err := recovered(t, dir, ids).KeepAnchor(Anchor{Entries: 1, At: now}); !errors.Is(err, errBorrowed) {
		t.Error(err)
	}
}
