package web

import (
	"errors"
	"net/http"

	"linevault/daemon/auth"
	"linevault/daemon/control"
)

type sorryBody struct{ Title, Text, Href, Link string }

// sorry says in plain words that there is no such page, and where to go on.
func (s *server) sorry(w http.ResponseWriter, r *http.Request, status int, title, text string) {
	s.show(w, r, status, "sorry", title, sorryBody{title, text, "/", "Go to the first page"}, nil)
}

func (s *server) notFound(w http.ResponseWriter, r *http.Request) {
	s.sorry(w, r, http.StatusNotFound, "Page not found", "If you typed the address, check it is right.")
}

func (s *server) forbidden(w http.ResponseWriter, r *http.Request) {
	s.sorry(w, r, http.StatusForbidden, "Your account may not do this",
		"Ask whoever looks after the accounts of this recorder if you need it for your work.")
}

func (s *server) failed(w http.ResponseWriter, r *http.Request) {
	s.sorry(w, r, http.StatusInternalServerError, "Sorry, there is a problem with the recorder's pages",
		"Recording does not need these pages. Try again in a minute. If it happens again, tell whoever looks after the recorder.")
}

// apologies are what is said to those errors of the desk that a person can understand.
var apologies = []struct {
	err         error
	status      int
	title, text string
}{
	{
		control.ErrNoLine, http.StatusNotFound, "Line not found",
		"There is no line at this address. The Lines page lists those that there are.",
	},
	{
		control.ErrNoCall, http.StatusNotFound, "Call not found",
		"There is no call at this address. It may have been deleted because its time was up.",
	},
	{
		control.ErrUnlisted, http.StatusServiceUnavailable, "This cannot be done just now",
		"The list of calls is being made anew, the newest calls first, and what this needs is not in it yet. Nothing is lost. Try again in a while.",
	},
	{
		control.ErrNoGrant, http.StatusForbidden, "Say why you are listening first",
		"What you said before has run out. Open the call again and say why you are listening.",
	},
	{
		control.ErrLive, http.StatusConflict, "This call has not ended yet",
		"It is being recorded now. You can listen to it when it has ended.",
	},
	{
		control.ErrOnHold, http.StatusConflict, "This call is under legal hold",
		"It cannot be destroyed. The hold must be released first, which takes two people.",
	},
	{
		control.ErrNotQuarantined, http.StatusConflict, "Nothing is in quarantine there",
		"Somebody has released or destroyed it already. The call's page and the ledger say who.",
	},
	{
		control.ErrSame, http.StatusForbidden, "Another person must approve this",
		"You asked for it yourself, or it is about your own account.",
	},
	{
		control.ErrGone, http.StatusConflict, "This request is not there any more",
		"Somebody has approved, refused or withdrawn it. The ledger says who.",
	},
}

// refuse answers for an error of the desk.
func (s *server) refuse(w http.ResponseWriter, r *http.Request, err error) {
	if errors.Is(err, control.ErrForbidden) {
		s.forbidden(w, r)
		return
	}
	for _, a := range apologies {
		if errors.Is(err, a.err) {
			s.sorry(w, r, a.status, a.title, a.text)
			return
		}
	}
	switch {
	case errors.Is(err, auth.ErrNoAccount), errors.Is(err, control.ErrNoCertificate):
		s.notFound(w, r)
	case errors.Is(err, control.ErrLedger):
		s.Log.Error("refused", "path", r.URL.Path, "err", err)
		s.sorry(w, r, http.StatusServiceUnavailable, "This cannot be done just now",
			"It could not be written in the audit ledger, so it was not done. Tell whoever looks after the recorder.")
	default:
		s.Log.Error("a page failed", "path", r.URL.Path, "err", err)
		s.failed(w, r)
	}
}
