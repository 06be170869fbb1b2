package segment

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"testing"

	bolt "go.etcd.io/bbolt"

	"linevault/storage/seal"
)

var name = Name{Day: "2026-11-22", Class: "standard", Seq: 1}

// fill writes n boxes of two parts in commits of some, and returns what was written.
func fill(tb testing.TB, w *Writer, n int, size func(int) int) (boxes [][]byte, entries []*Entry) {
	tb.Helper()
	rnd := rand.New(rand.NewPCG(1, 2))
	entries = []*Entry{
		{Part: seal.PartID{1}, Number: 1, Commits: true, Commitment: [32]byte{1}},
		{Part: seal.PartID{2}, Number: 2, First: 40},
	}
	for i := range n {
		e := entries[i%2]
		b := make([]byte, size(i))
		for j := range b {
			b[j] = byte(rnd.Uint32())
		}
		first := len(e.Offsets) == 0
		h := Head{
			Number: e.Number, Declares: first, Part: e.Part, Commits: first && e.Commits, Commitment: e.Commitment,
			Box: e.First + uint64(len(e.Offsets)), Kind: seal.Sound,
		}
		e.Offsets = append(e.Offsets, w.Append(h, b))
		boxes = append(boxes, b)
		if rnd.IntN(3) == 0 {
			if err := w.Commit(); err != nil {
				tb.Fatal(err)
			}
		}
	}
	return boxes, entries
}

func TestWriteRead(t *testing.T) {
	for _, closed := range []bool{true, false} {
		dir := t.TempDir()
		w, err := Create(dir, name, 1<<20)
		if err != nil {
			t.Fatal(err)
		}
		boxes, entries := fill(t, w, 400, func(i int) int { return (i * 37) % 9000 })
		// While it is open nobody else reads it; the writer does.
		if _, err := Open(dir, name.String()); !errors.Is(err, ErrLive) {
			t.Fatalf("open while it is written: %v", err)
		}
		if err := w.Commit(); err != nil {
			t.Fatal(err)
		}
		_, got, err := w.Read(entries[0].Offsets[:3], 1<<20)
		if err != nil || !slices.EqualFunc(got, [][]byte{boxes[0], boxes[2], boxes[4]}, bytes.Equal) {
			t.Fatalf("read while it is written: %v", err)
		}
		if closed {
			w.End(entries[0])
			w.End(entries[1])
			err = w.Close()
		} else {
			err = w.Abandon()
		}
		if err != nil {
			t.Fatal(err)
		}
		r, err := Open(dir, name.String())
		if err != nil {
			t.Fatal(err)
		}
		defer r.Close()
		if r.Closed != closed {
			t.Errorf("closed: %v", r.Closed)
		}
		r.Verify(func(err error) { t.Errorf("verify: %v", err) })
		if err := CheckPages(dir, name.String()); err != nil {
			t.Error(err)
		}
		for i, e := range r.Scan(func(err error) { t.Error(err) }) {
			if !slices.Equal(e.Offsets, entries[i].Offsets) || e.First != entries[i].First || e.Part != entries[i].Part {
				t.Errorf("scanned %+v", e)
			}
			stored, err := r.Entry(e.Part)
			if err != nil || (stored != nil) != closed {
				t.Errorf("entry: %v, %v", stored, err)
			}
			for j, off := range e.Offsets {
				h, b, err := r.Read(off)
				if err != nil || h.Box != e.First+uint64(j) || !bytes.Equal(b, boxes[2*j+i]) {
					t.Fatalf("box %d of part %d: %+v, %v", j, i, h, err)
				}
			}
		}
	}
}

// Runs fill the pages of bbolt to the byte: the file is no longer than the stream with its marks
// and what names and lists it.
func TestRunsFillPages(t *testing.T) {
	dir := t.TempDir()
	w, err := Create(dir, name, 8<<20)
	if err != nil {
		t.Fatal(err)
	}
	// 60 lines of two legs for a minute: 204 kB a commit.
	var entry Entry
	box := make([]byte, 3400)
	for i := range 3600 {
		entry.Offsets = append(entry.Offsets, w.Append(Head{Number: 1, Box: uint64(i), Kind: seal.Sound, Declares: i == 0}, box))
		if i%60 == 59 {
			if err := w.Commit(); err != nil {
				t.Fatal(err)
			}
		}
	}
	w.End(&entry)
	stream := w.Size()
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(filepath.Join(dir, name.String()))
	if err != nil {
		t.Fatal(err)
	}
	ratio := float64(info.Size()) / float64(stream)
	t.Logf("file over stream: %.4f", ratio)
	// 0.05 % are marks, 0.04 % the runs' heads and what lists them, the rest free pages.
	if ratio > 1.01 {
		t.Errorf("file over stream is %.4f: runs do not fill their pages", ratio)
	}
	db, err := bolt.Open(filepath.Join(dir, name.String()), 0o600, &bolt.Options{ReadOnly: true})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	err = db.View(func(tx *bolt.Tx) error {
		s := tx.Bucket(boxesBucket).Stats()
		if s.InlineBucketN > 0 || s.LeafPageN+s.LeafOverflowN > int(stream/body)+4 {
			return fmt.Errorf("%d leaf pages for %d fragments, %d runs inline", s.LeafPageN+s.LeafOverflowN, stream/body, s.InlineBucketN)
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}

// After damage to one head the records from the next fragment on are found.
func TestScanResumes(t *testing.T) {
	dir := t.TempDir()
	w, err := Create(dir, name, 1<<20)
	if err != nil {
		t.Fatal(err)
	}
	_, entries := fill(t, w, 200, func(int) int { return 1500 })
	w.End(entries[0])
	w.End(entries[1])
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, name.String())
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	// The heads of the middle boxes, wherever bbolt put them.
	head := Head{Number: 2, Box: entries[1].First + 50, Kind: seal.Sound, Length: 1500}.append(nil)
	at := bytes.Index(whole, head)
	for bit := range 8 * len(head) {
		b := bytes.Clone(whole)
		b[at+bit/8] ^= 1 << (bit % 8)
		if err := os.WriteFile(path, b, 0o600); err != nil {
			t.Fatal(err)
		}
		r, err := Open(dir, name.String())
		if err != nil {
			t.Fatal(err)
		}
		damage, found, wrong := 0, 0, 0
		for _, e := range r.Scan(func(error) { damage++ }) {
			for j, off := range e.Offsets {
				want := entries[e.Number-1].Offsets[j]
				switch {
				case off == want:
					found++
				case off >= 0:
					wrong++
				}
			}
		}
		if damage == 0 || found < 196 || wrong > 0 {
			t.Errorf("bit %d: %d found, %d wrong, %d damaged", bit, found, wrong, damage)
		}
		if err := r.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

func TestNames(t *testing.T) {
	if n, err := ParseName(name.String()); err != nil || n != name {
		t.Errorf("%+v, %v", n, err)
	}
	for _, s := range []string{
		"", "x", "2026-11-22.standard.0001", "2026-11-22.standard.1.seg", "2026-11-22..0001.seg",
		"2026-11-22.a/b.0001.seg", "2026-11-22.standard.0000.seg", "2026-11-22.standard.-001.seg",
	} {
		if n, err := ParseName(s); err == nil {
			t.Errorf("%q is %+v", s, n)
		}
	}
}
