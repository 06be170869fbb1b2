package schedule

import "time"

// BankHoliday is the name of the bank holiday of England and Wales that a day is, by the Banking and Financial
// Dealings Act 1971 and the usual proclamations, or empty. A holiday proclaimed for one
// year alone is not known here.
func BankHoliday(t time.Time) string {
	t = t.In(Zone)
	y := t.Year()
	at := func(m time.Month, d int) time.Time { return time.Date(y, m, d, 12, 0, 0, 0, Zone) }
	is := func(d time.Time) bool { return d.Month() == t.Month() && d.Day() == t.Day() }
	e := easter(y)
	switch {
	case is(weekday(at(time.January, 1))):
		return "New Year’s Day"
	case is(e.AddDate(0, 0, -2)):
		return "Good Friday"
	case is(e.AddDate(0, 0, 1)):
		return "Easter Monday"
	case is(first(at(time.May, 1))):
		return "Early May bank holiday"
	case is(first(at(time.May, 25))):
		return "Spring bank holiday"
	case is(first(at(time.August, 25))):
		return "Summer bank holiday"
	}
	christmas := weekday(at(time.December, 25))
	boxing := weekday(at(time.December, 26))
	for boxing.Equal(christmas) || boxing.Before(christmas) {
		boxing = weekday(boxing.AddDate(0, 0, 1))
	}
	switch {
	case is(christmas):
		return "Christmas Day"
	case is(boxing):
		return "Boxing Day"
	}
	return ""
}

// weekday is d, or the Monday after a weekend.
func weekday(d time.Time) time.Time {
	for d.Weekday() == time.Saturday || d.Weekday() == time.Sunday {
		d = d.AddDate(0, 0, 1)
	}
	return d
}

// first is the first Monday from d on.
func first(d time.Time) time.Time {
	for d.Weekday() != time.Monday {
		d = d.AddDate(0, 0, 1)
	}
	return d
}

// easter is Easter Sunday of a year (the Gregorian computus).
func easter(y int) time.Time {
	a, b, c := y%19, y/100, y%100
	d, e := b/4, b%4
	g := (8*b + 13) / 25
	h := (19*a + b - d - g + 15) % 30
	i, k := c/4, c%4
	l := (32 + 2*e + 2*i - h - k) % 7
	m := (a + 11*h + 22*l) / 451
	n := h + l - 7*m + 114
	return time.Date(y, time.Month(n/31), n%31+1, 12, 0, 0, 0, Zone)
}
