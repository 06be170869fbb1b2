package api

import (
	"net/http"
	"net/url"
	"slices"
	"strings"

	"linevault/codec/pcm"
	"linevault/daemon/link"
)

// Calls is the answer to a search.
type Calls struct {
	Calls []Line `json:"calls" doc:"the calls found; empty if there are none"`
}

// calls finds calls that go on now: a terminal knows an extension or a number, not our IDs.
func (a *API) calls(q *asked) {
	if q.URL.Query().Get("live") != "true" {
		q.refuse(http.StatusUnprocessableEntity, `Ask with live=true: only calls that go on now are here.`)
		return
	}
	found := Calls{Calls: []Line{}}
	for _, s := range a.find(q.terminal, q.URL.Query()) {
		found.Calls = append(found.Calls, a.line(s))
	}
	q.answer(found)
}

// ownCall is the call of the address, if it goes on and the terminal may pause its line.
func (a *API) ownCall(q *asked) (link.LineState, bool) {
	id := q.PathValue("call")
	if id != "current" {
		for _, s := range a.find(q.terminal, nil) {
			if string(s.Call) == id {
				return s, true
			}
		}
		q.refuse(http.StatusNotFound, "No such call goes on now on a line of this terminal.")
		return link.LineState{}, false
	}
	switch found := a.find(q.terminal, q.URL.Query()); len(found) {
	case 0:
		q.refuse(http.StatusConflict, "No such call is being recorded now.")
	case 1:
		return found[0], true
	default:
		q.refuse(http.StatusConflict, "Several such calls go on now: say which by line=, extension= or number=.")
	}
	return link.LineState{}, false
}

// find is the calls on lines of t that go on now and are as wanted.
func (a *API) find(t *terminal, want url.Values) []link.LineState {
	var found []link.LineState
	for _, s := range a.Recorder.Status().Lines {
		line, extension, number := want.Get("line"), want.Get("extension"), want.Get("number")
		switch {
		case s.Call == "", s.State == link.Excluded, !slices.Contains(t.Lines, s.Line),
			line != "" && pcm.LineID(line) != s.Line,
			extension != "" && !a.serves(s, extension),
			number != "" && !sameNumber(string(s.FarNumber), number):
		default:
			found = append(found, s)
		}
	}
	return found
}

// serves reports whether a line serves an extension.
func (a *API) serves(s link.LineState, extension string) bool {
	if sameNumber(string(s.Number), extension) {
		return true
	}
	return slices.ContainsFunc(a.Extensions[s.Line], func(e string) bool { return digits(e) == digits(extension) })
}

// national is the fewest digits of a number that say whose it is without what precedes them.
const national = 9

// sameNumber reports whether two numbers are one, whether or not they are written with 0 or
// the country's code.
func sameNumber(x, y string) bool {
	x, y = digits(x), digits(y)
	if x == "" || y == "" {
		return false
	}
	if len(x) > national && len(y) > national {
		x, y = strings.TrimLeft(x, "0"), strings.TrimLeft(y, "0")
		if len(x) < len(y) {
			x, y = y, x
		}
		return len(y) >= national && strings.HasSuffix(x, y)
	}
	return x == y
}

func digits(s string) string {
	return strings.Map(func(r rune) rune {
		if r < '0' || r > '9' {
			return -1
		}
		return r
	}, s)
}
