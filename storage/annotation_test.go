package storage_test

import (
	"bytes"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"linevault/storage"
	"linevault/storage/backup"
	"linevault/storage/ledger"
	"linevault/storage/storagetest"
)

// say annotates a call, and enters it.
func say(t *testing.T, s *storage.Store, l *ledger.Ledger, id storage.CallID, list ...storage.Annotation) {
	t.Helper()
	for _, a := range list {
		a.By = "ann"
		must(t, s.Annotate(id, a, func(e ledger.Event) error { _, err := l.Append(e); return err }))
	}
}

// notes are the texts of a call's notes.
func notes(t *testing.T, s *storage.Store, id storage.CallID) (texts []string) {
	t.Helper()
	must(t, s.Refresh())
	row, err := s.Find(id)
	must(t, err)
	for _, n := range row.About.Notes {
		texts = append(texts, n.Text)
	}
	return texts
}

// What is said about calls is found by every filter, by the store that said it, by another, by
// the next desk and by one that makes the catalogue anew; nothing of it is in clear anywhere.
func TestAnnotations(t *testing.T) {
	dir := storagetest.New(t)
	recorded(t, dir, 0, 9)
	l, _ := book(t, dir)
	desk, other := openDesk(t, dir), openStore(t, dir, nil)
	rows := all(t, desk)
	a, b := rows[2].Call.ID, rows[5].Call.ID
	say(t, desk, l, a,
		storage.Annotation{Kind: storage.SetFlag, Text: " Follow  up "}, storage.Annotation{Kind: storage.Rate, Stars: 2},
		storage.Annotation{Kind: storage.AddNote, Text: "Caller was Zebedee about the bins"}, storage.Annotation{Kind: storage.SetAgent, Text: "Priya N"},
		storage.Annotation{Kind: storage.SetExtension, Text: "4012"}, storage.Annotation{Kind: storage.SetPurpose, Text: "Complaint"},
		storage.Annotation{Kind: storage.SetFlag, Text: "wrong"}, storage.Annotation{Kind: storage.ClearFlag, Text: "Wrong"},
		storage.Annotation{Kind: storage.Rate, Stars: 4})
	say(t, other, l, b, storage.Annotation{Kind: storage.AddNote, Text: "asked twice"}, storage.Annotation{Kind: storage.AddNote, Text: "Zebedee again"},
		storage.Annotation{Kind: storage.SetFlag, Text: "abuse"}, storage.Annotation{Kind: storage.Rate, Stars: 1})
	looked := func(what string, s *storage.Store) {
		t.Helper()
		must(t, s.Refresh())
		for name, c := range map[string]struct {
			q    storage.Query
			want []storage.CallID
		}{
			"flag": {storage.Query{Flag: "follow up"}, []storage.CallID{a}}, "any flag": {storage.Query{Flag: storage.AnyFlag}, []storage.CallID{a, b}},
			"cleared": {storage.Query{Flag: "wrong"}, nil}, "rated": {storage.Query{MinStars: 1}, []storage.CallID{a, b}},
			"well": {storage.Query{MinStars: 4}, []storage.CallID{a}}, "badly": {storage.Query{MaxStars: 2}, []storage.CallID{b}},
			"too well": {storage.Query{MinStars: 6}, nil}, "note": {storage.Query{Note: "zebedee"}, []storage.CallID{a, b}},
			"two words": {storage.Query{Note: "Bins zeb"}, []storage.CallID{a}}, "over two notes": {storage.Query{Note: "twice again"}, []storage.CallID{b}},
			"agent": {storage.Query{Agent: "priya n"}, []storage.CallID{a}}, "extension": {storage.Query{Agent: "4012"}, []storage.CallID{a}},
			"purpose": {storage.Query{Purpose: "complaint"}, []storage.CallID{a}}, "chats": {storage.Query{Kind: storage.IsChat}, nil},
			"all together": {storage.Query{Kind: storage.IsCall, Note: "zeb", Flag: "abuse", MaxStars: 1, Line: rows[5].Line}, []storage.CallID{b}},
		} {
			page, err := s.Calls(c.q)
			must(t, err)
			var got []storage.CallID
			for _, r := range page.Rows {
				got = append(got, r.Call.ID)
			}
			if page.Total != len(c.want) || !reflect.DeepEqual(got, c.want) {
				t.Errorf("%s: %s: %v (%d), want %v", what, name, got, page.Total, c.want)
			}
		}
		row, err := s.Find(a)
		must(t, err)
		about := row.About
		if len(about.Flags) != 1 || about.Flags[0].Text != "Follow up" || about.Flags[0].By != "ann" || about.Flags[0].At.IsZero() ||
			about.Stars != 4 || about.Rated.By != "ann" || about.Agent.Text != "Priya N" || about.Extension.Text != "4012" ||
			len(about.Purposes) != 1 || len(about.Notes) != 1 {
			t.Errorf("%s: %+v", what, about)
		}
	}
	looked("the desk", desk)
	looked("another", other)
	looked("one that is new", openStore(t, dir, nil))
	desk.Close()
	desk = openDesk(t, dir)
	looked("the next desk", desk)
	desk.Close()
	must(t, os.RemoveAll(filepath.Join(dir, "catalogue")))
	desk = openDesk(t, dir)
	looked("a desk without a catalogue", desk)
	desk.Close()
	for path, b := range files(t, dir) {
		for _, word := range []string{"Zebedee", "zebedee", "Priya", "abuse", "Follow"} {
			if strings.Contains(b, word) {
				t.Errorf("%s has %q in clear", path, word)
			}
		}
	}
	n := 0
	events, err := l.Events(0, l.Len())
	must(t, err)
	for _, e := range events {
		if e.Kind == "annotation" && e.Who == "ann" && len(e.Data["sha256"]) == 64 {
			n++
		}
	}
	if n != 13 {
		t.Errorf("%d entries in the ledger", n)
	}
	if r := storagetest.Check(t, dir, nil); r.Annotations != 13 {
		t.Errorf("the check counted %d", r.Annotations)
	}
}

// What is wrong is refused, in words for who said it.
func TestAnnotationRefused(t *testing.T) {
	dir := storagetest.New(t)
	recorded(t, dir, 0, 1)
	s := openStore(t, dir, nil)
	id := all(t, s)[0].Call.ID
	for want, a := range map[string]storage.Annotation{
		"who makes it":                {Kind: storage.Rate, Stars: 1},
		"rating is from 1 to 5":       {By: "ann", Kind: storage.Rate, Stars: 6},
		"note needs some words":       {By: "ann", Kind: storage.AddNote, Text: " \n"},
		"has 60 characters at most":   {By: "ann", Kind: storage.SetFlag, Text: strings.Repeat("é", 61)},
		"has 4000 characters at most": {By: "ann", Kind: storage.AddNote, Text: strings.Repeat("x", 4001)},
		"no kind":                     {By: "ann", Kind: "x"},
	} {
		if err := s.Annotate(id, a, func(ledger.Event) error { t.Error("entered"); return nil }); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%+v: %v", a, err)
		}
	}
	if err := s.Annotate("01ABCDEFGHJKMNPQRSTVWXYZ00", storage.Annotation{By: "ann", Kind: storage.Rate, Stars: 1}, nil); err == nil {
		t.Error("a call that is not there was rated")
	}
	refused := os.ErrPermission
	if err := s.Annotate(id, storage.Annotation{By: "ann", Kind: storage.Rate, Stars: 1}, func(ledger.Event) error { return refused }); err != refused {
		t.Errorf("the ledger refused: %v", err)
	}
	if row, err := s.Find(id); err != nil || row.About.Stars != 0 {
		t.Errorf("%+v, %v", row.About, err)
	}
}

// What was said stays when a span of the call is purged. When the call is erased it is in no
// file any more, and what was in the files before opens with nothing that is left.
func TestAnnotationsDestroyed(t *testing.T) {
	dir := storagetest.New(t)
	recorded(t, dir, 0, 6)
	l, _ := book(t, dir)
	s := openDesk(t, dir)
	rows := all(t, s)
	id, stays := rows[1].Call.ID, rows[3].Call.ID
	say(t, s, l, id, storage.Annotation{Kind: storage.AddNote, Text: "gives card number"}, storage.Annotation{Kind: storage.Rate, Stars: 3})
	say(t, s, l, stays, storage.Annotation{Kind: storage.AddNote, Text: "stays"})
	_, err := s.PurgeSpan(id, 0, 200*time.Millisecond, "ann", "card", l)
	must(t, err)
	second := openStore(t, dir, nil)
	for _, s := range []*storage.Store{s, second} {
		if got := notes(t, s, id); len(got) != 1 || got[0] != "gives card number" {
			t.Fatalf("after a purge: %q", got)
		}
	}
	before := files(t, filepath.Join(dir, "annotations"))
	_, err = s.EraseCall(id, "ann", "order", "bob", l)
	must(t, err)
	for path, old := range before {
		now, err := os.ReadFile(path)
		must(t, err)
		if strings.HasSuffix(path, "lock") {
			continue
		}
		// 5 records: two under the part's first key were swept by the purge already.
		if len(now) == 0 || len(now) >= len(old) {
			t.Errorf("%s had %d bytes and has %d", path, len(old), len(now))
		}
		must(t, os.WriteFile(path, []byte(old), 0o600)) // somebody puts back what was there
	}
	for what, s := range map[string]*storage.Store{"desk": s, "other": second, "new": openStore(t, dir, nil)} {
		must(t, s.Refresh())
		page, err := s.Calls(storage.Query{Note: "card"})
		must(t, err)
		if page.Total != 0 {
			t.Errorf("%s: a note of an erased call is found", what)
		}
		if got := notes(t, s, stays); len(got) != 1 {
			t.Errorf("%s: %q of a call that stays", what, got)
		}
	}
	s.Close()
	must(t, s.Finish(l))
}

// A kill at any step leaves what was acknowledged, and at most what was not.
func TestAnnotateKilled(t *testing.T) {
	if what := os.Getenv(destroyEnv); what != "" {
		dir, id, _ := strings.Cut(what, " ")
		s, l := reopened(t, dir)
		say(t, s, l, storage.CallID(id), storage.Annotation{Kind: storage.AddNote, Text: "second"})
		return
	}
	dir := storagetest.New(t)
	recorded(t, dir, 0, 1)
	s, l := reopened(t, dir)
	id := all(t, s)[0].Call.ID
	say(t, s, l, id, storage.Annotation{Kind: storage.AddNote, Text: "first"})
	must(t, l.Close())
	for n, ended := 0, false; !ended; n++ {
		ended = killedAt(t, "TestAnnotateKilled", dir+" "+string(id), n)
		storagetest.Check(t, dir, nil)
	}
	fresh := openStore(t, dir, nil)
	if got := notes(t, fresh, id); len(got) < 2 || got[0] != "first" || got[len(got)-1] != "second" {
		t.Errorf("%q", got)
	}
	// A torn record at the end is nobody's; what comes after it is kept.
	path, err := filepath.Glob(filepath.Join(dir, "annotations", "*.standard"))
	must(t, err)
	b, err := os.ReadFile(path[0])
	must(t, err)
	want := len(notes(t, fresh, id))
	must(t, os.WriteFile(path[0], append(b, b[:len(b)/2-3]...), 0o600))
	storagetest.Check(t, dir, nil)
	s, l = reopened(t, dir)
	say(t, s, l, id, storage.Annotation{Kind: storage.AddNote, Text: "third"})
	must(t, l.Close())
	if got := notes(t, openStore(t, dir, nil), id); len(got) < want+1 || got[len(got)-1] != "third" {
		t.Errorf("after a torn record: %q", got)
	}
}

// A bit that flips in the file is told by the check, and costs what it hit.
func TestAnnotationDamaged(t *testing.T) {
	dir := storagetest.New(t)
	recorded(t, dir, 0, 2)
	l, _ := book(t, dir)
	s := openStore(t, dir, nil)
	id := all(t, s)[0].Call.ID
	for _, text := range []string{"one", "two", "three"} {
		say(t, s, l, id, storage.Annotation{Kind: storage.AddNote, Text: text})
	}
	path := must1(filepath.Glob(filepath.Join(dir, "annotations", "*.standard")))[0]
	whole, err := os.ReadFile(path)
	must(t, err)
	for _, at := range []int{0, 3, 8, 20, 60, len(whole) / 2} {
		b := bytes.Clone(whole)
		b[at] ^= 1
		must(t, os.WriteFile(path, b, 0o600))
		r, err := storage.Check(dir, nil, storage.CheckOptions{})
		must(t, err)
		if r.OK() || !strings.Contains(r.Problems[0].Text, "said about a call") {
			t.Errorf("byte %d: %v", at, r.Problems)
		}
		if got := notes(t, openStore(t, dir, nil), id); len(got) != 2 {
			t.Errorf("byte %d: %q", at, got)
		}
	}
	must(t, os.WriteFile(path, whole, 0o600))
}

// A backup has what was said, and a store made of it says it again.
func TestAnnotationsBackedUp(t *testing.T) {
	dir, folder, back := storagetest.New(t), t.TempDir(), filepath.Join(t.TempDir(), "back")
	recorded(t, dir, 0, 2)
	l, _ := book(t, dir)
	s := openStore(t, dir, nil)
	id := all(t, s)[0].Call.ID
	say(t, s, l, id, storage.Annotation{Kind: storage.AddNote, Text: "one"})
	_, err := backup.Make(dir, folder, time.Now(), nil)
	must(t, err)
	_, _, err = backup.Restore(folder, back, nil)
	must(t, err)
	must(t, backup.PutRoot(back, filepath.Join(dir, "keys", "root")))
	if got := notes(t, openStore(t, back, nil), id); len(got) != 1 || got[0] != "one" {
		t.Errorf("%q", got)
	}
}
