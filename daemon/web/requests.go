package web

import (
	"net/http"
	"slices"
	"strings"

	"linevault/daemon/control"
)

type requestsBody struct{ Mine, Others []requestView }

type requestView struct {
	ID, Title, Asked, By, Call string
	Facts                      []fact
	MayApprove, Destroys       bool
	Approved                   string
}

func (s *server) requests(w http.ResponseWriter, r *http.Request) {
	all, err := s.Desk.Requests(actor(r))
	if err != nil {
		s.refuse(w, r, err)
		return
	}
	var body requestsBody
	for _, q := range all {
		if v := s.requestView(q); q.Mine {
			body.Mine = append(body.Mine, v)
		} else {
			body.Others = append(body.Others, v)
		}
	}
	s.show(w, r, http.StatusOK, "requests", "Approvals", body, nil)
}

// requestTitle says in a few words what is asked for.
func requestTitle(q control.Waiting) string {
	switch q.Kind {
	case control.AskedErasure:
		return "Destroying a call before its time"
	case control.AskedPurge:
		return "Destroying a large part of a call"
	case control.AskedDisclosure:
		return "Disclosing a call"
	case control.AskedRetention:
		return "Destroying more than is usual, or after the time moved"
	case control.AskedRoles:
		return "More roles for " + q.More["account"]
	case control.AskedPassword:
		return "A new password for " + q.More["account"]
	case control.AskedRelease:
		return "Releasing a legal hold"
	}
	return q.Kind
}

func (s *server) requestView(q control.Waiting) requestView {
	v := requestView{
		ID: q.ID, Title: requestTitle(q), Asked: s.timeOf(q.At), By: q.By, Call: string(q.Call), MayApprove: q.MayApprove, Approved: q.Approved,
		Destroys: q.Kind == control.AskedErasure || q.Kind == control.AskedPurge || q.Kind == control.AskedRetention,
	}
	add := func(key, value string) {
		if value != "" {
			v.Facts = append(v.Facts, fact{key, value})
		}
	}
	add("Asked by", q.By+", "+v.Asked)
	add("Why", q.Reason)
	add("Call", string(q.Call))
	if from, to, err := q.Span(); q.Kind == control.AskedPurge && err == nil {
		add("Part", precise(from)+" to "+precise(to))
	}
	add("Account", q.More["account"])
	var titles []string
	for _, o := range control.RoleWords {
		for word := range strings.SplitSeq(q.More["roles"], ", ") {
			if word == string(o.Role) {
				titles = append(titles, o.Title)
			}
		}
	}
	add("Roles", strings.Join(titles, ", "))
	add("Recipient", q.More["to"])
	for _, o := range control.Recipients {
		if o.ID == q.More["recipient"] {
			add("Kind of recipient", o.Text)
		}
	}
	add("Legal basis", q.More["basis"])
	add("Reference", q.More["reference"])
	add("Held back because", q.More["held"])
	add("Approved by", q.Approved)
	return v
}

type requestBody struct {
	form
	requestView
	MaySee bool // the call
}

func (s *server) requestPage(w http.ResponseWriter, r *http.Request) { s.showRequest(w, r, form{}) }

func (s *server) showRequest(w http.ResponseWriter, r *http.Request, f form) {
	all, err := s.Desk.Requests(actor(r))
	if err != nil {
		s.refuse(w, r, err)
		return
	}
	for _, q := range all {
		if q.ID == r.PathValue("id") {
			v := s.requestView(q)
			s.showForm(w, r, "request", v.Title, f.Errors, requestBody{f, v, actor(r).May(control.SeeCalls)})
			return
		}
	}
	s.refuse(w, r, control.ErrGone)
}

func (s *server) approve(w http.ResponseWriter, r *http.Request) {
	f := formOf(r)
	all, err := s.Desk.Requests(actor(r))
	if err != nil {
		s.refuse(w, r, err)
		return
	}
	is := func(q control.Waiting) bool { return q.ID == r.PathValue("id") && s.requestView(q).Destroys }
	if slices.ContainsFunc(all, is) && !f.confirmed() {
		s.showRequest(w, r, f)
		return
	}
	done, err := s.Desk.Approve(actor(r), r.PathValue("id"))
	switch {
	case err != nil && f.took(err):
		s.showRequest(w, r, f)
	case err != nil:
		s.refuse(w, r, err)
	case done.Invitation != nil:
		s.invitation(w, r, *done.Invitation)
	case done.Certificate != "" && actor(r).May(control.SeeCertificates):
		seeOther(w, r, "/certificates/"+done.Certificate+"?done")
	default:
		s.show(w, r, http.StatusOK, "sorry", "Approved", sorryBody{"Approved", done.Text, "/requests", "What else waits for approval"}, nil)
	}
}

func (s *server) refuseRequest(w http.ResponseWriter, r *http.Request) {
	f := formOf(r)
	err := s.Desk.Refuse(actor(r), r.PathValue("id"), f.Value("reason"))
	switch {
	case err == nil:
		seeOther(w, r, "/requests")
	case f.took(err):
		s.showRequest(w, r, f)
	default:
		s.refuse(w, r, err)
	}
}
