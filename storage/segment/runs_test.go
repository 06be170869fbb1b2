package segment

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"linevault/storage/seal"
)

// unreadable is a file of which one page cannot be read.
type unreadable struct {
	b    []byte
	page int64
}

var errSector = errors.New("bad sector")

func (u unreadable) ReadAt(b []byte, off int64) (int, error) {
	if from, to := u.page*pageSize, (u.page+1)*pageSize; u.page >= 0 && off < to && off+int64(len(b)) > from {
		if off >= from {
			return 0, errSector
		}
		n, _ := bytes.NewReader(u.b).ReadAt(b[:from-off], off) // the file is as long as that
		return n, errSector
	}
	return bytes.NewReader(u.b).ReadAt(b, off)
}

// many is a closed segment of more runs than one page lists, with what is in it, made once.
var many struct {
	once    sync.Once
	whole   []byte
	boxes   [][]byte
	offsets []int64
}

func manyRuns(tb testing.TB) (whole []byte, boxes [][]byte, offsets []int64) {
	tb.Helper()
	many.once.Do(func() { many.whole, many.boxes, many.offsets = makeManyRuns(tb) })
	if many.whole == nil {
		tb.Fatal("the segment could not be made")
	}
	return many.whole, many.boxes, many.offsets
}

func makeManyRuns(tb testing.TB) (whole []byte, boxes [][]byte, offsets []int64) {
	tb.Helper()
	dir := tb.TempDir()
	w, err := Create(dir, name, 1<<20)
	if err != nil {
		tb.Fatal(err)
	}
	rnd := rand.New(rand.NewPCG(5, 6))
	e := &Entry{Part: seal.PartID{1}, Number: 1}
	for i := range 1200 {
		b := make([]byte, 2000+rnd.IntN(3000))
		for j := range b {
			b[j] = byte(rnd.Uint32())
		}
		offsets = append(offsets, w.Append(Head{Number: 1, Declares: i == 0, Part: e.Part, Box: uint64(i), Kind: seal.Sound}, b))
		boxes = append(boxes, b)
		if i%8 == 7 {
			if err := w.Commit(); err != nil {
				tb.Fatal(err)
			}
		}
	}
	// Without Close, which would lay all that into a few runs.
	e.Offsets = offsets
	w.End(e)
	if err := errors.Join(w.Commit(), w.update(w.finish), w.Abandon()); err != nil {
		tb.Fatal(err)
	}
	if whole, err = os.ReadFile(filepath.Join(dir, name.String())); err != nil {
		tb.Fatal(err)
	}
	return whole, boxes, offsets
}

func readerOf(f io.ReaderAt, size int) (*Reader, error) {
	r := &Reader{Name: name}
	return r, r.open(f, int64(size))
}

// listPages are the pages that list the runs, and all runs.
func listPages(t *testing.T, whole []byte) (list []uint64, all []run) {
	t.Helper()
	r, err := readerOf(bytes.NewReader(whole), len(whole))
	if err != nil {
		t.Fatal(err)
	}
	list = append(list, r.runs.in.root)
	b, err := r.pages.top(r.runs.in)
	if err != nil {
		t.Fatal(err)
	}
	n, branch, err := elements(b)
	if err != nil || !branch {
		t.Fatal("one page lists all the runs", err)
	}
	for i := range n {
		e, err := elementAt(b, i, true)
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, e.child)
	}
	r.pages.walk(r.runs.in, func(e element) {
		n, ok := r.pages.runOf(e)
		if !ok {
			t.Fatal("no run")
		}
		all = append(all, n)
	}, func(err error) { t.Fatal(err) })
	return list, all
}

// A page that lists runs costs no box, whatever is wrong with it: the runs say themselves where
// they belong.
func TestListOfRunsDamaged(t *testing.T) {
	whole, boxes, offsets := manyRuns(t)
	list, _ := listPages(t, whole)
	for _, id := range list {
		for how := range 3 {
			f := unreadable{bytes.Clone(whole), -1}
			switch how {
			case 0:
				f.page = int64(id)
			case 1:
				clear(f.b[id*pageSize:][:pageSize])
			case 2:
				copy(f.b[id*pageSize:][:pageSize], whole) // another page in its place
			}
			r, err := readerOf(f, len(whole))
			if err != nil {
				t.Fatalf("page %d: %v", id, err)
			}
			for i, off := range offsets {
				if _, b, err := r.Read(off); err != nil || !bytes.Equal(b, boxes[i]) {
					t.Fatalf("page %d: box %d: %v", id, i, err)
				}
			}
			entries := r.Scan(func(err error) { t.Errorf("page %d: %v", id, err) })
			if len(entries) != 1 || len(entries[0].Offsets) != len(boxes) {
				t.Errorf("page %d: not all boxes were found", id)
			}
			told := 0
			r.Verify(func(error) { told++ })
			if told == 0 {
				t.Errorf("page %d: nobody was told", id)
			}
		}
	}
}

// Each bit of what the list says of a run may be wrong: its place, where it is, how long it is.
func TestListedWrongly(t *testing.T) {
	whole, boxes, offsets := manyRuns(t)
	_, all := listPages(t, whole)
	n := all[len(all)/2]
	var key [keySize]byte
	binary.BigEndian.PutUint64(key[:], uint64(n.start))
	var listed []byte
	listed = append(listed, key[:]...)
	listed = binary.LittleEndian.AppendUint64(listed, n.page)
	listed = binary.LittleEndian.AppendUint64(listed, uint64(n.length))
	first := -1
	for bit := range len(listed) * 8 {
		b := bytes.Clone(whole)
		// Pages that commits left behind list it, too.
		for at := 0; ; at++ {
			i := bytes.Index(whole[at:], listed)
			if i < 0 {
				break
			}
			at += i
			b[at+bit/8] ^= 1 << (bit % 8)
			first = at
		}
		if first < 0 {
			t.Fatal("the run is not listed")
		}
		r, err := readerOf(bytes.NewReader(b), len(b))
		if err != nil {
			t.Fatal(err)
		}
		for i, off := range offsets {
			if _, got, err := r.Read(off); err != nil || !bytes.Equal(got, boxes[i]) {
				t.Fatalf("bit %d: box %d: %v", bit, i, err)
			}
		}
	}
}

// A page that cannot be read costs the boxes that lie in it, read by their places; a scan that
// must look for the next box loses those besides that begin in the page and the one after it.
// The head of a run's first page costs nothing.
func TestPageUnreadable(t *testing.T) {
	whole, boxes, offsets := manyRuns(t)
	_, all := listPages(t, whole)
	for _, n := range all[1:20] { // in the first one the part begins
		for i := range n.pages() {
			from, to := n.start+fragmentFrom(i), n.start+fragmentFrom(i+1)
			r, err := readerOf(unreadable{whole, int64(n.page) + int64(i)}, len(whole))
			if err != nil {
				t.Fatal(err)
			}
			for j, off := range offsets {
				hit := off < to && off+maxHead+int64(len(boxes[j])) > from
				if _, b, err := r.Read(off); !hit && (err != nil || !bytes.Equal(b, boxes[j])) {
					t.Fatalf("page %d of the run at %d: box %d at %d: %v", i, n.start, j, off, err)
				}
			}
			told, lost := 0, len(boxes)
			for _, e := range r.Scan(func(error) { told++ }) {
				for _, off := range e.Offsets {
					if off >= 0 {
						lost--
					}
				}
			}
			if told == 0 && lost > 0 || lost > 4 {
				t.Fatalf("page %d of the run at %d: a scan loses %d boxes and tells of %d", i, n.start, lost, told)
			}
		}
		b := bytes.Clone(whole)
		clear(b[n.page*pageSize:][:runHead])
		r, err := readerOf(bytes.NewReader(b), len(b))
		if err != nil {
			t.Fatal(err)
		}
		for j, off := range offsets {
			if _, got, err := r.Read(off); err != nil || !bytes.Equal(got, boxes[j]) {
				t.Fatalf("without the head of the run at %d: box %d: %v", n.start, j, err)
			}
		}
	}
}

// A tail that is lost costs what is in it.
func TestTailLost(t *testing.T) {
	whole, boxes, offsets := manyRuns(t)
	r, err := readerOf(bytes.NewReader(whole), len(whole))
	if err != nil {
		t.Fatal(err)
	}
	in, err := r.pages.bucket(tailBucket)
	if err != nil {
		t.Fatal(err)
	}
	start := r.tail.start
	if in.root == 0 || r.tail.length() == 0 {
		t.Fatal("there is no tail to lose")
	}
	if r, err = readerOf(unreadable{whole, int64(in.root)}, len(whole)); err != nil {
		t.Fatal(err)
	}
	for j, off := range offsets {
		_, _, err := r.Read(off)
		if before := off+maxHead+int64(len(boxes[j])) < start; before && err != nil {
			t.Errorf("box %d: %v", j, err)
		} else if off >= start && !errors.Is(err, errSector) {
			t.Errorf("box %d in the tail: %v", j, err)
		}
	}
	told := 0
	r.Scan(func(error) { told++ })
	if told == 0 {
		t.Error("a scan does not tell of the tail")
	}
}
