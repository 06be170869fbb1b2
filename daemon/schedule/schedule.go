// Package schedule says whether an instant is within dated windows and opening hours, by the clock on the
// wall in the United Kingdom.
package schedule

import (
	"fmt"
	"slices"
	"strings"
	"time"
	_ "time/tzdata" // an appliance need not have a zone database
)

// Zone is where the clock on the wall is.
var Zone = func() *time.Location {
	z, err := time.LoadLocation("Europe/London")
	if err != nil {
		panic("schedule: " + err.Error()) // it is in the program
	}
	return z
}()

// Schedule is when something is so. What is empty says nothing: without windows it is so in all
// years, without hours at all hours.
type Schedule struct {
	Name    string
	windows []window
	hours   []hours
	closed  []string // days, as 2026-12-24
	holiday bool     // closed on bank holidays
}

// Text is a schedule as it is written.
type Text struct {
	Name         string
	Windows      []string // "2026-04-01 to 2026-05-07", both days included, or with times: "2026-04-01 07:00 to 2026-05-07 22:00"
	Hours        []string // "Mon-Fri 08:30-17:00", "Sat 09:00-12:00", "daily 22:00-06:00"
	ClosedOn     []string // "2026-12-24"
	BankHolidays bool     // they are closed
}

// FormError says what of a schedule does not read.
type FormError struct {
	Field string // of Text
	Text  string
}

func (e *FormError) Error() string { return e.Text }

// Parse reads a schedule. The error is a *FormError.
func Parse(t Text) (*Schedule, error) {
	s := &Schedule{Name: t.Name, holiday: t.BankHolidays}
	for _, text := range t.Windows {
		w, ok := parseWindow(text)
		if !ok {
			return nil, &FormError{"Windows", fmt.Sprintf("%q is not a window such as \"2026-04-01 to 2026-05-07\" or \"2026-04-01 07:00 to 2026-05-07 22:00\", the earlier first", text)}
		}
		s.windows = append(s.windows, w)
	}
	for _, text := range t.Hours {
		h, ok := parseHours(text)
		if !ok {
			return nil, &FormError{"Hours", fmt.Sprintf("%q is not opening hours such as \"Mon-Fri 08:30-17:00\", \"Sat 09:00-12:00\" or \"daily 00:00-24:00\"", text)}
		}
		s.hours = append(s.hours, h)
	}
	for _, text := range t.ClosedOn {
		if _, err := time.Parse(time.DateOnly, text); err != nil {
			return nil, &FormError{"ClosedOn", fmt.Sprintf("%q is not a day such as \"2026-12-24\"", text)}
		}
		s.closed = append(s.closed, text)
	}
	return s, nil
}

// Outside says why an instant is outside the schedule; within it, it says nothing.
func (s *Schedule) Outside(t time.Time) string {
	t = t.In(Zone)
	if len(s.windows) > 0 {
		wall := t.Format(wallForm)
		if !slices.ContainsFunc(s.windows, func(w window) bool { return w.from <= wall && wall < w.to }) {
			return "outside window"
		}
	}
	why := s.shut(t)
	if len(s.hours) == 0 {
		return why
	}
	if why == "" && slices.ContainsFunc(s.hours, func(h hours) bool { return h.has(t) }) {
		return ""
	}
	yesterday := t.AddDate(0, 0, -1)
	if s.shut(yesterday) == "" && slices.ContainsFunc(s.hours, func(h hours) bool { return h.hasLate(t, yesterday) }) {
		return ""
	}
	if why != "" {
		return why
	}
	return "outside hours"
}

// shut says why it is closed on a day.
func (s *Schedule) shut(t time.Time) string {
	day := t.Format(time.DateOnly)
	switch {
	case slices.Contains(s.closed, day):
		return "closed on " + day
	case s.holiday && BankHoliday(t) != "":
		return "bank holiday"
	}
	return ""
}

// wallForm is an instant on the clock on the wall, so that texts compare as instants do. In the night in which
// the clocks go back an hour comes twice, and both are the same.
const wallForm = "2006-01-02 15:04:05"

type window struct{ from, to string } // to is not included

func parseWindow(text string) (window, bool) {
	from, to, ok := strings.Cut(text, " to ")
	first, _, ok1 := parseInstant(strings.TrimSpace(from))
	last, day, ok2 := parseInstant(strings.TrimSpace(to))
	if day {
		last = last.AddDate(0, 0, 1)
	}
	w := window{first.Format(wallForm), last.Format(wallForm)}
	return w, ok && ok1 && ok2 && w.from < w.to
}

func parseInstant(text string) (t time.Time, day, ok bool) {
	if t, err := time.Parse(time.DateOnly, text); err == nil {
		return t, true, true
	}
	t, err := time.Parse("2006-01-02 15:04", text)
	return t, false, err == nil
}
