package web

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"linevault/daemon/control"
)

type callBody struct {
	ID, Title            string
	Errors               problems
	Warnings             []string
	Facts                []fact
	Live                 bool
	MayListen, MayExport bool
	Key                  []keyItem
	Player               *player // once the purpose is known
	Said                 said
	Gaps                 []gapView
	Asked                []askedView
	MayPurge, MayRelease bool
	Related              []relatedCall // other recordings of the same call
	Purposes             []control.Purpose
	Purpose, Reference   string // as they were filled in
	Matters              matters
}

type relatedCall struct{ ID, Text string }

type fact struct{ Key, Value string }

type keyItem struct{ Swatch, Text string }

type player struct {
	control.Listening
	Permit string
}

type gapView struct {
	Seconds, From, To, Length, Text string
	Until                           string // in seconds
	Quarantined                     bool
}

func (s *server) call(w http.ResponseWriter, r *http.Request) {
	body, err := s.callBody(r)
	if err != nil {
		s.refuse(w, r, err)
		return
	}
	if permit := r.URL.Query().Get("permit"); permit != "" {
		why, err := s.Desk.Listening(actor(r), body.ID, permit)
		switch {
		case err == nil:
			body.Player = &player{Listening: why, Permit: permit}
		case errors.Is(err, control.ErrNoGrant):
			body.Warnings = append(body.Warnings, "What you said before has run out. Say again why you are listening.")
		default:
			s.refuse(w, r, err)
			return
		}
	}
	s.show(w, r, http.StatusOK, "call", body.Title, body, nil)
}

func (s *server) callBody(r *http.Request) (callBody, error) {
	c, err := s.Desk.Call(actor(r), r.PathValue("id"))
	if err != nil {
		return callBody{}, err
	}
	body := callBody{
		ID: c.ID, Title: "Call on " + c.Start.In(s.Zone).Format("2 January 2006 at 15:04"), Live: c.Live,
		MayListen: actor(r).May(control.Listen), MayExport: actor(r).May(control.Export),
		Said: s.saidOf(c, actor(r)), Warnings: callWarnings(c), Facts: s.callFacts(c), Purposes: control.Purposes,
	}
	for leg := range c.Legs {
		body.Key = append(body.Key, keyItem{[]string{"near", "far"}[min(leg, 1)], legName(leg, c.Legs)})
	}
	for _, g := range c.Gaps {
		body.Gaps = append(body.Gaps, gapView{
			Seconds: seconds(g.From), From: exact(g.From), To: exact(g.To), Length: exactly(g.To - g.From), Text: gapText(g),
			Until: seconds(g.To), Quarantined: g.Cause == control.CauseQuarantined,
		})
	}
	body.Asked = askedViews(c)
	body.MayPurge, body.MayRelease = actor(r).May(control.Purge), actor(r).May(control.ReleaseQuarantine)
	related, err := s.Desk.Related(actor(r), c.ID)
	if err != nil {
		return callBody{}, err
	}
	for _, o := range related {
		body.Related = append(body.Related, relatedCall{o.ID, fmt.Sprintf("%s, from %s, %s", o.LineName, s.timeOf(o.Start), clock(o.Length))})
	}
	if body.Matters, err = s.matters(r, c); err != nil {
		return callBody{}, err
	}
	if body.Gaps != nil {
		body.Key = append(body.Key, keyItem{"gap", "cannot be heard"})
	}
	return body, nil
}

func seconds(d time.Duration) string { return strconv.FormatFloat(d.Seconds(), 'f', 3, 64) }

func (s *server) callFacts(c control.Call) []fact {
	started := c.Start.In(s.Zone).Format("Monday 2 January 2006, 15:04:05")
	if !c.ClockTrusted {
		started += " (the recorder's clock was not synchronised)"
	}
	line := []string{c.LineName, c.Department, number(c.LineNumber)}
	line = slices.DeleteFunc(line, func(s string) bool { return s == "" })
	other := otherParty(c)
	if d := direction(c.Direction); d != "" {
		other += " (" + strings.ToLower(d) + ")"
	}
	length := clock(c.Length)
	if c.Recorded < c.Length {
		length += ", of which " + clock(c.Recorded) + " can be heard"
	}
	if c.Called != "" && c.Called != c.LineNumber && c.Called != c.FarNumber {
		other += ", who dialled " + number(c.Called)
	}
	facts := []fact{{"Line", strings.Join(line, ", ")}, {"Other party", other}, {"Started", started}, {"Length", length}}
	if !c.Live {
		facts = append(facts, fact{"End", endText(c.Ended)})
	}
	return append(facts, fact{"Call reference", c.ID})
}

func endText(e control.End) string {
	switch e {
	case control.EndHungUp:
		return "The call ended"
	case control.EndCardLost:
		return "The line card stopped in mid call"
	case control.EndBoxStopped:
		return "The recorder was stopped in mid call"
	case control.EndInterrupted:
		return "The recorder was cut off in mid call, by a power cut or a fault"
	case control.EndFile:
		return "The end of the file that it was recorded from"
	}
	return string(e)
}

func callWarnings(c control.Call) (warnings []string) {
	add := func(is bool, text string) {
		if is {
			warnings = append(warnings, text)
		}
	}
	withheld := false
	damaged := c.Damaged
	for _, g := range c.Gaps {
		withheld = withheld || g.Cause == control.CauseWithheld
		damaged = damaged || g.Cause == control.CauseDamaged
	}
	add(c.Live, "This call is being recorded now. You can listen to it when it has ended.")
	add(damaged, "Part of this recording is damaged and cannot be played. The rest plays as it was recorded.")
	add(c.Interrupted, "Recording was interrupted in mid call. What had been recorded until then is here.")
	add(withheld, "Part of this call is withheld: it was asked to be paused after it had been recorded. It is never played, and is destroyed within a minute of the call’s end.")
	add(slices.ContainsFunc(c.Gaps, func(g control.Gap) bool { return g.Cause == control.CauseQuarantined }),
		"Part of this call is in quarantine: it may be card data, and nobody had paused. It is not played unless somebody releases it.")
	add(c.Demo, "This is a demonstration call, spoken by a machine.")
	return warnings
}

func (s *server) listen(w http.ResponseWriter, r *http.Request) {
	purpose, reference := r.PostFormValue("purpose"), r.PostFormValue("reference")
	id := r.PathValue("id")
	permit, err := s.Desk.Listen(actor(r), id, purpose, reference)
	if err == nil {
		to := url.URL{Path: "/calls/" + id, RawQuery: url.Values{"permit": {permit}}.Encode(), Fragment: "listen"}
		http.Redirect(w, r, to.String(), http.StatusSeeOther)
		return
	}
	wrong, ok := errors.AsType[*control.PurposeError](err)
	if !ok {
		s.refuse(w, r, err)
		return
	}
	body, err := s.callBody(r)
	if err != nil {
		s.refuse(w, r, err)
		return
	}
	body.Errors = problems{{wrong.Field, wrong.Text}}
	body.Purpose, body.Reference = purpose, reference
	s.show(w, r, http.StatusUnprocessableEntity, "call", body.Title, body, body.Errors)
}

type picture struct {
	Duration float64      `json:"duration"`
	Legs     [][]int      `json:"legs"`
	Gaps     []pictureGap `json:"gaps"`
}

type pictureGap struct {
	From  float64 `json:"from"`
	To    float64 `json:"to"`
	Label string  `json:"label"`
}

func (s *server) peaks(w http.ResponseWriter, r *http.Request) {
	p, err := s.Desk.Picture(actor(r), r.PathValue("id"))
	if err != nil {
		s.refuse(w, r, err)
		return
	}
	out := picture{Duration: p.Length.Seconds(), Legs: make([][]int, len(p.Legs)), Gaps: []pictureGap{}}
	for leg, points := range p.Legs {
		for _, v := range points {
			out.Legs[leg] = append(out.Legs[leg], int(v))
		}
	}
	for _, g := range p.Gaps {
		out.Gaps = append(out.Gaps, pictureGap{g.From.Seconds(), g.To.Seconds(), gapLabel(g.Cause)})
	}
	w.Header().Set("Content-Type", "application/json")
	if err := json.NewEncoder(w).Encode(out); err != nil {
		s.Log.Debug("the reader of a waveform has gone", "err", err)
	}
}
