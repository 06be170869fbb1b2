package segment

import (
	"bytes"
	"encoding/binary"
	"errors"
	"hash/fnv"
	"os"
	"path/filepath"
	"testing"

	"linevault/storage/seal"
)

// Whatever lies in the file, reading it ends, with an error or with what it says.
func FuzzFile(f *testing.F) {
	dir := f.TempDir()
	w, err := Create(dir, name, 1<<20)
	if err != nil {
		f.Fatal(err)
	}
	_, entries := fill(f, w, 60, func(int) int { return 900 })
	w.End(entries[0])
	w.End(entries[1])
	// Without Close, which would lay all that into one run.
	if err := errors.Join(w.Commit(), w.update(w.finish), w.Abandon()); err != nil {
		f.Fatal(err)
	}
	whole, err := os.ReadFile(filepath.Join(dir, name.String()))
	if err != nil {
		f.Fatal(err)
	}
	r, err := readerOf(bytes.NewReader(whole), len(whole))
	if err != nil {
		f.Fatal(err)
	}
	if err := r.runs.load(0); err != nil || len(r.runs.leaf) < 3 {
		f.Fatal("few runs", err)
	}
	list, head := uint32(r.runs.in.root*pageSize), uint32(r.runs.leaf[1].page*pageSize)
	f.Add([]byte{}, uint32(0), false)
	f.Add([]byte{2, 0, 9}, uint32(4096*3+8), false)
	f.Add([]byte{1, 0, 0, 0, 0, 0, 0, 0x40}, uint32(16+40), true)
	f.Add([]byte{0xff}, list+8, false)                                                                                   // no leaf
	f.Add([]byte{0xff, 0xff}, list+10, false)                                                                            // more runs than there are
	f.Add(binary.BigEndian.AppendUint64(nil, 1<<40), list+pageHeader+uint32(len(r.runs.leaf))*elementSize, false)        // a run far off
	f.Add(binary.LittleEndian.AppendUint64(nil, 1<<62), list+pageHeader+uint32(len(r.runs.leaf))*elementSize+8, false)   // on no page
	f.Add(binary.LittleEndian.AppendUint64(nil, 1<<63+1), list+pageHeader+uint32(len(r.runs.leaf))*elementSize+16, true) // endless
	f.Add([]byte{0xff, 0xff, 0xff, 0xff}, head+12, false)                                                                // overflow
	f.Add([]byte{0xff, 0xff}, head+runHead, false)                                                                       // a mark
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
		size := int(cut)%pageSize + 3
		s := stream{length: int64(len(b)), fragment: func(off int64) (fragment, error) {
			from := int(off) / size * size
			if from >= len(b) {
				return fragment{}, errMissing
			}
			f := fragment{from: int64(from), next: int64(min(from+size, len(b)))}
			return f, f.fill(b[max(0, from-markSize):f.next])
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
