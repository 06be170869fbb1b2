package web

import (
	"fmt"
	"net/http"
	"strconv"
	"time"

	"linevault/daemon/control"
)

// askedView is how one pause was asked for.
type askedView struct {
	When, Text string
	More       []string
}

func askedViews(c control.Call) (views []askedView) {
	for _, a := range c.Asked {
		v := askedView{When: exact(a.At), Text: askedText(a)}
		if a.To > a.At {
			v.When += " to " + exact(a.To)
		}
		if !a.Missed {
			v.More = append(v.More, "It took "+took(a.Latency)+" to arrive.")
		}
		if a.Late > 0 {
			v.More = append(v.More, "It came too late: "+exactly(a.Late)+" had been recorded.")
		}
		if a.Long {
			v.More = append(v.More, "It lasted longer than it said it would.")
		}
		views = append(views, v)
	}
	return views
}

func askedText(a control.Asked) string {
	t := a.By + ", " + kindWords(a.Kind)
	if a.Missed {
		t = "nobody paused a payment at " + a.By
		if a.Kind == control.ByBox {
			t = "nobody paused while digits of a card were keyed"
		}
	}
	if a.Reason != "" && (!a.Missed || a.Kind != control.ByBox) {
		t += ": " + a.Reason
	}
	return t
}

// kindWords says what kind of source asked.
func kindWords(k control.AskedKind) string {
	switch k {
	case control.ByTerminal:
		return "by the network"
	case control.ByContact:
		return "by a contact"
	case control.ByKeypad:
		return "by dialling a code"
	case control.ByPerson:
		return "by hand"
	case control.ByBox:
		return "heard by the recorder itself"
	}
	return string(k)
}

// took is a latency as people read it.
func took(d time.Duration) string {
	switch {
	case d > 0 && d < time.Millisecond:
		return "less than 1 ms"
	case d < time.Second:
		return strconv.FormatInt(d.Milliseconds(), 10) + " ms"
	}
	return fmt.Sprintf("%.1f s", d.Seconds())
}

type releaseBody struct {
	form
	ID, Call, From, To string // From and To in seconds
	Span               string
}

// releaseForm comes with from and to, in seconds, from the call's page.
func (s *server) releaseForm(w http.ResponseWriter, r *http.Request) {
	s.showRelease(w, r, formOf(r))
}

func (s *server) showRelease(w http.ResponseWriter, r *http.Request, f form) {
	id := r.PathValue("id")
	c, err := s.Desk.Call(actor(r), id)
	if err != nil {
		s.refuse(w, r, err)
		return
	}
	from, ok := instant(f.Value("from"))
	to, ok2 := instant(f.Value("to"))
	if !ok || !ok2 {
		s.refuse(w, r, control.ErrNotQuarantined)
		return
	}
	body := releaseBody{form: f, ID: id, Call: s.callName(c), From: f.Value("from"), To: f.Value("to"), Span: exact(from) + " to " + exact(to)}
	s.showForm(w, r, "release", "Release from quarantine", f.Errors, body)
}

func (s *server) release(w http.ResponseWriter, r *http.Request) {
	f, id := formOf(r), r.PathValue("id")
	from, ok := instant(f.Value("from"))
	to, ok2 := instant(f.Value("to"))
	if !ok || !ok2 {
		s.refuse(w, r, control.ErrNotQuarantined)
		return
	}
	if !f.Has("confirm", "yes") {
		f.Errors = problems{{"confirm", "Tick the box to say that you have looked into it"}}
		s.showRelease(w, r, f)
		return
	}
	err := s.Desk.Release(actor(r), id, from, to, f.Value("reason"))
	switch {
	case err == nil:
		seeOther(w, r, "/calls/"+id)
	case f.took(err):
		s.showRelease(w, r, f)
	default:
		s.refuse(w, r, err)
	}
}
