package storage_test

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"linevault/storage"
	"linevault/storage/seal"
	"linevault/storage/segment"
)

// A box that is damaged is told with its call, which is what people know it by: as the other
// boxes say, or where neither the first nor the last one opens, as the ledger says.
func TestCheckNamesCall(t *testing.T) {
	for _, c := range []struct {
		what   string
		boxes  []int // -1 is the last
		ledger bool
	}{
		{"a box in the middle", []int{3}, false},
		{"the first box", []int{0}, false},
		{"the first box and the last, and the ledger has the part", []int{0, -1}, true},
	} {
		dir, ids, _, names := twoSegments(t)
		s, err := storage.Open(dir, nil)
		must(t, err)
		part := s.Ended(ids[0])[0]
		s.Close()
		for _, n := range c.boxes {
			spoil(t, filepath.Join(dir, "segments"), names[0], n)
		}
		var o storage.CheckOptions
		if c.ledger {
			o.Entered = map[seal.PartID]*storage.Entered{part: {Call: ids[0]}}
		}
		r, err := storage.Check(dir, nil, o)
		must(t, err)
		named := 0
		for _, p := range r.Problems {
			if p.Call == ids[1] {
				t.Errorf("%s: the other call is named: %s", c.what, p.Named())
			}
			if p.Call == ids[0] {
				named++
			}
		}
		if named == 0 {
			t.Errorf("%s: no problem names the call: %+v", c.what, r.Problems)
		}
	}
}

// spoil changes a bit of a box of the only part in a segment.
func spoil(t *testing.T, dir, name string, box int) {
	t.Helper()
	r, err := segment.Open(dir, name)
	must(t, err)
	var sealed []byte
	r.Entries(func(*segment.Entry) {}, func(err error) { t.Error(err) })
	for _, e := range r.Scan(func(err error) { t.Error(err) }) {
		if box < 0 {
			box += len(e.Offsets)
		}
		_, sealed, err = r.Read(e.Offsets[box])
		must(t, err)
	}
	must(t, r.Close())
	path := filepath.Join(dir, name)
	whole, err := os.ReadFile(path)
	must(t, err)
	at := bytes.Index(whole, sealed[len(sealed)/2:][:16])
	if at < 0 {
		t.Fatalf("box %d is not in the file", box)
	}
	whole[at] ^= 1
	must(t, os.WriteFile(path, whole, 0o600))
}
