package storage_test

import (
	"testing"
	"time"

	"linevault/storage"
)

func TestTerm(t *testing.T) {
	london, err := time.LoadLocation("Europe/London")
	must(t, err)
	for _, c := range []struct{ from, term, over string }{
		{"2026-08-31 12:00", "6 months", "2027-03-01 00:00"}, // 28 February is kept whole
		{"2027-08-31 12:00", "6 months", "2028-03-01 00:00"}, // and 29 February
		{"2028-02-29 12:00", "1 year", "2029-03-01 00:00"},
		{"2026-01-31 12:00", "1 month", "2026-03-01 00:00"},
		{"2026-11-22 12:00", "14 days", "2026-12-07 00:00"},
		{"2026-11-22 12:00", "18 months", "2028-05-23 00:00"},
		{"2026-03-28 23:59", "1 day", "2026-03-30 00:00"}, // the day of 23 hours
		{"2026-10-24 00:30", "1 day", "2026-10-26 00:00"}, // the day of 25 hours
		{"2026-12-31 23:59", "2 months", "2027-03-01 00:00"},
	} {
		from, err := time.ParseInLocation("2006-01-02 15:04", c.from, london)
		must(t, err)
		term, err := storage.ParseTerm(c.term)
		must(t, err)
		if got := term.Over(from).In(london).Format("2006-01-02 15:04"); got != c.over || term.String() != c.term {
			t.Errorf("%s from %s is over at %s, want %s", term, c.from, got, c.over)
		}
	}
	// An instant late on a summer evening, UTC, is the day after in London.
	late := time.Date(2026, 7, 1, 23, 30, 0, 0, time.UTC)
	if got := (storage.Term{N: 1, Unit: storage.Days}).Over(late).In(london).Day(); got != 4 {
		t.Errorf("day %d, want 4", got)
	}
	for _, bad := range []string{"", "14", "days", "0 days", "-1 days", "14 weeks", "1000000 days", "6 months or so"} {
		if _, err := storage.ParseTerm(bad); err == nil {
			t.Errorf("%q is a term", bad)
		}
	}
	if d, m := (storage.Term{N: 31, Unit: storage.Days}), (storage.Term{N: 1, Unit: storage.Months}); !m.Less(d) || d.Less(m) {
		t.Error("a month is never longer than 31 days, and sometimes shorter")
	}
}
