package schedule

import (
	"errors"
	"testing"
	"time"
)

func at(t *testing.T, s string) time.Time {
	t.Helper()
	v, err := time.Parse(time.RFC3339, s)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// Instants are given in UTC, so that what the clocks do shows.
func TestOutside(t *testing.T) {
	elections := Text{Windows: []string{"2026-04-01 to 2026-05-07"}}
	autumn := Text{Windows: []string{"2026-10-01 to 2026-10-25", "2026-11-01 10:00 to 2026-11-01 11:30"}}
	spring := Text{Windows: []string{"2026-03-29 to 2026-03-29"}}
	office := Text{Hours: []string{"Mon-Fri 08:30-17:00", "Sat 09:00-12:00"}, BankHolidays: true, ClosedOn: []string{"2026-12-24"}}
	night := Text{Hours: []string{"Fri-Sat 22:00-06:00"}, ClosedOn: []string{"2026-11-28"}}
	for _, row := range []struct {
		text     Text
		at, want string
	}{
		{Text{}, "2026-01-01T00:00:00Z", ""},
		{elections, "2026-03-31T22:59:59Z", "outside window"}, // 23:59:59 in summer time
		{elections, "2026-03-31T23:00:00Z", ""},
		{elections, "2026-05-07T22:59:59Z", ""},
		{elections, "2026-05-07T23:00:00Z", "outside window"},
		{autumn, "2026-09-30T22:59:59Z", "outside window"},
		{autumn, "2026-09-30T23:00:00Z", ""},
		{autumn, "2026-10-25T00:30:00Z", ""}, // 01:30, for the first time
		{autumn, "2026-10-25T01:30:00Z", ""}, // and for the second
		{autumn, "2026-10-25T23:59:59Z", ""}, // winter time now
		{autumn, "2026-10-26T00:00:00Z", "outside window"},
		{autumn, "2026-11-01T09:59:59Z", "outside window"},
		{autumn, "2026-11-01T11:29:59Z", ""},
		{autumn, "2026-11-01T11:30:00Z", "outside window"},
		{spring, "2026-03-28T23:59:59Z", "outside window"},
		{spring, "2026-03-29T00:00:00Z", ""},
		{spring, "2026-03-29T22:59:59Z", ""},
		{spring, "2026-03-29T23:00:00Z", "outside window"},
		{office, "2026-06-01T07:29:59Z", "outside hours"}, // Monday, 08:29:59
		{office, "2026-06-01T07:30:00Z", ""},
		{office, "2026-06-01T15:59:59Z", ""},
		{office, "2026-06-01T16:00:00Z", "outside hours"},
		{office, "2026-11-23T08:30:00Z", ""}, // winter time
		{office, "2026-11-21T09:00:00Z", ""}, // Saturday
		{office, "2026-11-22T10:00:00Z", "outside hours"},
		{office, "2026-12-24T10:00:00Z", "closed on 2026-12-24"},
		{office, "2026-12-25T10:00:00Z", "bank holiday"},
		{office, "2026-12-28T10:00:00Z", "bank holiday"}, // Boxing Day was a Saturday
		{office, "2026-05-04T10:00:00Z", "bank holiday"},
		{night, "2026-11-20T22:00:00Z", ""}, // Friday
		{night, "2026-11-21T05:59:59Z", ""},
		{night, "2026-11-21T06:00:00Z", "outside hours"},
		{night, "2026-11-28T02:00:00Z", ""}, // Friday's night, although Saturday is closed
		{night, "2026-11-28T23:00:00Z", "closed on 2026-11-28"},
		{night, "2026-11-29T02:00:00Z", "outside hours"},
	} {
		s, err := Parse(row.text)
		if err != nil {
			t.Fatal(err)
		}
		if got := s.Outside(at(t, row.at)); got != row.want {
			t.Errorf("%v at %s: %q, want %q", row.text, row.at, got, row.want)
		}
	}
}

func TestParseRefuses(t *testing.T) {
	for _, x := range []Text{
		{Windows: []string{"2026-04-01"}},
		{Windows: []string{"2026-05-07 to 2026-04-01"}},
		{Windows: []string{"2026-04-31 to 2026-05-07"}},
		{Windows: []string{"1/4/2026 to 7/5/2026"}},
		{Hours: []string{"Mon-Fri"}},
		{Hours: []string{"Mon-Fry 08:30-17:00"}},
		{Hours: []string{"Mon 8:30-17:00"}},
		{Hours: []string{"Mon 08:30-25:00"}},
		{Hours: []string{"Mon 08:30-08:30"}},
		{Hours: []string{"Mon -1:30-08:30"}},
		{ClosedOn: []string{"Christmas"}},
	} {
		_, err := Parse(x)
		if _, ok := errors.AsType[*FormError](err); !ok {
			t.Errorf("%+v: %v", x, err)
		}
	}
}

// The bank holidays of England and Wales as the government published them.
func TestBankHolidays(t *testing.T) {
	for year, want := range map[int][]string{
		2024: {"01-01", "03-29", "04-01", "05-06", "05-27", "08-26", "12-25", "12-26"},
		2025: {"01-01", "04-18", "04-21", "05-05", "05-26", "08-25", "12-25", "12-26"},
		2026: {"01-01", "04-03", "04-06", "05-04", "05-25", "08-31", "12-25", "12-28"},
		2027: {"01-01", "03-26", "03-29", "05-03", "05-31", "08-30", "12-27", "12-28"},
		2028: {"01-03", "04-14", "04-17", "05-01", "05-29", "08-28", "12-25", "12-26"},
	} {
		var got []string
		for d := time.Date(year, 1, 1, 12, 0, 0, 0, Zone); d.Year() == year; d = d.AddDate(0, 0, 1) {
			if BankHoliday(d) != "" {
				got = append(got, d.Format("01-02"))
			}
		}
		if len(got) != len(want) {
			t.Errorf("%d: %v, want %v", year, got, want)
			continue
		}
		for i := range got {
			if got[i] != want[i] {
				t.Errorf("%d: %v, want %v", year, got, want)
				break
			}
		}
	}
}
