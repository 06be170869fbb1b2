// Package bench measures the catalogue with made-up contacts: eighteen months of a big
// council's calls.
package bench

import (
	"encoding/binary"
	"fmt"
	"iter"
	"math/rand/v2"
	"strconv"
	"time"

	"linevault/storage/catalogue"
)

// Start is when the first contact began.
var Start = time.Date(2025, 5, 1, 0, 0, 0, 0, time.UTC)

// months is how long the contacts took to come.
const months = 548 * 24 * time.Hour

var (
	departments = []string{"Parking", "Housing", "Council Tax", "Benefits", "Repairs", "Registrars", "Planning", "Licensing", "Refuse", "Social Care", "Schools", "Libraries", "Highways", "Elections", "Noise", "Contact Centre"}
	purposes    = []string{"quality", "complaint", "training", "dispute", "safeguarding"}
	tags        = []string{"abuse", "follow up", "good", "vulnerable", "bailiff", "appeal", "language", "councillor", "press", "threat", "refund", "duplicate", "wrong number", "silent", "escalated", "called back", "interpreter", "minor", "data request", "fraud"}
	noteWords   = []string{"caller", "asked", "about", "bin", "collection", "missed", "payment", "permit", "appeal", "letter", "received", "tenant", "repair", "boiler", "broken", "again", "twice", "manager", "please", "check", "housing", "officer", "visit", "date", "moved", "address", "refund", "card", "declined", "complaint"}
)

// Contacts makes n contacts, oldest first, always the same ones. A contact is good until the
// next.
func Contacts(n int) iter.Seq[*catalogue.Contact] {
	return func(yield func(*catalogue.Contact) bool) {
		r := rand.New(rand.NewPCG(1, uint64(n)))
		agents := rand.NewZipf(r, 1.1, 10, 999)
		callers := rand.NewZipf(r, 1.05, 100, uint64(max(10, n/10)))
		var c catalogue.Contact
		for i := range n {
			c = catalogue.Contact{Row: c.Row[:0]}
			fill(&c, r, i, n, agents, callers)
			if !yield(&c) {
				return
			}
		}
	}
}

func fill(c *catalogue.Contact, r *rand.Rand, i, n int, agents, callers *rand.Zipf) {
	at := Start.Add(time.Duration(float64(months) * (float64(i) + 0.5*r.Float64()) / float64(n))).Truncate(time.Millisecond)
	binary.BigEndian.PutUint64(c.ID[:], uint64(at.UnixMilli())<<16|uint64(r.Uint32()&0xFFFF))
	binary.BigEndian.PutUint64(c.ID[8:], uint64(i)) // distinct, in order where the rest is the same
	line := r.IntN(480)
	c.Start, c.Length = at, time.Duration(r.ExpFloat64()*float64(4*time.Minute)).Truncate(time.Millisecond)
	c.Line, c.Own, c.Department = "line-"+strconv.Itoa(line), fmt.Sprintf("0208825%04d", 7000+line), departments[line%len(departments)]
	c.Agent = strconv.Itoa(4000 + int(agents.Uint64()))
	c.Far = caller(callers.Uint64())
	c.Direction, c.State, c.Why, c.Class, c.Kind = "in", "recorded", "hung up", "standard", "call"
	if r.IntN(100) < 35 {
		c.Direction = "out"
	}
	switch p := r.IntN(1000); {
	case p < 60:
		c.State, c.Gaps = "partly", []string{"paused"}
	case p < 63:
		c.State, c.Why = "lost", "card lost"
	case p < 65:
		c.Gaps = []string{"lost"}
	case p < 80:
		c.Kind = "chat"
	}
	if r.IntN(10) == 0 {
		c.Rating = uint8(1 + r.IntN(5))
		c.Purpose = []string{purposes[r.IntN(len(purposes))]}
	}
	if r.IntN(20) == 0 {
		c.Flags = []string{tags[min(r.IntN(len(tags)), r.IntN(len(tags)))]}
	}
	c.Held = r.IntN(2000) == 0
	if r.IntN(20) == 0 {
		for range 6 {
			c.Note += noteWords[r.IntN(len(noteWords))] + " "
		}
		c.Note += "ref" + strconv.Itoa(r.IntN(100_000))
	}
	c.Row = fmt.Appendf(c.Row, `{"line":%q,"name":%q,"department":%q,"line_number":%q,"far_number":%q,"direction":%q,"class":"standard",`+
		`"format":{"Rate":8000,"Legs":2},"start":"2026-03-01T10:11:12.345Z","clock":{"source":"ntp","offset":0,"uncertainty":1000000},`+
		`"length":%d,"recorded":%d,"gaps":[],"why":%q,"parts":1,"bytes":%d,"note":%q}`,
		c.Line, c.Line, c.Department, c.Own, c.Far, c.Direction, c.Length, c.Length, c.Why, c.Length/500, c.Note)
}

// caller is the number of the k-th caller: scattered, so that first digits say little of who
// calls often.
func caller(k uint64) string {
	h := k*0x9E3779B97F4A7C15 + 12345
	h ^= h >> 31
	switch h % 10 {
	case 0, 1, 2, 3:
		return fmt.Sprintf("07%09d", h/10%1_000_000_000)
	case 4, 5, 6:
		return fmt.Sprintf("0208%07d", h/10%10_000_000)
	case 7:
		return fmt.Sprintf("0207%07d", h/10%10_000_000)
	}
	return fmt.Sprintf("01%03d%06d", h/10%60+200, h/600%1_000_000)
}
