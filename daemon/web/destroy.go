package web

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"linevault/daemon/control"
)

type purgeBody struct {
	form
	ID, Call, From, To, Length string
	Live                       bool
	Waiting                    []string
}

// purgeForm may come with from and to, in seconds, as another page saw them.
func (s *server) purgeForm(w http.ResponseWriter, r *http.Request) {
	f := formOf(r)
	s.showPurge(w, r, f)
}

func (s *server) showPurge(w http.ResponseWriter, r *http.Request, f form) {
	id := r.PathValue("id")
	c, err := s.Desk.Call(actor(r), id)
	if err != nil {
		s.refuse(w, r, err)
		return
	}
	waiting, err := s.Desk.WaitingPurges(actor(r), id)
	if err != nil {
		s.refuse(w, r, err)
		return
	}
	body := purgeBody{form: f, ID: id, Call: s.callName(c), From: asClock(f.Value("from")), To: asClock(f.Value("to")), Length: precise(c.Length), Live: c.Live}
	for _, p := range waiting {
		body.Waiting = append(body.Waiting, precise(p.From)+" to "+precise(p.To)+", asked by "+p.By)
	}
	s.showForm(w, r, "purge", "Destroy part of a call", f.Errors, body)
}

func (s *server) purge(w http.ResponseWriter, r *http.Request) {
	f, id := formOf(r), r.PathValue("id")
	from, ok1 := instant(f.Value("from"))
	to, ok2 := instant(f.Value("to"))
	switch {
	case !ok1:
		f.Errors = append(f.Errors, problem{"from", "From must be a time in the call, like 1:23 or 83.5"})
	case !ok2:
		f.Errors = append(f.Errors, problem{"to", "To must be a time in the call, like 1:40 or 100"})
	}
	if f.Errors != nil || !f.confirmed() {
		s.showPurge(w, r, f)
		return
	}
	done, err := s.Desk.PurgeSpan(actor(r), id, from, to, f.Value("reason"))
	switch {
	case err == nil && done.Later:
		s.show(w, r, http.StatusOK, "sorry", "It will be destroyed when the call ends", sorryBody{
			"It will be destroyed when the call ends",
			"The call is still being recorded. Within a minute of its end " + precise(from) + " to " + precise(to) + " is destroyed. It is not played until then.",
			"/calls/" + id, "Back to the call",
		}, nil)
	case err == nil && done.Asked:
		s.show(w, r, http.StatusOK, "sorry", "Another person must approve this", sorryBody{
			"Another person must approve this",
			"This is more than ten minutes, or with what was destroyed before more than half of the call. " + precise(from) + " to " + precise(to) + " is destroyed when another person approves it under Approvals.",
			"/requests", "See what waits for approval",
		}, nil)
	case err == nil:
		seeOther(w, r, "/certificates/"+done.Certificate+"?done")
	case f.took(err):
		s.showPurge(w, r, f)
	default:
		s.refuse(w, r, err)
	}
}

// instant is a time in a call as people write it: 1:02:03.5, 1:23 or 83.5.
func instant(typed string) (time.Duration, bool) {
	parts := strings.Split(strings.TrimSpace(typed), ":")
	if typed == "" || len(parts) > 3 {
		return 0, false
	}
	var sum float64
	for i, p := range parts {
		v, err := strconv.ParseFloat(p, 64)
		if err != nil || v < 0 || v > 1e6 || (i > 0 && v >= 60) || (i < len(parts)-1 && strings.Contains(p, ".")) {
			return 0, false
		}
		sum = sum*60 + v
	}
	return time.Duration(sum*1e3+0.5) * time.Millisecond, true
}

// asClock is a time as another page gave it, in seconds, as people read it; anything else is
// left as it was typed.
func asClock(typed string) string {
	if d, ok := instant(typed); ok && !strings.Contains(typed, ":") {
		return precise(d)
	}
	return typed
}

// precise is a time in a call to the millisecond, where it needs that.
func precise(d time.Duration) string {
	d = d.Round(time.Millisecond)
	whole, rest := d.Truncate(time.Second), d%time.Second/time.Millisecond
	if rest == 0 {
		return clock(whole)
	}
	return strings.TrimRight(fmt.Sprintf("%s.%03d", clock(whole), rest), "0")
}

type eraseBody struct {
	form
	ID, Call string
	Grounds  []control.Purpose
}

func (s *server) eraseForm(w http.ResponseWriter, r *http.Request) { s.showErase(w, r, form{}) }

func (s *server) showErase(w http.ResponseWriter, r *http.Request, f form) {
	id := r.PathValue("id")
	c, err := s.Desk.Call(actor(r), id)
	if err != nil {
		s.refuse(w, r, err)
		return
	}
	s.showForm(w, r, "erase", "Destroy a call before its time", f.Errors, eraseBody{f, id, s.callName(c), control.Grounds})
}

func (s *server) erase(w http.ResponseWriter, r *http.Request) {
	f, id := formOf(r), r.PathValue("id")
	err := s.Desk.AskErasure(actor(r), id, f.Value("ground"), f.Value("reason"))
	switch {
	case err == nil:
		s.show(w, r, http.StatusOK, "sorry", "Another person must approve this", sorryBody{
			"Another person must approve this", "You have asked for the call to be destroyed. It is destroyed when another person approves it under Approvals.",
			"/requests", "See what waits for approval",
		}, nil)
	case f.took(err):
		s.showErase(w, r, f)
	default:
		s.refuse(w, r, err)
	}
}

type certificatesBody struct {
	List    []certificateView
	Damaged []string
}

type certificateView struct{ ID, Done, What, By, Test string }

func (s *server) certificates(w http.ResponseWriter, r *http.Request) {
	all, damaged, err := s.Desk.Certificates(actor(r))
	if err != nil {
		s.refuse(w, r, err)
		return
	}
	body := certificatesBody{Damaged: damaged}
	for _, c := range all {
		body.List = append(body.List, certificateView{c.ID, s.timeOf(c.Done), certificateWhat(c), certificateBy(c), certificateTest(c)})
	}
	s.show(w, r, http.StatusOK, "certificates", "Certificates of destruction", body, nil)
}

func certificateWhat(c *control.Certificate) string {
	switch c.Kind {
	case "purge":
		return precise(c.From) + " to " + precise(c.To) + " of a call"
	case "erasure":
		return "A whole call, before its time"
	}
	return plural(c.Calls, "call") + " at the end of their term"
}

func certificateBy(c *control.Certificate) string {
	if c.Approved == "" {
		return c.By
	}
	return c.By + ", approved by " + c.Approved
}

func certificateTest(c *control.Certificate) string {
	return fmt.Sprintf("%s and %s tried, %d opened", plural(c.SelfTest.Keys, "key"), plural(c.SelfTest.Boxes, "sealed piece"), c.SelfTest.Opened)
}

type certificateBody struct {
	ID    string
	New   bool
	Facts []fact
	Call  string
}

func (s *server) certificate(w http.ResponseWriter, r *http.Request) {
	c, _, err := s.Desk.Certificate(actor(r), r.PathValue("id"))
	if err != nil {
		s.refuse(w, r, err)
		return
	}
	body := certificateBody{ID: c.ID, New: r.URL.Query().Has("done"), Facts: []fact{
		{"Destroyed", certificateWhat(c)}, {"Asked by", c.By},
	}}
	add := func(key, value string) {
		if value != "" {
			body.Facts = append(body.Facts, fact{key, value})
		}
	}
	add("Approved by", c.Approved)
	add("Why", c.Reason)
	add("Call", string(c.Call))
	add("Begun", c.Begun.In(s.Zone).Format("2 January 2006, 15:04:05"))
	add("Done", c.Done.In(s.Zone).Format("2 January 2006, 15:04:05"))
	add("Self-test", certificateTest(c)+": nothing that was destroyed can be read")
	if len(c.Rest) > 0 {
		add("Still on the disk", plural(len(c.Rest), "file")+" with sealed pieces that no key opens; they go when the file is next written")
	}
	add("Signature", "Right: this recorder signed it")
	if c.Kind == "purge" && actor(r).May(control.SeeCalls) {
		body.Call = string(c.Call)
	}
	s.show(w, r, http.StatusOK, "certificate", "Certificate of destruction", body, nil)
}

// certificateFile is the certificate as it was signed, with what it takes to check it elsewhere.
func (s *server) certificateFile(w http.ResponseWriter, r *http.Request) {
	c, b, err := s.Desk.Certificate(actor(r), r.PathValue("id"))
	if err != nil {
		s.refuse(w, r, err)
		return
	}
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("Content-Disposition", `attachment; filename="certificate-`+c.ID+`.txt"`)
	_, _ = w.Write(b) // a reader who has gone is nobody's problem
}
