package storage

import (
	"fmt"
	"strconv"
	"strings"
	"time"
	_ "time/tzdata" // an appliance has no time zones of its own

	"linevault/storage/keys"
)

// Term is how long something is kept, in whole days of the calendar. The zero Term is none.
type Term struct {
	N    int
	Unit Unit
}

// Unit is what a Term counts in.
type Unit string

// The units of a Term.
const (
	Days   Unit = "days"
	Months Unit = "months"
	Years  Unit = "years"
)

// maxTerm is the longest term, in years.
const maxTerm = 100

// ParseTerm reads "14 days", "18 months" or "1 year".
func ParseTerm(s string) (Term, error) {
	bad := fmt.Errorf("%q is not a term such as \"14 days\", \"18 months\" or \"6 years\"", s)
	f := strings.Fields(s)
	if len(f) != 2 {
		return Term{}, bad
	}
	n, err := strconv.Atoi(f[0])
	u := Unit(strings.TrimSuffix(f[1], "s") + "s")
	per, known := map[Unit]int{Days: 366, Months: 12, Years: 1}[u]
	if err != nil || !known || n < 1 || n > maxTerm*per {
		return Term{}, bad
	}
	return Term{n, u}, nil
}

// String is t as ParseTerm reads it.
func (t Term) String() string {
	switch t.N {
	case 0:
		return ""
	case 1:
		return "1 " + strings.TrimSuffix(string(t.Unit), "s")
	}
	return fmt.Sprintf("%d %s", t.N, t.Unit)
}

// UnmarshalText is ParseTerm; nothing is no term.
func (t *Term) UnmarshalText(b []byte) error {
	if len(b) == 0 {
		*t = Term{}
		return nil
	}
	v, err := ParseTerm(string(b))
	if err != nil {
		return err
	}
	*t = v
	return nil
}

// MarshalText is String.
func (t Term) MarshalText() ([]byte, error) { return []byte(t.String()), nil }

// councilTime is where days begin and end.
var councilTime = func() *time.Location {
	l, err := time.LoadLocation("Europe/London")
	if err != nil {
		panic("storage: " + err.Error()) // the zones are built in
	}
	return l
}()

// Over is when a term that began on the day of t is over: the midnight, in London, that ends
// its last day. A month that is too short ends on its last day: 31 August and 6 months is 28
// or 29 February.
func (t Term) Over(from time.Time) time.Time {
	y, m, d := from.In(councilTime).Date()
	switch t.Unit {
	case Days:
		d += t.N
	case Months:
		m += time.Month(t.N)
	case Years:
		y += t.N
	}
	if t.Unit != Days {
		// Day 0 of the month after is the last of this one.
		d = min(d, time.Date(y, m+1, 0, 12, 0, 0, 0, councilTime).Day())
	}
	return time.Date(y, m, d+1, 0, 0, 0, 0, councilTime)
}

// Less reports whether t is over before o is, whatever day they begin on.
func (t Term) Less(o Term) bool {
	// In the years with the shortest and the longest months, from each day.
	for day := time.Date(2023, 1, 1, 12, 0, 0, 0, councilTime); day.Year() < 2025; day = day.AddDate(0, 0, 1) {
		if t.Over(day).Before(o.Over(day)) {
			return true
		}
	}
	return false
}

// dayEnd is the last instant that a period's day may hold, as a time to count from.
func dayEnd(d keys.Day) time.Time {
	t, err := time.Parse(time.DateOnly, string(d))
	if err != nil {
		return time.Time{} // a Day of the ring parses
	}
	return t.Add(24*time.Hour - time.Second)
}
