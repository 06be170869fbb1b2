package storage_test

import (
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
	w, err := storage.OpenWriter(dir, storage.WriterOptions{Now: storagetest.Clock(), OnProblem: func(err error) { t.Error(err) }})
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
