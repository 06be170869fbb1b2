package web

import (
	"net/url"
	"strconv"
	"strings"
	"time"

	"linevault/daemon/control"
)

// moreFilters is the part of the form above the calls that is folded away, as typed.
type moreFilters struct {
	Match, Department, Direction, Longer, Shorter, Result, Gap string
	Agent, About, Flag, Rated, Note, Held, Kind                string

	longer, shorter time.Duration
}

// fields are all of them by their names in the form.
func (m *moreFilters) fields() map[string]*string {
	return map[string]*string{
		"match": &m.Match, "department": &m.Department, "direction": &m.Direction, "longer": &m.Longer, "shorter": &m.Shorter,
		"result": &m.Result, "gap": &m.Gap, "agent": &m.Agent, "about": &m.About, "flag": &m.Flag, "rated": &m.Rated,
		"note": &m.Note, "held": &m.Held, "kind": &m.Kind,
	}
}

// choice is one of a select's options.
type choice struct{ Value, Text string }

// choices are what can be chosen in each select, but for no choice, which comes first.
var choices = map[string][]choice{
	"match":     {{string(control.Begins), "at the beginning"}, {string(control.Ends), "at the end"}, {string(control.Whole), "the whole number"}},
	"direction": {{string(control.In), "Incoming"}, {string(control.Out), "Outgoing"}},
	"result": {
		{string(control.ResultWhole), "Recorded in full"},
		{string(control.ResultPartly), "Recorded in part"},
		{string(control.ResultNothing), "Nothing recorded"},
		{string(control.ResultInterrupted), "Interrupted"},
	},
	"gap": {
		{string(control.AnyGap), "Any"},
		{string(control.CausePaused), "Paused"},
		{string(control.CauseStopped), "Stopped early"},
		{string(control.CauseLost), "Missing"},
		{string(control.CauseDamaged), "Damaged"},
		{string(control.CauseWithheld), "Withheld"},
		{string(control.CausePurged), "Destroyed"},
	},
	"rated": {
		{"1+", "Any rating"}, {"5+", "5 of 5"}, {"4+", "4 or more"}, {"3+", "3 or more"}, {"-2", "2 or less"}, {"-1", "1 of 5"},
	},
	"kind": {{string(control.KindCall), "Calls"}, {string(control.KindChat), "Chats"}},
	"held": {{"yes", "Under legal hold"}},
}

// Choices are the options of a select.
func (m moreFilters) Choices(field string) []choice { return choices[field] }

// Chosen reports whether a select's option is chosen.
func (m moreFilters) Chosen(field, value string) bool { return *m.fields()[field] == value }

// Open reports whether any is in use.
func (m moreFilters) Open() bool {
	for _, v := range m.fields() {
		if *v != "" {
			return true
		}
	}
	return false
}

func parseMore(v url.Values) (m moreFilters, wrong problems) {
	for name, value := range m.fields() {
		*value = strings.TrimSpace(v.Get(name))
		if list, isChoice := choices[name]; isChoice && !has(list, *value) {
			*value = "" // nobody chose that
		}
	}
	for _, t := range []struct {
		typed       string
		to          *time.Duration
		field, name string
	}{{m.Longer, &m.longer, "longer", "At least"}, {m.Shorter, &m.shorter, "shorter", "At most"}} {
		d, ok := minutes(t.typed)
		if *t.to = d; !ok {
			wrong = append(wrong, problem{t.field, t.name + " must be a length in minutes, like 5 or 2:30"})
		}
	}
	if m.longer > 0 && m.shorter > 0 && m.shorter < m.longer {
		wrong = append(wrong, problem{"shorter", "At most must not be less than At least"})
	}
	return m, wrong
}

func has(list []choice, value string) bool {
	for _, c := range list {
		if c.Value == value {
			return true
		}
	}
	return false
}

// minutes is a length as people write it: 5, 2.5 or 2:30.
func minutes(typed string) (time.Duration, bool) {
	if typed == "" {
		return 0, true
	}
	whole, seconds, colon := strings.Cut(typed, ":")
	if colon {
		m, err := strconv.Atoi(whole)
		s, serr := strconv.Atoi(seconds)
		return time.Duration(m)*time.Minute + time.Duration(s)*time.Second,
			err == nil && serr == nil && m >= 0 && m < 10_000 && s >= 0 && s < 60 && m+s > 0
	}
	m, err := strconv.ParseFloat(typed, 64)
	if err != nil || !(m > 0 && m < 10_000) {
		return 0, false
	}
	return time.Duration(m * float64(time.Minute)).Truncate(time.Second), true
}

// ask puts what was typed into a query.
func (m *moreFilters) ask(q *control.Query) {
	q.Match, q.Department, q.Direction = control.Match(m.Match), m.Department, control.Direction(m.Direction)
	q.MinLength, q.MaxLength, q.Result = m.longer, m.shorter, control.Result(m.Result)
	if m.shorter > 0 {
		q.MaxLength += time.Second - time.Millisecond // as lengths are shown, in whole seconds
	}
	q.Gap, q.Agent, q.Purpose, q.Flag, q.Note = control.Cause(m.Gap), m.Agent, m.About, m.Flag, m.Note
	q.Held, q.Kind = m.Held != "", control.Kind(m.Kind)
	if least, ok := strings.CutSuffix(m.Rated, "+"); ok {
		q.MinStars, _ = strconv.Atoi(least) // it is of the choices
	} else if most, ok := strings.CutPrefix(m.Rated, "-"); ok {
		q.MaxStars, _ = strconv.Atoi(most)
	}
	if strings.EqualFold(m.Flag, "any") {
		q.Flag = control.AnyFlag
	}
}
