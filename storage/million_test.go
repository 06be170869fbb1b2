package storage

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"testing"
	"time"

	"linevault/codec/pcm"
	"linevault/storage/catalogue"
	"linevault/storage/catalogue/bench"
	"linevault/storage/keys"
	"linevault/storage/seal"
	"linevault/storage/segment"
)

// perSegment is how many calls a segment has: some 256 MiB of sound.
const perSegment = 270

// madeUp makes a store in dir whose catalogue has n calls, eighteen months of them, and whose
// segments are there by name only.
func madeUp(tb testing.TB, dir string, n int) {
	tb.Helper()
	fatal := func(err error) {
		if err != nil {
			tb.Fatal(err)
		}
	}
	fatal(Create(dir, []string{"standard"}))
	ring, err := keys.OpenRing(dir)
	fatal(err)
	s := &Store{dir: dir, ring: ring}
	key, err := s.catalogueKey()
	fatal(err)
	index := catalogue.New(filepath.Join(dir, catalogueDir), key)
	defer index.Close()
	saved := savedState{Segments: map[string]segmentMark{}}
	i := 0
	contacts := func(yield func(*catalogue.Contact) bool) {
		for c := range bench.Contacts(n) {
			name := segment.Name{Day: c.Start.Format(time.DateOnly), Class: "standard", Seq: 1 + i/perSegment}.String()
			if i++; saved.Segments[name] == (segmentMark{}) {
				path := filepath.Join(dir, segmentsDir, name)
				fatal(os.WriteFile(path, nil, 0o600))
				info, err := os.Stat(path)
				fatal(err)
				saved.Segments[name] = segmentMark{Mod: info.ModTime().UnixNano()}
			}
			p := partOfContact(c, name)
			c.Last, c.Department = p.period.String(), folded(c.Department)
			c.Periods, c.Row = []string{c.Last}, appendRow(c.Row[:0], []*storedPart{p}, nil)
			if !yield(c) {
				return
			}
		}
	}
	fatal(index.Fill(contacts))
	state, err := json.Marshal(saved)
	fatal(err)
	fatal(index.Save(state))
}

func partOfContact(c *catalogue.Contact, name string) *storedPart {
	f := pcm.Format{Rate: 8000, Legs: 2}
	call := Call{
		ID: formatCallID(c.ID), Line: pcm.LineID(c.Line), Name: "Line " + c.Line, Department: c.Department, LineNumber: Number(c.Own),
		FarNumber: Number(c.Far), Direction: Direction(c.Direction), Class: c.Class, Format: f, Start: c.Start, From: 160_000,
		Clock: ClockState{Source: "ntp", Uncertainty: time.Millisecond}, Software: "1.0",
	}
	p := &storedPart{id: seal.PartID(c.ID), period: period{"standard", keys.DayOf(c.Start)}}
	p.summary = summary{
		listed: true, head: header{Call: call}, call: call, bytes: int64(c.Length / 500),
		span: pcm.Span{From: 160_000, To: 160_000 + f.Samples(c.Length)},
	}
	p.end = &End{At: p.span.To, Why: EndReason(c.Why), Machine: c.Length}
	for _, cause := range c.Gaps {
		p.gaps = append(p.gaps, Gap{Span: pcm.Span{From: 160_000, To: 176_000}, Cause: Cause(cause), By: "terminal parking-1", Reason: "card payment"})
	}
	p.places = []place{{segment: name, count: 100, commits: true, ended: true}}
	return p
}

// asked is a question to the index as one to the store.
func asked(q *catalogue.Query) Query {
	s := Query{
		Line: pcm.LineID(q.Line), Number: q.Number, From: q.From, To: q.To, Cause: Cause(q.Gap), Far: q.Far, FarBegins: q.FarBegins, FarEnds: q.FarEnds,
		Department: q.Department, Direction: Direction(q.Direction), MinLength: q.MinLength, MaxLength: q.MaxLength, State: State(q.State),
		Why: EndReason(q.Why), Class: q.Class, Held: q.Held == catalogue.Yes, Kind: Kind(q.Kind), Agent: q.Agent, Purpose: q.Purpose, Flag: q.Flag,
		MinStars: int(q.MinRating), MaxStars: int(q.MaxRating), Note: q.Note, NoTotal: true,
	}
	if q.Part != "" {
		s.Number = q.Part // in either number, which is more work
	}
	if q.Before != (catalogue.ID{}) {
		s.Before = formatCallID(q.Before)
	}
	return s
}

// heapInUse is how many bytes are in use.
func heapInUse() int64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

// A store of many calls finds those that its catalogue has, without its segments, and wakes
// only what is asked for.
func TestMadeUp(t *testing.T) {
	const n = 3000
	dir := t.TempDir()
	madeUp(t, dir, n)
	s, err := Open(dir, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if len(s.parts) > 0 {
		t.Errorf("%d parts are awake", len(s.parts))
	}
	for _, q := range bench.Queries(n, 3) {
		q.Department = folded(q.Department)
		want, _, err := s.listing.index.Page(&q.Query, defaultLimit)
		if err != nil {
			t.Fatal(err)
		}
		page, err := s.Calls(asked(&q.Query))
		if err != nil || q.Part == "" && len(page.Rows) != len(want) {
			t.Errorf("%s: %d rows, want %d, %v", q.Kind, len(page.Rows), len(want), err)
		}
		for i := range min(len(want), len(page.Rows)) {
			if q.Part == "" && page.Rows[i].ID != formatCallID(want[i].ID) {
				t.Fatalf("%s: row %d is %s", q.Kind, i, page.Rows[i].ID)
			}
		}
	}
	first, err := s.Calls(Query{Limit: 1})
	if err != nil || first.Total != n {
		t.Fatalf("%d calls, %v", first.Total, err)
	}
	row, err := s.Find(first.Rows[0].ID)
	if err != nil || row.LineNumber == "" || len(s.calls) != 1 {
		t.Errorf("%+v, %d calls awake, %v", row, len(s.calls), err)
	}
}

// BenchmarkStore opens a store of CONTACTS calls, a million if that is not set, and asks it for
// pages with their rows. It prints lines of name, value, unit.
func BenchmarkStore(b *testing.B) {
	n := 1_000_000
	if v := os.Getenv("CONTACTS"); v != "" {
		var err error
		if n, err = strconv.Atoi(v); err != nil {
			b.Fatal(err)
		}
	}
	say := func(name string, value float64, unit string) {
		fmt.Printf("store_%d_%s %.3f %s\n", n, name, value, unit)
	}
	dir := b.TempDir()
	began := time.Now()
	madeUp(b, dir, n)
	say("build", time.Since(began).Seconds(), "s")
	queries := bench.Queries(n, 30)
	for b.Loop() {
		before := heapInUse()
		began = time.Now()
		s, err := Open(dir, nil)
		if err != nil {
			b.Fatal(err)
		}
		ask := func(q Query) Page {
			page, err := s.Calls(q)
			if err != nil {
				b.Fatal(err)
			}
			return page
		}
		if page := ask(Query{}); page.Total != n {
			b.Fatalf("%d calls", page.Total)
		}
		say("start_to_first_page", time.Since(began).Seconds(), "s")
		ask(Query{Number: "99", Agent: "nobody"})
		say("start_to_first_answer_from_all", time.Since(began).Seconds(), "s")
		s.listing.index.Loaded()
		say("start_to_all_in_memory", time.Since(began).Seconds(), "s")
		say("memory_at_start", float64(heapInUse()-before)/float64(n), "bytes/call")
		var first, best []time.Duration
		for i := range queries {
			q := asked(&queries[i].Query)
			least := time.Duration(1 << 62)
			for try := range bench.Tries {
				began := time.Now()
				ask(q)
				took := time.Since(began)
				if least = min(least, took); try == 0 {
					first = append(first, took)
				}
			}
			best = append(best, least)
		}
		for name, times := range map[string][]time.Duration{"page_first_try": first, "page": best} {
			slices.Sort(times)
			for _, p := range []float64{0.5, 0.99} {
				say(fmt.Sprintf("%s_p%.0f", name, 100*p), bench.Of(times, p).Seconds()*1000, "ms")
			}
		}
		say("memory_after_questions", float64(heapInUse()-before)/float64(n), "bytes/call")
		s.Close()
	}
}
