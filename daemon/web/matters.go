package web

import (
	"net/http"

	"linevault/daemon/control"
)

// matters is what may be done with a call besides listening, and what was.
type matters struct {
	Any     bool
	Hold    *holdView
	Waiting []string
	Links   []link
}

type link struct{ Path, Text string }

func (s *server) matters(r *http.Request, c control.Call) (matters, error) {
	var m matters
	h, err := s.Desk.HoldOf(actor(r), c.ID)
	if err != nil {
		return m, err
	}
	hold := "Place a legal hold"
	if h != nil {
		v := s.holdView(*h)
		m.Hold, hold = &v, "Review or release the legal hold"
	}
	waiting, err := s.Desk.WaitingPurges(actor(r), c.ID)
	if err != nil {
		return m, err
	}
	for _, p := range waiting {
		m.Waiting = append(m.Waiting, precise(p.From)+" to "+precise(p.To)+" is destroyed when the call ends, as "+p.By+" asked.")
	}
	for _, l := range []struct {
		path, text string
		needs      control.Permission
		ended      bool // it can be done with calls that have ended only
	}{
		{"hold", hold, control.PlaceHold, false},
		{"purge", "Destroy part of the call, such as a card number", control.Purge, false},
		{"erase", "Destroy the call before its time", control.AskErasure, true},
		{"disclose", "Disclose the call, with proof", control.Disclose, true},
	} {
		if actor(r).May(l.needs) && !(l.ended && c.Live) {
			m.Links = append(m.Links, link{"/calls/" + c.ID + "/" + l.path, l.text})
		}
	}
	m.Any = m.Hold != nil || m.Links != nil || m.Waiting != nil
	return m, nil
}
