package web

import (
	"net/http"
	"strconv"
	"strings"
	"time"

	"linevault/daemon/control"
)

type linesBody struct {
	Trouble string
	At      string
	Alarms  []alarmView
	Lines   []lineView
	MayTest bool
}

type alarmView struct{ Text, Since string }

type lineView struct {
	ID, Name, Department, Number string
	Legs                         []legView
	MayPause                     bool
	lineWords
}

// lineWords is what changes about a line but its levels; the page's script puts the same
// words in the same places.
type lineWords struct {
	State   string `json:"state"`
	Tag     string `json:"tag"`
	Since   string `json:"since"`
	Paused  string `json:"paused"`
	Problem string `json:"problem"`
}

type legView struct{ Name, Value, Text string }

const recorderTrouble = "The recorder is not answering. If this does not pass in a minute, tell whoever looks after it."

func (s *server) lines(w http.ResponseWriter, r *http.Request) {
	board, err := s.Desk.Lines(r.Context(), actor(r))
	body := linesBody{At: s.timeOf(s.Now()), MayTest: actor(r).May(control.TestLines)}
	if err != nil {
		s.Log.Warn("the lines page could not ask the recorder", "err", err)
		body.Trouble = recorderTrouble
	}
	body.Alarms = s.alarmViews(board.Alarms)
	for _, l := range board.Lines {
		view := lineView{ID: l.ID, Name: l.Name, Department: l.Department, Number: number(l.Number), MayPause: actor(r).MayPause(l), lineWords: s.words(l)}
		for leg := range l.Legs {
			view.Legs = append(view.Legs, levelOf(l, leg))
		}
		body.Lines = append(body.Lines, view)
	}
	s.show(w, r, http.StatusOK, "lines", "Lines", body, nil)
}

func (s *server) words(l control.Line) lineWords {
	t := stateTag(l.State)
	v := lineWords{State: t.Text, Tag: t.Class, Paused: strings.Join(l.PausedBy, ", "), Problem: l.Problem}
	if !l.Since.IsZero() {
		v.Since = s.timeOf(l.Since)
	}
	return v
}

func levelOf(l control.Line, leg int) legView {
	v := legView{Name: legName(leg, l.Legs), Value: strconv.Itoa(control.LowestLevel), Text: "no level"}
	if leg < len(l.Levels) {
		v.Value = strconv.FormatFloat(l.Levels[leg], 'f', 0, 64)
		v.Text = v.Value + " dB"
	}
	return v
}

func (s *server) alarmViews(alarms []control.Alarm) (views []alarmView) {
	for _, a := range alarms {
		views = append(views, alarmView{Text: a.Text, Since: s.timeOf(a.Since)})
	}
	return views
}

// timeOf is a time of day, with the date unless it is today's.
func (s *server) timeOf(t time.Time) string {
	t, now := t.In(s.Zone), s.Now().In(s.Zone)
	if t.YearDay() == now.YearDay() && t.Year() == now.Year() {
		return t.Format("15:04:05")
	}
	return t.Format("2 January 2006, 15:04")
}
