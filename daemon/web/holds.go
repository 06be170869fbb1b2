package web

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"linevault/daemon/control"
)

type holdsBody struct {
	Holds []holdView
	Due   int
	May   bool
}

type holdView struct {
	ID, Call, Reason, By, Since, Review string
	Overdue, MaySee                     bool
	Asked, AskedWhy                     string
}

func (s *server) holds(w http.ResponseWriter, r *http.Request) {
	all, err := s.Desk.Holds(actor(r))
	if err != nil {
		s.refuse(w, r, err)
		return
	}
	body := holdsBody{May: actor(r).May(control.PlaceHold)}
	for _, h := range all {
		v := s.holdView(h)
		v.MaySee = actor(r).May(control.SeeCalls)
		if h.Line != "" {
			v.Call = h.Start.In(s.Zone).Format("2 Jan 2006, 15:04") + ", " + h.Line
		}
		if h.Overdue {
			body.Due++
		}
		body.Holds = append(body.Holds, v)
	}
	s.show(w, r, http.StatusOK, "holds", "Legal holds", body, nil)
}

func (s *server) holdView(h control.Hold) holdView {
	return holdView{
		ID: string(h.Hold.Call), Call: string(h.Hold.Call), Reason: h.Reason, By: h.By, Since: h.At.In(s.Zone).Format("2 January 2006"),
		Review: h.Review.In(s.Zone).Format("2 January 2006"), Overdue: h.Overdue, Asked: h.Asked, AskedWhy: h.AskedWhy,
	}
}

type holdBody struct {
	form
	Hold    *holdView // nil: to be placed
	Call    string
	Action  string
	Example string
	Count   string // of calls, where it is for a search
	Search  []fact // its filter, to be sent again
	Back    string
}

func (s *server) holdForm(w http.ResponseWriter, r *http.Request) { s.showHold(w, r, form{}) }

func (s *server) showHold(w http.ResponseWriter, r *http.Request, f form) {
	id := r.PathValue("id")
	c, err := s.Desk.Call(actor(r), id)
	if err != nil {
		s.refuse(w, r, err)
		return
	}
	h, err := s.Desk.HoldOf(actor(r), id)
	if err != nil {
		s.refuse(w, r, err)
		return
	}
	body := holdBody{form: f, Call: s.callName(c), Action: "/calls/" + id + "/hold", Back: "/calls/" + id, Example: s.exampleReview()}
	title := "Place a legal hold"
	if h != nil {
		title = "Legal hold"
		v := s.holdView(*h)
		body.Hold = &v
	}
	s.showForm(w, r, "hold", title, f.Errors, body)
}

func (s *server) callName(c control.Call) string {
	return "Call on " + c.LineName + ", " + c.Start.In(s.Zone).Format("2 January 2006 at 15:04")
}

func (s *server) exampleReview() string {
	return s.Now().In(s.Zone).AddDate(0, 6, 0).Format("2/1/2006")
}

func (s *server) hold(w http.ResponseWriter, r *http.Request) {
	f, id := formOf(r), r.PathValue("id")
	review, ok := s.day(f.Value("review"))
	var err error
	switch f.Value("do") {
	case "release":
		err = s.Desk.AskRelease(actor(r), id, f.Value("why"))
	case "review":
		if ok {
			err = s.Desk.ReviewHold(actor(r), id, f.Value("reason"), review)
		}
	default:
		if ok {
			err = s.Desk.PlaceHold(actor(r), id, f.Value("reason"), review)
		}
	}
	switch {
	case !ok:
		f.Errors = problems{{"review", "The day of the review must be a date, like " + s.exampleReview()}}
		s.showHold(w, r, f)
	case err == nil:
		seeOther(w, r, "/calls/"+id)
	case f.took(err):
		s.showHold(w, r, f)
	default:
		s.refuse(w, r, err)
	}
}

func (s *server) holdAllForm(w http.ResponseWriter, r *http.Request) {
	s.showHoldAll(w, r, form{}, r.URL.Query())
}

// showHoldAll is for the whole result of a search, whose form v is.
func (s *server) showHoldAll(w http.ResponseWriter, r *http.Request, f form, v url.Values) {
	search, wrong := s.parseFilter(v)
	if wrong != nil {
		seeOther(w, r, "/calls?"+v.Encode())
		return
	}
	page, err := s.Desk.Calls(actor(r), search.query())
	if err != nil {
		s.refuse(w, r, err)
		return
	}
	body := holdBody{form: f, Action: "/holds/new", Count: plural(page.Total, "call"), Back: search.address("/calls", "", ""), Example: s.exampleReview()}
	for key, values := range search.values() {
		for _, value := range values {
			body.Search = append(body.Search, fact{"search-" + key, value})
		}
	}
	s.showForm(w, r, "hold", "Place a legal hold on "+body.Count, f.Errors, body)
}

func (s *server) holdAll(w http.ResponseWriter, r *http.Request) {
	f, v := formOf(r), url.Values{}
	for key, values := range f.values {
		if name, is := strings.CutPrefix(key, "search-"); is {
			v[name] = values
		}
	}
	review, ok := s.day(f.Value("review"))
	search, wrong := s.parseFilter(v)
	if !ok || wrong != nil {
		f.Errors = problems{{"review", "The day of the review must be a date, like " + s.exampleReview()}}
		s.showHoldAll(w, r, f, v)
		return
	}
	set, found, err := s.Desk.PlaceHolds(actor(r), search.query(), f.Value("reason"), review)
	switch {
	case err == nil:
		text := fmt.Sprintf("%s found by the search, of which %s not held before.", plural(found, "call"), was(set))
		s.show(w, r, http.StatusOK, "sorry", "Legal holds are placed", sorryBody{"Legal holds are placed", text, "/holds", "See all legal holds"}, nil)
	case f.took(err):
		s.showHoldAll(w, r, f, v)
	default:
		s.refuse(w, r, err)
	}
}

func was(n int) string {
	if n == 1 {
		return "1 was"
	}
	return grouped(n) + " were"
}
