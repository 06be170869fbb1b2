package web

import (
	"net/url"
	"strings"
	"time"

	"linevault/daemon/control"
)

// filter is the form above the calls: as typed, and as understood.
type filter struct {
	Line, Number, From, To string // as typed
	Paused                 bool
	before                 string
	moreFilters

	digits   string
	from, to time.Time
}

func (s *server) parseFilter(v url.Values) (f filter, wrong problems) {
	f = filter{
		Line: v.Get("line"), Number: strings.TrimSpace(v.Get("number")), Paused: v.Get("paused") == "yes",
		From: strings.TrimSpace(v.Get("from")), To: strings.TrimSpace(v.Get("to")), before: v.Get("before"),
	}
	f.moreFilters, wrong = parseMore(v)
	f.digits = control.Dialled(f.Number)
	if f.Number != "" && f.digits == "" {
		wrong = append(wrong, problem{"number", "Telephone number must have figures in it"})
	}
	var ok, clock bool
	if f.from, _, ok = s.moment(f.From); !ok {
		wrong = append(wrong, problem{"from", "From must be a date, like " + s.exampleDay() + " or " + s.exampleDay() + " 14:30"})
	}
	if f.to, clock, ok = s.moment(f.To); !ok {
		wrong = append(wrong, problem{"to", "To must be a date, like " + s.exampleDay() + " or " + s.exampleDay() + " 14:30"})
	}
	if !f.to.IsZero() {
		if clock {
			f.to = f.to.Add(time.Minute) // the whole of that minute
		} else {
			f.to = f.to.AddDate(0, 0, 1) // the whole of that day
		}
		if !f.from.IsZero() && !f.from.Before(f.to) {
			wrong = append(wrong, problem{"to", "To must not be before From"})
		}
	}
	return f, wrong
}

// day is the start of a day as people write it; nothing typed is the zero time.
func (s *server) day(typed string) (time.Time, bool) {
	if typed == "" {
		return time.Time{}, true
	}
	like := strings.Join(strings.FieldsFunc(typed, func(r rune) bool { return strings.ContainsRune(" /.-", r) }), "/")
	for _, layout := range []string{"2/1/2006", "2/1/06", "2006/1/2", "2/January/2006", "2/Jan/2006"} {
		if t, err := time.ParseInLocation(layout, like, s.Zone); err == nil {
			return t, true
		}
	}
	return time.Time{}, false
}

// moment is a day, or a day and the time of day after it, by the clock on the wall.
func (s *server) moment(typed string) (t time.Time, clock, ok bool) {
	day, hour := typed, ""
	if i := strings.LastIndexAny(typed, " ,T"); i > 0 && strings.Contains(typed[i:], ":") {
		day, hour = strings.TrimRight(typed[:i], " ,"), typed[i+1:]
	}
	if t, ok = s.day(day); hour == "" || !ok {
		return t, false, ok
	}
	at, err := time.Parse("15:04", hour)
	if err != nil || t.IsZero() {
		return time.Time{}, false, false
	}
	return time.Date(t.Year(), t.Month(), t.Day(), at.Hour(), at.Minute(), 0, 0, s.Zone), true, true
}

func (s *server) exampleDay() string { return s.Now().In(s.Zone).Format("2/1/2006") }

func (f filter) query() control.Query {
	q := control.Query{Line: f.Line, Number: f.digits, From: f.from, To: f.to, Paused: f.Paused, Before: f.before}
	f.ask(&q)
	return q
}

// values is the form's own query string again.
func (f filter) values() url.Values {
	v := url.Values{}
	set := func(key, value string) {
		if value != "" {
			v.Set(key, value)
		}
	}
	set("line", f.Line)
	set("number", f.Number)
	set("from", f.From)
	set("to", f.To)
	if f.Paused {
		v.Set("paused", "yes")
	}
	for key, value := range f.moreFilters.fields() {
		set(key, *value)
	}
	return v
}

// address is the calls page for the form, with one value more.
func (f filter) address(path, key, value string) string {
	v := f.values()
	if key != "" {
		v.Set(key, value)
	}
	if len(v) == 0 {
		return path
	}
	return path + "?" + v.Encode()
}
