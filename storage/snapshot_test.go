package storage_test

import (
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"testing"
	"time"

	"linevault/storage"
	"linevault/storage/storagetest"
)

// With a snapshot a store lists the same as without, and asks for no key of a part that has
// ended; what came since is added.
func TestSnapshot(t *testing.T) {
	dir := storagetest.New(t)
	recorded(t, dir, 0, 30)
	s := openDesk(t, dir)
	want := all(t, s)
	s.Close()
	locked := filepath.Join(dir, "keys", "parts")
	must(t, os.Rename(locked, locked+".away"))
	must(t, os.Mkdir(locked, 0o700))
	s, err := storage.Open(dir, nil)
	must(t, err)
	problems := s.Problems()
	s.Close()
	if len(problems) != 1 { // one for the segment of the calls that nobody ended: their boxes are looked at each time
		t.Errorf("%d problems: %v", len(problems), problems)
	}
	must(t, os.Remove(locked))
	must(t, os.Rename(locked+".away", locked))
	if s = openStore(t, dir, nil); !reflect.DeepEqual(all(t, s), want) {
		t.Error("the snapshot lists otherwise")
	}
	recorded(t, dir, 30, 10)
	must(t, s.Refresh())
	if n := len(all(t, s)); n != 40 {
		t.Errorf("%d calls", n)
	}
	for range 2 {
		s = openDesk(t, dir)
		if n := len(all(t, s)); n != 40 {
			t.Errorf("%d calls in the next desk", n)
		}
		for _, r := range all(t, s) {
			if r.Why != storage.Interrupted {
				p, err := s.Play(r.Call.ID)
				must(t, err)
				p.Close()
			}
		}
		s.Close()
	}
}

// A snapshot that is damaged, torn or of another store is never believed, and made anew.
func TestSnapshotDamaged(t *testing.T) {
	dir, other := storagetest.New(t), storagetest.New(t)
	recorded(t, dir, 0, 12)
	recorded(t, other, 20, 3)
	s := openDesk(t, other)
	s.Close()
	s = openDesk(t, dir)
	want := all(t, s)
	s.Close()
	files := func(dir string) []string {
		list, err := filepath.Glob(filepath.Join(dir, "catalogue", "*[^k]"))
		must(t, err)
		return append(list, must1(filepath.Glob(filepath.Join(dir, "catalogue", "*.block")))...)
	}
	same := func(what string) {
		t.Helper()
		s := openDesk(t, dir)
		if !reflect.DeepEqual(all(t, s), want) {
			t.Errorf("%s: %d calls, want %d", what, len(all(t, s)), len(want))
		}
		if p := s.Problems(); len(p) > 0 {
			t.Errorf("%s: %v", what, p)
		}
		s.Close()
	}
	for k := range files(dir) {
		for what, spoil := range map[string]func(b []byte) []byte{
			"a bit": func(b []byte) []byte { b[len(b)/2] ^= 4; return b },
			"torn":  func(b []byte) []byte { return b[:len(b)/3] },
			"empty": func([]byte) []byte { return nil },
		} {
			path := files(dir)[k]
			b, err := os.ReadFile(path)
			must(t, err)
			must(t, os.WriteFile(path, spoil(b), 0o600))
			same(what)
		}
		must(t, os.Remove(files(dir)[k]))
		same("gone")
	}
	for _, path := range files(other) {
		b, err := os.ReadFile(path)
		must(t, err)
		must(t, os.WriteFile(filepath.Join(dir, "catalogue", filepath.Base(path)), b, 0o600))
	}
	same("another store's")
}

func must1[T any](v T, _ error) T { return v }

// What went while no desk ran is not listed by the snapshot either; a second desk writes none.
func TestSnapshotOfWhatIsGone(t *testing.T) {
	dir := storagetest.New(t)
	recorded(t, dir, 0, 5)
	recorded(t, dir, 5, 5)
	s := openDesk(t, dir)
	second := openDesk(t, dir)
	if len(all(t, s)) != 10 || len(all(t, second)) != 10 {
		t.Error("calls are missing")
	}
	second.Close()
	if _, err := os.Stat(filepath.Join(dir, "catalogue", "manifest")); err == nil {
		t.Error("a second desk wrote the snapshot")
	}
	s.Close()
	segments, err := filepath.Glob(filepath.Join(dir, "segments", "*.seg"))
	must(t, err)
	away := filepath.Join(t.TempDir(), "away")
	must(t, os.Rename(segments[0], away))
	s = openDesk(t, dir)
	if n := len(all(t, s)); n != 5 {
		t.Errorf("%d calls", n)
	}
	must(t, s.Refresh())
	s.Close()
	must(t, os.Rename(away, segments[0]))
	s = openStore(t, dir, nil)
	if n := len(all(t, s)); n != 10 {
		t.Errorf("%d calls", n)
	}
}

// Legal holds are found, by a store that set them, by another, and by the next desk; a call
// that was erased is in the snapshot no more.
func TestSnapshotHoldsAndErasure(t *testing.T) {
	dir := storagetest.New(t)
	recorded(t, dir, 0, 9)
	l, _ := book(t, dir)
	s, other := openDesk(t, dir), openStore(t, dir, nil)
	id := all(t, s)[3].Call.ID
	held := func(s *storage.Store, want int) {
		t.Helper()
		must(t, s.Refresh())
		page, err := s.Calls(storage.Query{Held: true})
		must(t, err)
		if page.Total != want || len(page.Rows) != want || want == 1 && page.Rows[0].Call.ID != id {
			t.Errorf("%d calls held, want %d", page.Total, want)
		}
	}
	held(s, 0)
	must(t, s.SetHold(id, "ann", "claim 12", time.Now().AddDate(0, 6, 0), l))
	held(s, 1)
	held(other, 1)
	s.Close()
	s = openDesk(t, dir)
	held(s, 1)
	for _, by := range []string{"ann", "bob"} {
		_, err := s.ReleaseHold(id, by, "settled", l)
		must(t, err)
	}
	held(s, 0)
	blocks := func() []string { return must1(filepath.Glob(filepath.Join(dir, "catalogue", "*.block"))) }
	before := blocks()
	_, err := s.EraseCall(id, "ann", "order 7", "bob", l)
	must(t, err)
	if n := len(all(t, s)); n != 8 {
		t.Errorf("%d calls after one was erased", n)
	}
	for _, path := range before {
		if slices.Contains(blocks(), path) {
			t.Error("a block that had the call is still there")
		}
	}
	s.Close()
	s.Close()
	must(t, s.Refresh()) // somebody who does not know yet: the snapshot stays as it is
	s.Close()
	s = openStore(t, dir, nil)
	if n := len(all(t, s)); n != 8 {
		t.Errorf("%d calls in the next desk", n)
	}
	held(s, 0)
}
