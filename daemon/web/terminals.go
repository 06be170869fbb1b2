package web

import (
	"net/http"
	"strings"
	"time"
)

type terminalsBody struct {
	Trouble   string
	Terminals []terminalView
}

type terminalView struct{ Name, Lines, Used, Expires, Soon, Shows, From, Heartbeat string }

// soon is how long before its last day a terminal is marked.
const soon = 14 * 24 * time.Hour

func (s *server) terminals(w http.ResponseWriter, r *http.Request) {
	all, err := s.Desk.Terminals(r.Context(), actor(r))
	body := terminalsBody{}
	if err != nil {
		s.Log.Warn("the terminals page could not ask the recorder", "err", err)
		body.Trouble = recorderTrouble
	}
	for _, t := range all {
		v := terminalView{
			Name: t.Name, Lines: strings.Join(t.Lines, ", "), Used: "Never", Expires: "Never",
			Shows: t.Shows, From: "Any address",
		}
		if !t.LastUsed.IsZero() {
			v.Used = s.timeOf(t.LastUsed) + ", from " + t.LastFrom
		}
		if len(t.From) > 0 {
			v.From = strings.Join(t.From, ", ")
		}
		if t.Heartbeat > 0 {
			v.Heartbeat = "every " + spoken(t.Heartbeat)
		}
		if !t.Expires.IsZero() {
			v.Expires = t.Expires.In(s.Zone).Format("2 January 2006")
			switch left := t.Expires.Sub(s.Now()); {
			case left < 0:
				v.Soon = "Expired"
			case left < soon:
				v.Soon = "Expires soon"
			}
		}
		body.Terminals = append(body.Terminals, v)
	}
	s.show(w, r, http.StatusOK, "terminals", "Terminals", body, nil)
}
