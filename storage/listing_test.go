package storage_test

import (
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"linevault/codec/pcm"
	"linevault/storage"
	"linevault/storage/storagetest"
)

// recorded is a store with calls of several kinds, by what they are.
func recorded(t *testing.T, dir string, from, n int) {
	t.Helper()
	w, err := storage.OpenWriter(dir, storage.WriterOptions{OnProblem: func(err error) { t.Error(err) }})
	must(t, err)
	for i := from; i < from+n; i++ {
		talk := storagetest.NewTalk(telephone, 0, uint64(i))
		c := talk.Call(i)
		c.Line, c.Department = pcm.LineID([]string{"one", "two"}[i%2]), []string{"Parking", "Housing", "Tax"}[i%3]
		if i%4 == 0 {
			c.Direction = storage.Outbound
		}
		r, err := w.Begin(c)
		must(t, err)
		if i%7 == 0 {
			must(t, r.Gap(talk.Pause(time.Second, storage.Paused)))
		}
		for range 10 + i {
			must(t, talk.Instant(r.Packet))
		}
		if i%5 == 0 {
			g := talk.Pause(time.Second, storage.Lost)
			must(t, r.Gap(g))
		}
		must(t, r.Flush())
		must(t, w.Commit())
		if i%11 != 10 { // else nobody writes an end
			must(t, r.Finish(storage.End{At: talk.Pos, Why: []storage.EndReason{storage.HungUp, storage.FileEnd}[i%2]}))
		}
	}
	must(t, w.Commit())
	must(t, w.Close())
}

func all(t *testing.T, s *storage.Store) []storage.Row {
	t.Helper()
	page, err := s.Calls(storage.Query{Limit: 10_000})
	must(t, err)
	if page.Total != len(page.Rows) || page.Next != "" {
		t.Fatalf("%d rows of %d, next %q", len(page.Rows), page.Total, page.Next)
	}
	return page.Rows
}

// Each filter finds what a look at every row finds, and pages follow each other.
func TestFilters(t *testing.T) {
	dir := storagetest.New(t)
	recorded(t, dir, 0, 40)
	s := openStore(t, dir, nil)
	rows := all(t, s)
	if len(rows) != 40 {
		t.Fatalf("%d calls", len(rows))
	}
	caused := func(r storage.Row, c storage.Cause) bool {
		return slices.ContainsFunc(r.Gaps, func(g storage.Gap) bool { return g.Cause == c })
	}
	mid := rows[20]
	for name, c := range map[string]struct {
		q     storage.Query
		wants func(storage.Row) bool
	}{
		"line":          {storage.Query{Line: "one"}, func(r storage.Row) bool { return r.Line == "one" }},
		"department":    {storage.Query{Department: "Tax"}, func(r storage.Row) bool { return r.Department == "Tax" }},
		"direction":     {storage.Query{Direction: storage.Outbound}, func(r storage.Row) bool { return r.Direction == storage.Outbound }},
		"from":          {storage.Query{From: mid.Start}, func(r storage.Row) bool { return !r.Start.Before(mid.Start) }},
		"to":            {storage.Query{To: mid.Start}, func(r storage.Row) bool { return r.Start.Before(mid.Start) }},
		"longer":        {storage.Query{MinLength: mid.Length}, func(r storage.Row) bool { return r.Length.Milliseconds() >= mid.Length.Milliseconds() }},
		"shorter":       {storage.Query{MaxLength: mid.Length}, func(r storage.Row) bool { return r.Length.Milliseconds() <= mid.Length.Milliseconds() }},
		"whole":         {storage.Query{State: storage.Recorded}, func(r storage.Row) bool { return len(r.Gaps) == 0 }},
		"partly":        {storage.Query{State: storage.Partly}, func(r storage.Row) bool { return len(r.Gaps) > 0 }},
		"why":           {storage.Query{Why: storage.FileEnd}, func(r storage.Row) bool { return r.Why == storage.FileEnd }},
		"interrupted":   {storage.Query{Why: storage.Interrupted}, func(r storage.Row) bool { return r.Why == storage.Interrupted }},
		"paused":        {storage.Query{Cause: storage.Paused}, func(r storage.Row) bool { return caused(r, storage.Paused) }},
		"any gap":       {storage.Query{Cause: storage.AnyCause}, func(r storage.Row) bool { return len(r.Gaps) > 0 }},
		"own number":    {storage.Query{Number: "88257"}, func(storage.Row) bool { return true }},
		"part":          {storage.Query{Number: "46001"}, func(r storage.Row) bool { return strings.Contains(string(r.FarNumber), "46001") }},
		"whole number":  {storage.Query{Far: string(mid.FarNumber)}, func(r storage.Row) bool { return r.FarNumber == mid.FarNumber }},
		"first digits":  {storage.Query{FarBegins: "020794600"}, func(r storage.Row) bool { return strings.HasPrefix(string(r.FarNumber), "020794600") }},
		"last digits":   {storage.Query{FarEnds: "7"}, func(r storage.Row) bool { return strings.HasSuffix(string(r.FarNumber), "7") }},
		"class":         {storage.Query{Class: storagetest.Class}, func(storage.Row) bool { return true }},
		"no such class": {storage.Query{Class: "x"}, func(storage.Row) bool { return false }},
		"all together": {storage.Query{Line: "one", Department: "Housing", Cause: storage.Lost, FarEnds: "0"}, func(r storage.Row) bool {
			return r.Line == "one" && r.Department == "Housing" && caused(r, storage.Lost) && strings.HasSuffix(string(r.FarNumber), "0")
		}},
		"not an id at all": {storage.Query{Before: "x"}, nil},
	} {
		var want []storage.Row
		for _, r := range rows {
			if c.wants != nil && c.wants(r) {
				want = append(want, r)
			}
		}
		var got []storage.Row
		for c.q.Limit = 7; ; {
			page, err := s.Calls(c.q)
			must(t, err)
			if c.wants != nil && page.Total != len(want) {
				t.Errorf("%s: total %d, want %d", name, page.Total, len(want))
			}
			got = append(got, page.Rows...)
			if c.q.Before = page.Next; page.Next == "" {
				break
			}
		}
		if len(got) != len(want) || len(want) > 0 && !reflect.DeepEqual(got, want) {
			t.Errorf("%s: %d rows, want %d", name, len(got), len(want))
		}
	}
}

func openDesk(t *testing.T, dir string) *storage.Store {
	t.Helper()
	s, err := storage.OpenDesk(dir, nil, time.Hour)
	must(t, err)
	return s
}

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
