package bench

import (
	"math/rand/v2"
	"time"

	"linevault/storage/catalogue"
)

// Query is a question of a kind.
type Query struct {
	Kind string
	catalogue.Query
}

// kinds makes questions round a contact that is there, so that they find something, but for
// those that are to find nothing.
var kinds = []struct {
	name string
	make func(q *catalogue.Query, c *catalogue.Contact)
}{
	{"newest", func(*catalogue.Query, *catalogue.Contact) {}},
	{"older than one", func(q *catalogue.Query, c *catalogue.Contact) { q.Before = c.ID }},
	{"direction", func(q *catalogue.Query, c *catalogue.Contact) { q.Direction = c.Direction }},
	{"1 day, line", func(q *catalogue.Query, c *catalogue.Contact) { around(q, c, 1); q.Line = c.Line }},
	{"30 days, agent, direction", func(q *catalogue.Query, c *catalogue.Contact) {
		around(q, c, 30)
		q.Agent, q.Direction = c.Agent, c.Direction
	}},
	{"department, length, state", func(q *catalogue.Query, c *catalogue.Contact) {
		q.Department, q.State, q.MinLength, q.MaxLength = c.Department, c.State, c.Length-10*time.Second, c.Length+10*time.Second
	}},
	{"long calls", func(q *catalogue.Query, c *catalogue.Contact) { q.MinLength = c.Length + 30*time.Minute }},
	{"exact length", func(q *catalogue.Query, c *catalogue.Contact) {
		q.MinLength, q.MaxLength = c.Length+time.Millisecond, c.Length+time.Millisecond
	}},
	{"1 year, line, last 4 digits", func(q *catalogue.Query, c *catalogue.Contact) {
		around(q, c, 365)
		q.Line, q.FarEnds = c.Line, last(c, 4)
	}},
	{"last 4 digits", func(q *catalogue.Query, c *catalogue.Contact) { q.FarEnds = last(c, 4) }},
	{"last 7 digits", func(q *catalogue.Query, c *catalogue.Contact) { q.FarEnds = last(c, 7) }},
	{"90 days, first 6 digits", func(q *catalogue.Query, c *catalogue.Contact) { around(q, c, 90); q.FarBegins = c.Far[:6] }},
	{"first 3 digits, agent, held", func(q *catalogue.Query, c *catalogue.Contact) {
		q.FarBegins, q.Agent, q.Held = c.Far[:3], c.Agent, catalogue.Yes
	}},
	{"whole number", func(q *catalogue.Query, c *catalogue.Contact) { q.Far = c.Far }},
	{"part of a number, 3 digits", func(q *catalogue.Query, c *catalogue.Contact) { q.Part = c.Far[4:7] }},
	{"part of a number, 6 digits", func(q *catalogue.Query, c *catalogue.Contact) { q.Part = c.Far[3:9] }},
	{"flag, rating", func(q *catalogue.Query, c *catalogue.Contact) { q.Flag, q.MinRating = tags[len(c.Agent+c.Far)%20], 4 }},
	{"note, common word", func(q *catalogue.Query, c *catalogue.Contact) { q.Note = noteWords[len(c.Row)%len(noteWords)] }},
	{"note, two words, line", func(q *catalogue.Query, c *catalogue.Contact) {
		q.Note, q.Line = "boiler "+noteWords[len(c.Row)%len(noteWords)], c.Line
	}},
	{"note, rare word", func(q *catalogue.Query, c *catalogue.Contact) { q.Note = "ref" + c.Far[7:11] }},
	{"purpose, gap", func(q *catalogue.Query, c *catalogue.Contact) { q.Purpose, q.Gap = "dispute", "paused" }},
	{"held", func(q *catalogue.Query, c *catalogue.Contact) { q.Held = catalogue.Yes }},
	{"lost, chat", func(q *catalogue.Query, c *catalogue.Contact) { q.State, q.Kind = "lost", "chat" }},
	{"nothing: 1 year, line, agent, last 6 digits", func(q *catalogue.Query, c *catalogue.Contact) {
		around(q, c, 365)
		q.Line, q.Agent, q.FarEnds = c.Line, c.Agent, "1"+last(c, 5)
	}},
	{"nothing: part of a number", func(q *catalogue.Query, c *catalogue.Contact) { q.Part = "99" + last(c, 7) }},
	{"nothing: department, another's line", func(q *catalogue.Query, c *catalogue.Contact) {
		q.Department, q.Line, q.Direction = departments[0], "line-1", c.Direction
	}},
}

func last(c *catalogue.Contact, n int) string { return c.Far[len(c.Far)-n:] }

func around(q *catalogue.Query, c *catalogue.Contact, days int) {
	half := time.Duration(days) * 12 * time.Hour
	q.From, q.To = c.Start.Add(-half), c.Start.Add(half)
}

// sample copies some of the n contacts.
func sample(n, some int) []*catalogue.Contact {
	r := rand.New(rand.NewPCG(2, 2))
	wanted := map[int]bool{}
	for range some {
		wanted[r.IntN(n)] = true
	}
	var list []*catalogue.Contact
	i := 0
	for c := range Contacts(n) {
		if wanted[i] {
			one := *c
			one.Row = append([]byte(nil), c.Row...)
			list = append(list, &one)
		}
		i++
	}
	return list
}

// Queries are questions about n contacts, each of every kind.
func Queries(n, each int) []Query {
	var list []Query
	from := sample(n, each)
	for _, k := range kinds {
		for _, c := range from {
			q := Query{Kind: k.name}
			k.make(&q.Query, c)
			list = append(list, q)
		}
	}
	return list
}
