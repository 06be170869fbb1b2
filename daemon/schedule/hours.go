package schedule

import (
	"slices"
	"strconv"
	"strings"
	"time"
)

// hours are opening hours of some days of the week, in minutes after midnight. Where to is not after
// from they last into the next day.
type hours struct {
	days     [7]bool
	from, to int
}

const day = 24 * 60

var dayNames = []string{"sun", "mon", "tue", "wed", "thu", "fri", "sat"}

func parseHours(text string) (h hours, ok bool) {
	days, times, ok := strings.Cut(strings.TrimSpace(text), " ")
	from, to, ok2 := strings.Cut(strings.TrimSpace(times), "-")
	if !ok || !ok2 {
		return h, false
	}
	if h.days, ok = parseDays(strings.ToLower(days)); !ok {
		return h, false
	}
	h.from, ok = parseMinutes(from)
	h.to, ok2 = parseMinutes(to)
	return h, ok && ok2 && h.from < day && h.from != h.to
}

// parseDays reads "daily", "mon", "mon-fri" or "mon,wed,sat-sun".
func parseDays(text string) (days [7]bool, ok bool) {
	if text == "daily" {
		return [7]bool{true, true, true, true, true, true, true}, true
	}
	for part := range strings.SplitSeq(text, ",") {
		first, last, isRange := strings.Cut(part, "-")
		if !isRange {
			last = first
		}
		a, b := slices.Index(dayNames, first), slices.Index(dayNames, last)
		if a < 0 || b < 0 {
			return days, false
		}
		for d := a; ; d = (d + 1) % 7 {
			days[d] = true
			if d == b {
				break
			}
		}
	}
	return days, true
}

func parseMinutes(text string) (int, bool) {
	h, m, ok := strings.Cut(strings.TrimSpace(text), ":")
	hour, err1 := strconv.Atoi(h)
	minute, err2 := strconv.Atoi(m)
	n := hour*60 + minute
	return n, ok && err1 == nil && err2 == nil && len(h) == 2 && len(m) == 2 && minute >= 0 && minute < 60 && hour >= 0 && n <= day
}

func minutes(t time.Time) int { return t.Hour()*60 + t.Minute() }

// has reports whether t is within those hours of its own day.
func (h hours) has(t time.Time) bool {
	m := minutes(t)
	return h.days[t.Weekday()] && m >= h.from && (m < h.to || h.to <= h.from)
}

// hasLate reports whether t is within the hours of the day before, which last into its day.
func (h hours) hasLate(t, yesterday time.Time) bool {
	return h.to <= h.from && h.days[yesterday.Weekday()] && minutes(t) < h.to
}
