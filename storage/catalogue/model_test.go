package catalogue_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"linevault/storage/catalogue"
)

var epoch = time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)

// contact makes a contact with values from small sets, so that queries find some.
func contact(r *rand.Rand) *catalogue.Contact {
	pick := func(list ...string) string { return list[r.IntN(len(list))] }
	c := &catalogue.Contact{
		Start:  epoch.Add(time.Duration(r.Int64N(int64(1000 * time.Hour)))),
		Length: time.Duration(r.Int64N(int64(r.IntN(900)+1))) * 1001 * time.Millisecond,
		Far:    number(r), Own: pick("02088257000", "02088257001", "", "x@box"),
		Line: pick("one", "two", "one-b", ""), Department: pick("Parking", "Housing", "Tax", ""), Agent: fmt.Sprint(r.IntN(30)), Extension: pick("", "7", "x7"),
		Direction: pick("in", "out", ""), State: pick("recorded", "recorded", "partly", "lost"), Why: pick("hung up", "card lost", "interrupted"),
		Class: pick("standard", "standard", "short"), Kind: pick("call", "call", "call", "chat"), Rating: uint8(max(0, r.IntN(12)-6)), Held: r.IntN(20) == 0,
	}
	for range r.IntN(3) {
		c.Purpose = append(c.Purpose, pick("quality", "complaint", "training"))
		c.Flags = append(c.Flags, pick("follow up", "abuse", "good", "é"))
		c.Gaps = append(c.Gaps, pick("paused", "stopped", "lost"))
	}
	if r.IntN(3) == 0 {
		c.Note = pick("Caller", "caller's", "Mrs Ünal", "bins") + " " + pick("asked twice", "asks", "paid; council-tax", "42")
	}
	binary.BigEndian.PutUint64(c.ID[:], uint64(c.Start.UnixMilli())<<16)
	c.ID[15] = byte(r.IntN(256))
	c.Row = fmt.Appendf(nil, "row of %x, %d", c.ID, r.Uint64())
	return c
}

func number(r *rand.Rand) string {
	switch r.IntN(20) {
	case 0:
		return ""
	case 1:
		return "sip:a" + fmt.Sprint(r.IntN(9)) + "@example.org"
	case 2:
		return "+44" + fmt.Sprint(r.IntN(999))
	case 3:
		return fmt.Sprint(r.IntN(200))
	case 4:
		return fmt.Sprintf("%020d", r.IntN(300))
	case 5:
		return fmt.Sprintf("*%d#", r.IntN(300))
	}
	return fmt.Sprintf("0207%04d%03d", r.IntN(30), r.IntN(1000))
}

func query(r *rand.Rand) *catalogue.Query {
	q := &catalogue.Query{}
	like := contact(r)
	for range r.IntN(4) {
		switch r.IntN(22) {
		case 0:
			q.Line = like.Line
		case 1:
			q.Department = like.Department
		case 2:
			q.Agent = like.Agent
		case 3:
			q.Direction = like.Direction
		case 4:
			q.State, q.Why = like.State, like.Why
		case 5:
			q.Class, q.Kind = like.Class, like.Kind
		case 6:
			q.Purpose = "quality"
		case 7:
			q.Flag = []string{"é", catalogue.AnyFlag}[r.IntN(2)]
		case 8:
			q.Gap = "paused"
		case 9:
			q.Gap = catalogue.AnyGap
		case 10:
			q.MinRating = uint8(r.IntN(6))
		case 11:
			q.MaxRating = uint8(r.IntN(6))
		case 12:
			q.Held = catalogue.Choice(r.IntN(3))
		case 13:
			q.Note = []string{"call", "asked", "ask cal", "ünal", "nobody", "4"}[r.IntN(6)]
		case 14:
			q.From = epoch.Add(time.Duration(r.Int64N(int64(1000 * time.Hour))))
		case 15:
			q.To = epoch.Add(time.Duration(r.Int64N(int64(1000 * time.Hour))))
		case 16:
			q.MinLength = time.Duration(r.IntN(1000)) * time.Second
		case 17:
			q.MaxLength = time.Duration(r.IntN(1000)) * time.Second
		case 18:
			q.Far = like.Far
		case 19:
			q.FarBegins = like.Far[:r.IntN(len(like.Far)+1)]
		case 20:
			q.FarEnds = like.Far[r.IntN(len(like.Far)+1):]
		case 21:
			s := like.Far[r.IntN(len(like.Far)+1):]
			if s = s[:r.IntN(len(s)+1)]; r.IntN(2) == 0 {
				q.Part = s
			} else {
				q.Number = s
			}
		}
	}
	if r.IntN(4) == 0 {
		q.Before = like.ID
	}
	return q
}

// wants is the plain meaning of a query.
func wants(q *catalogue.Query, c *catalogue.Contact) bool {
	is := func(want, have string) bool { return want == "" || want == have }
	in := func(want string, have []string) bool { return want == "" || slices.Contains(have, want) }
	word := func(w string) bool {
		return slices.ContainsFunc(strings.FieldsFunc(strings.ToLower(c.Note), func(r rune) bool { return strings.ContainsRune(" ;-'", r) }),
			func(s string) bool { return strings.HasPrefix(s, w) })
	}
	for w := range strings.FieldsSeq(strings.ToLower(q.Note)) {
		if !word(w) {
			return false
		}
	}
	length := c.Length.Truncate(time.Millisecond)
	return (q.Before == catalogue.ID{} || bytes.Compare(c.ID[:], q.Before[:]) < 0) &&
		is(q.Line, c.Line) && is(q.Department, c.Department) && (is(q.Agent, c.Agent) || q.Agent == c.Extension) && is(q.Direction, c.Direction) &&
		is(q.State, c.State) && is(q.Why, c.Why) && is(q.Class, c.Class) && is(q.Kind, c.Kind) && is(q.Far, c.Far) &&
		in(q.Purpose, c.Purpose) && (q.Flag == catalogue.AnyFlag && len(c.Flags) > 0 || q.Flag != catalogue.AnyFlag && in(q.Flag, c.Flags)) &&
		(q.Gap == catalogue.AnyGap && len(c.Gaps) > 0 || q.Gap != catalogue.AnyGap && in(q.Gap, c.Gaps)) &&
		strings.HasPrefix(c.Far, q.FarBegins) && strings.HasSuffix(c.Far, q.FarEnds) && strings.Contains(c.Far, q.Part) &&
		(strings.Contains(c.Far, q.Number) || strings.Contains(c.Own, q.Number)) &&
		(q.From.IsZero() || !c.Start.Before(q.From)) && (q.To.IsZero() || c.Start.Before(q.To)) &&
		length >= q.MinLength && (q.MaxLength == 0 || length <= q.MaxLength) &&
		(q.MinRating == 0 && q.MaxRating == 0 || c.Rating > 0 && c.Rating >= q.MinRating && (q.MaxRating == 0 || c.Rating <= q.MaxRating)) &&
		(q.Held == catalogue.Either || c.Held == (q.Held == catalogue.Yes))
}

// model is a catalogue that looks at every contact.
type model map[catalogue.ID]*catalogue.Contact

// compare asks both, page by page.
func (m model) compare(t *testing.T, x *catalogue.Index, q *catalogue.Query) {
	t.Helper()
	var want []*catalogue.Contact
	for _, c := range m {
		if wants(q, c) {
			want = append(want, c)
		}
	}
	slices.SortFunc(want, func(a, b *catalogue.Contact) int { return b.ID.Compare(a.ID) })
	if n, err := x.Count(q); err != nil || n != len(want) {
		t.Fatalf("%+v: counted %d of %d, %v", *q, n, len(want), err)
	}
	const limit = 50
	page, more, err := x.Page(q, limit)
	if err != nil {
		t.Fatal(err)
	}
	if len(page) != min(limit, len(want)) || more != (len(want) > limit) {
		t.Fatalf("%+v: %d on the page, more %v, of %d", *q, len(page), more, len(want))
	}
	for i, f := range page {
		if f.ID != want[i].ID || !bytes.Equal(f.Row, want[i].Row) {
			t.Fatalf("%+v: place %d has %x %q, want %x %q", *q, i, f.ID, f.Row, want[i].ID, want[i].Row)
		}
	}
}

// Random contacts come, change and go in any order, with and without a disk; random queries
// find what a plain scan finds.
func TestModel(t *testing.T) {
	for seed := range uint64(3) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			r := rand.New(rand.NewPCG(seed, 0))
			folder, key := t.TempDir(), [32]byte{1, byte(seed)}
			if seed == 0 {
				folder = ""
			}
			x, m := catalogue.New(folder, key), model{}
			defer func() { x.Close() }()
			var ids []catalogue.ID // those of m, in an order that is the same each time
			for round := range 6 {
				come := func(yield func(*catalogue.Contact) bool) {
					for range 1 + r.IntN(7_000) {
						c := contact(r)
						if r.IntN(10) == 0 && len(ids) > 0 {
							c.ID = ids[r.IntN(len(ids))] // any one changes
						}
						if m[c.ID] == nil {
							ids = append(ids, c.ID)
						}
						if m[c.ID] = c; !yield(c) {
							return
						}
					}
				}
				if round%2 == 0 {
					must(t, x.Fill(come))
				} else {
					for c := range come {
						must(t, x.Put(c))
					}
				}
				ids = slices.DeleteFunc(ids, func(id catalogue.ID) bool {
					if r.IntN(300) > 0 {
						return false
					}
					must(t, x.Remove(id))
					delete(m, id)
					return true
				})
				if x.Len() != len(m) {
					t.Fatalf("%d contacts of %d", x.Len(), len(m))
				}
				for range 20 {
					m.compare(t, x, query(r))
				}
				if folder != "" && round%3 == 2 {
					must(t, x.Save([]byte("state")))
					x.Close()
					var state []byte
					var err error
					x, state, err = catalogue.Load(folder, key)
					must(t, err)
					if string(state) != "state" {
						t.Fatalf("state %q", state)
					}
				}
			}
			for id, c := range m {
				if row, err := x.Find(id); err != nil || !bytes.Equal(row, c.Row) {
					t.Fatalf("%x: %q, %v", id, row, err)
				}
			}
			if _, err := x.Find(catalogue.ID{}); !errors.Is(err, catalogue.ErrUnknown) {
				t.Error(err)
			}
			if err := x.Remove(catalogue.ID{}); !errors.Is(err, catalogue.ErrUnknown) {
				t.Error(err)
			}
		})
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
