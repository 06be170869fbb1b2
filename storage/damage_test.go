package storage_test

import (
	"errors"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"linevault/codec"
	"linevault/storage"
	"linevault/storage/segment"
	"linevault/storage/storagetest"
)

// twoSegments makes a store with a call in each of two segments, and copies of both files.
func twoSegments(t *testing.T) (dir string, ids []storage.CallID, keeps []*kept, names []string) {
	t.Helper()
	dir = t.TempDir() // not storagetest.New: it will not be sound
	must(t, storage.Create(dir, []string{storagetest.Class}))
	w := open(t, dir)
	for i := range 2 {
		id, k := record(t, w, i+1, 6)
		ids, keeps = append(ids, id), append(keeps, k)
		must(t, w.Roll())
	}
	must(t, w.Close())
	names, _, _, err := segment.List(filepath.Join(dir, "segments"))
	must(t, err)
	if len(names) != 2 {
		t.Fatalf("segments: %v", names)
	}
	return dir, ids, keeps, names
}

// playWhatIsLeft fails unless every packet that plays is one that was recorded, in its place.
func playWhatIsLeft(t *testing.T, s *storage.Store, id storage.CallID, k *kept) (whole bool) {
	t.Helper()
	p, err := s.Play(id)
	if err != nil {
		return false // it says so
	}
	defer p.Close()
	type place struct {
		from int64
		leg  int
	}
	want := map[place]codec.Packet{}
	for _, w := range k.packets {
		want[place{int64(w.Span.From), int(w.Leg)}] = w
	}
	n, at := 0, p.Span().From
	for {
		packet, gap, err := p.Next()
		if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			break
		}
		if err != nil {
			return false
		}
		if gap != nil {
			if gap.Span.From != at {
				t.Fatalf("gap at %d where %d was due", gap.Span.From, at)
			}
			at = gap.Span.To
			continue
		}
		w, ok := want[place{int64(packet.Span.From), int(packet.Leg)}]
		if !ok || w.Span != packet.Span || string(w.Data) != string(packet.Data) || packet.Span.From != at {
			t.Fatalf("a packet at %d that was never recorded there", packet.Span.From)
		}
		if packet.Leg == 1 {
			at = packet.Span.To
		}
		n++
	}
	if _, _, err := p.Peaks(); err != nil {
		t.Fatal(err)
	}
	return n == len(k.packets)
}

// Flips of single bits anywhere in a segment never give sound that was not recorded, never
// end the process, and never touch the other segment's call.
func TestBitFlips(t *testing.T) {
	dir, ids, keeps, names := twoSegments(t)
	path := filepath.Join(dir, "segments", names[0])
	whole, err := os.ReadFile(path)
	must(t, err)
	flips := 300
	if testing.Short() {
		flips = 100
	}
	rnd := rand.New(rand.NewPCG(3, 4))
	lost, told := 0, 0
	for i := range flips {
		b := append([]byte(nil), whole...)
		at := rnd.IntN(len(b))
		if i%2 == 0 {
			// The headers and element tables of pages, where a flip goes far.
			at = at/4096*4096 + rnd.IntN(48)
		}
		bit := byte(1) << rnd.IntN(8)
		b[at] ^= bit
		must(t, os.WriteFile(path, b, 0o600))
		s, err := storage.Open(dir, nil)
		must(t, err)
		if !playWhatIsLeft(t, s, ids[0], keeps[0]) {
			lost++
		}
		if !playWhatIsLeft(t, s, ids[1], keeps[1]) {
			t.Fatalf("byte %d, bit %02x: the other segment's call does not play whole", at, bit)
		}
		s.Close()
		report, err := storage.Check(dir, nil, storage.CheckOptions{})
		must(t, err)
		if !report.OK() {
			told++
		}
	}
	t.Logf("%d flips: %d touched the call, check told of %d", flips, lost, told)
	if lost == 0 || told < lost {
		t.Errorf("of %d flips %d touched the call and check told of %d", flips, lost, told)
	}
}

// A box that is damaged costs itself and the one after it, which is sealed to it.
func TestDamagedBox(t *testing.T) {
	dir, ids, keeps, names := twoSegments(t)
	path := filepath.Join(dir, "segments", names[0])
	whole, err := os.ReadFile(path)
	must(t, err)
	r, err := segment.Open(filepath.Join(dir, "segments"), names[0])
	must(t, err)
	var sealed []byte
	r.Entries(func(e *segment.Entry) {}, func(err error) { t.Error(err) })
	for _, e := range r.Scan(func(err error) { t.Error(err) }) {
		_, sealed, err = r.Read(e.Offsets[3])
		must(t, err)
	}
	must(t, r.Close())
	// In the middle of the file it lies in one piece, or in two.
	at := strings.Index(string(whole), string(sealed[100:140]))
	whole[at] ^= 1
	must(t, os.WriteFile(path, whole, 0o600))
	s := openStore(t, dir, nil)
	p, err := s.Play(ids[0])
	must(t, err)
	lost := 0
	for i := range p.Runs() {
		err := p.Sound(i, func(codec.Packet) error { return nil })
		if d, ok := errors.AsType[*storage.DamagedError](err); ok {
			if d.Segment != names[0] || (d.Box != 3 && d.Box != 4) {
				t.Errorf("%v", d)
			}
			p.Damage(i)
			lost++
			continue
		}
		must(t, err)
	}
	row := p.Row()
	if lost == 0 || !row.Damaged || row.Gaps[0].Cause != storage.Damaged || row.Gaps[0].Span.Len() > 3*8000 {
		t.Errorf("%d runs lost, row %+v", lost, row)
	}
	playWhatIsLeft(t, s, ids[0], keeps[0])
}

// A segment whose file is cut off, at any length, costs its own calls only.
func TestTruncated(t *testing.T) {
	dir, ids, keeps, names := twoSegments(t)
	path := filepath.Join(dir, "segments", names[0])
	whole, err := os.ReadFile(path)
	must(t, err)
	for n := 0; n < len(whole); n += len(whole)/60 + 1 {
		must(t, os.WriteFile(path, whole[:n], 0o600))
		s, err := storage.Open(dir, nil)
		must(t, err)
		playWhatIsLeft(t, s, ids[0], keeps[0])
		if !playWhatIsLeft(t, s, ids[1], keeps[1]) {
			t.Fatalf("cut to %d: the other call does not play", n)
		}
		s.Close()
	}
}

// A recorder killed while it made a segment leaves a temporary file: the next one's start
// removes it, and readers pass it by.
func TestTornCreation(t *testing.T) {
	dir := storagetest.New(t)
	torn := filepath.Join(dir, "segments", ".new-2026-11-22.standard.0001.seg")
	must(t, os.WriteFile(torn, make([]byte, 5000), 0o600))
	if p := openStore(t, dir, nil).Problems(); len(p) > 0 {
		t.Errorf("problems: %v", p)
	}
	w := open(t, dir)
	if _, err := os.Lstat(torn); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("it is still there: %v", err)
	}
	id, k := record(t, w, 1, 2)
	must(t, w.Close())
	compare(t, openStore(t, dir, nil), id, k)
}

// A key file that is lost is said so by name; the other day's calls play.
func TestLostKey(t *testing.T) {
	dir := t.TempDir()
	must(t, storage.Create(dir, []string{"long", storagetest.Class}))
	w := open(t, dir)
	id, k := record(t, w, 1, 2)
	talk := storagetest.NewTalk(telephone, 0, 2)
	c := talk.Call(2)
	c.Class = "long"
	r, err := w.Begin(c)
	must(t, err)
	must(t, talk.Instant(r.Packet))
	must(t, r.Finish(storage.End{At: talk.Pos, Why: storage.HungUp}))
	must(t, w.Close())
	files, err := filepath.Glob(filepath.Join(dir, "keys", "parts", "*.long"))
	must(t, err)
	must(t, os.Remove(files[0]))
	s := openStore(t, dir, nil)
	compare(t, s, id, k)
	if p := s.Problems(); len(p) != 1 || !strings.Contains(p[0].Text, "keys/parts") {
		t.Errorf("problems: %v", p)
	}
	report, err := storage.Check(dir, nil, storage.CheckOptions{})
	must(t, err)
	if report.OK() {
		t.Error("check finds nothing wrong")
	}
}
