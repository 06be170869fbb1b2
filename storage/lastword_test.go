package storage

import (
	"encoding/json"
	"testing"
	"time"

	"linevault/codec/pcm"
	"linevault/storage/ledger"
)

// What was said last counts, also where the clock was set back since: in this store and in the
// next one.
func TestLastWordCounts(t *testing.T) {
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	dir := t.TempDir()
	must(Create(dir, []string{"standard"}))
	w, err := OpenWriter(dir, WriterOptions{})
	must(err)
	l := &crashLine{w: w}
	l.r, err = w.Begin(Call{ID: NewCallID(time.Now()), Class: "standard", Format: pcm.Format{Rate: 8000, Legs: 2}, Start: time.Now()})
	must(err)
	id := l.r.ID()
	must(l.instant())
	must(l.r.Finish(End{At: l.pos, Why: HungUp}))
	must(w.Close())
	s, err := Open(dir, nil)
	must(err)
	defer s.Close()

	// As Annotate does, an hour from now.
	part, of, key, err := s.partToSayItWith(id)
	must(err)
	defer key.Forget()
	ahead := time.Now().UTC().Add(time.Hour).Truncate(time.Millisecond)
	for i, a := range []Annotation{{Kind: Rate, Stars: 2}, {Kind: SetFlag, Text: "abuse"}} {
		a.ID, a.By, a.At = string(rune('a'+i)), "ann", ahead
		plain, err := json.Marshal(a)
		must(err)
		must(s.appendSaid(of, sealSaid(key, part, plain)))
	}
	var entered []time.Time
	for _, a := range []Annotation{
		{Kind: Rate, Stars: 4},
		{Kind: ClearFlag, Text: "Abuse"},
		{Kind: AddNote, Text: "one"},
		{Kind: AddNote, Text: "two"},
		{Kind: AddNote, Text: "three"},
	} {
		a.By = "bob"
		must(s.Annotate(id, a, func(e ledger.Event) error { entered = append(entered, e.At); return nil }))
	}
	next, err := Open(dir, nil)
	must(err)
	defer next.Close()
	for _, s := range []*Store{s, next} {
		row, err := s.Find(id)
		must(err)
		about := row.About
		if about.Stars != 4 || about.Rated.By != "bob" || len(about.Flags) != 0 {
			t.Errorf("what was said first counts: %+v", about)
		}
		if n := about.Notes; len(n) != 3 || n[0].Text != "one" || n[1].Text != "two" || n[2].Text != "three" {
			t.Errorf("notes %+v", n)
		}
	}
	for _, at := range entered {
		if !at.Before(ahead) {
			t.Errorf("the ledger has %v, which is not the clock's", at)
		}
	}
}
