package segment

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/fnv"
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

// Two full fragments fill two pages of bbolt to the byte: the file is no longer than that
// and what names and lists them.
func TestFragmentsFillPages(t *testing.T) {
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
	// 0.8 % are the headers of pages and values, 0.3 % the pages above, the rest free pages.
	if ratio > 1.025 {
		t.Errorf("file over stream is %.4f: fragments do not fill their pages", ratio)
	}
	db, err := bolt.Open(filepath.Join(dir, name.String()), 0o600, &bolt.Options{ReadOnly: true})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	err = db.View(func(tx *bolt.Tx) error {
		s := tx.Bucket(boxesBucket).Stats()
		if s.LeafPageN+s.LeafOverflowN > int(stream/body)+1+2 {
			return fmt.Errorf("%d leaf pages for %d fragments", s.LeafPageN+s.LeafOverflowN, stream/body+1)
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

// Whatever lies in the file, reading it ends, with an error or with what it says.
func FuzzFile(f *testing.F) {
	dir := f.TempDir()
	w, err := Create(dir, name, 1<<20)
	if err != nil {
		f.Fatal(err)
	}
	_, entries := fill(f, w, 20, func(int) int { return 900 })
	w.End(entries[0])
	w.End(entries[1])
	if err := w.Close(); err != nil {
		f.Fatal(err)
	}
	whole, err := os.ReadFile(filepath.Join(dir, name.String()))
	if err != nil {
		f.Fatal(err)
	}
	f.Add([]byte{}, uint32(0), false)
	f.Add([]byte{2, 0, 9}, uint32(4096*3+8), false)
	f.Add([]byte{1, 0, 0, 0, 0, 0, 0, 0x40}, uint32(16+40), true)
	f.Fuzz(func(t *testing.T, patch []byte, at uint32, sum bool) {
		b := bytes.Clone(whole)
		copy(b[int(at)%len(b):], patch)
		for i := range 2 {
			// A patch of a meta page counts for something only with its checksum.
			m := b[i*pageSize+pageHeader:][:metaSize]
			if h := fnv.New64a(); sum {
				h.Write(m[:56])
				binary.LittleEndian.PutUint64(m[56:], h.Sum64())
			}
		}
		r := &Reader{Name: name}
		if err := r.open(bytes.NewReader(b), int64(len(b))); err != nil {
			return
		}
		for _, e := range r.Scan(func(error) {}) {
			for _, off := range e.Offsets {
				_, _, _ = r.Read(off)
			}
		}
		r.Verify(func(error) {})
	})
}

// A stream of any bytes in fragments of any lengths is read to its end.
func FuzzStream(f *testing.F) {
	h := Head{Number: 1, Declares: true, Box: 0, Kind: seal.Header, Length: 5}.append([]byte{0, 0})
	f.Add(append(h, "sealed"...), uint16(3))
	f.Fuzz(func(t *testing.T, b []byte, cut uint16) {
		size := int(cut)%fragment + 3
		s := stream{length: int64(len(b)), fragment: func(i int64) ([]byte, error) {
			from := int(i) * size
			if from >= len(b) {
				return nil, errMissing
			}
			return b[from:min(from+size, len(b))], nil
		}}
		last := int64(-1)
		s.scan(func(_ Head, off int64) {
			if off <= last {
				t.Fatalf("back to %d from %d", off, last)
			}
			last = off
			_, _, _, _ = s.record(off)
		}, func(off int64, err error) {
			if off <= last || err == nil {
				t.Fatalf("damage at %d after %d: %v", off, last, err)
			}
			last = off
		})
	})
}

// A head or an entry that parses is stored as it was read.
func FuzzHead(f *testing.F) {
	f.Add(Head{Number: 300, Declares: true, Commits: true, Box: 9, Kind: seal.Header, Length: 80}.append(nil))
	f.Add(Head{Number: 1, Box: 70000, Kind: seal.Final, Last: true, Length: 4000}.append(nil))
	e := Entry{Number: 7, Ended: true, Commits: true, First: 3, Offsets: []int64{5, 90, 5000}}
	f.Add(e.append(nil))
	f.Fuzz(func(t *testing.T, b []byte) {
		if h, n, err := parseHead(b); err == nil {
			if !bytes.Equal(h.append(nil), b[:n]) {
				t.Fatalf("%x reads as %+v", b[:n], h)
			}
		}
		if e, err := parseEntry(seal.PartID{}, b); err == nil {
			if !bytes.Equal(e.append(nil), b) {
				t.Fatalf("%x reads as %+v", b, e)
			}
		}
	})
}
