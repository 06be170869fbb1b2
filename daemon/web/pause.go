package web

import (
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"linevault/daemon/control"
)

// otherReason is the choice of a reason that is typed.
const otherReason = "other"

type pauseBody struct {
	ID, Name, Department string
	Errors               problems
	Warning, Done        string // what the recorder confirmed
	Facts                []fact
	MayPause, Mine       bool // there is a call to pause; this account has paused it
	Limit                string
	Reasons              []string
	Reason, Other        string // as they were filled in
}

func (s *server) pauseForm(w http.ResponseWriter, r *http.Request) {
	s.showPause(w, r, http.StatusOK, pauseBody{})
}

// showPause shows a line's pause page, with what body has already.
func (s *server) showPause(w http.ResponseWriter, r *http.Request, status int, body pauseBody) {
	l, err := s.Desk.Line(r.Context(), actor(r), r.PathValue("line"))
	switch {
	case errors.Is(err, control.ErrNoLine):
		s.sorry(w, r, http.StatusNotFound, "Line not found", "This recorder has no line of this name.")
		return
	case err != nil:
		s.Log.Warn("the pause page could not ask the recorder", "err", err)
		s.sorry(w, r, http.StatusServiceUnavailable, "The recorder is not answering",
			"Take the line as being recorded. If this does not pass in a minute, tell whoever looks after it.")
		return
	case l.ManualLimit == 0:
		s.sorry(w, r, http.StatusForbidden, "This line may not be paused by hand",
			"Whoever looks after the recorder can permit it in its configuration: manual_pause.")
		return
	}
	me := actor(r).Source()
	body.ID, body.Name, body.Department, body.Reasons = l.ID, l.Name, l.Department, control.PauseReasons
	body.Mine = slices.Contains(l.PausedBy, me)
	body.MayPause = !body.Mine && (l.State == control.Recording || l.State == control.Paused || l.State == control.Unrecorded)
	body.Limit = spoken(l.ManualLimit)
	body.Facts = []fact{{"State", stateTag(l.State).Text}}
	if l.State == control.Unrecorded {
		body.Facts = append(body.Facts, fact{"Why", l.Problem})
	}
	if !l.Since.IsZero() {
		body.Facts = append(body.Facts, fact{"Call began", s.timeOf(l.Since)})
	}
	if len(l.PausedBy) > 0 {
		body.Facts = append(body.Facts, fact{"Paused by", strings.Join(l.PausedBy, ", ")})
	}
	if body.Mine && !l.LimitAt.IsZero() {
		body.Facts = append(body.Facts, fact{"Alarm at", s.timeOf(l.LimitAt)})
	}
	if c, ok := s.Desk.Confirmed(actor(r), l); ok {
		body.Done = s.confirmed(c, body.Mine)
	}
	s.show(w, r, status, "pause", "Pause "+l.Name, body, body.Errors)
}

// confirmed is what the recorder said, in words.
func (s *server) confirmed(c control.Switched, mine bool) string {
	at := c.At.In(s.Zone).Format("15:04:05")
	switch {
	case mine:
		return "The recorder has confirmed your pause: nothing said since " + at + " is kept."
	case c.State == control.Paused:
		return "The recorder has confirmed that you resumed. Somebody else has paused this line too, so nothing is kept yet."
	case c.State == control.Unrecorded:
		return "The recorder has confirmed that you resumed. But the sound of this call cannot be kept: look at the lines page."
	case c.State == control.Recording:
		return "The recorder has confirmed that you resumed: what is said since " + at + " is kept."
	}
	return "The recorder has confirmed that you resumed. The call has ended."
}

func (s *server) pauseLine(w http.ResponseWriter, r *http.Request) {
	body := pauseBody{Reason: r.PostFormValue("reason"), Other: strings.TrimSpace(r.PostFormValue("other"))}
	reason := body.Reason
	switch {
	case reason == otherReason && body.Other == "":
		body.Errors = problems{{"other", "Type why you are pausing"}}
	case reason == otherReason:
		reason = body.Other
	case reason != "" && !slices.Contains(control.PauseReasons, reason):
		reason = ""
	}
	if body.Errors == nil {
		_, err := s.Desk.PauseLine(r.Context(), actor(r), r.PathValue("line"), reason)
		wrong, form := errors.AsType[*control.ReasonError](err)
		if !form {
			s.afterHand(w, r, err, "It was paused, and the recorder confirmed it. But it could not be written in the audit ledger: tell whoever looks after the recorder.")
			return
		}
		body.Errors = problems{{"reason", wrong.Text}}
		if body.Reason == otherReason {
			body.Errors[0].Field = "other"
		}
	}
	s.showPause(w, r, http.StatusUnprocessableEntity, body)
}

func (s *server) resumeLine(w http.ResponseWriter, r *http.Request) {
	_, err := s.Desk.ResumeLine(r.Context(), actor(r), r.PathValue("line"))
	s.afterHand(w, r, err, "It could not be written in the audit ledger, so the line was not resumed: it stays paused. Tell whoever looks after the recorder.")
}

// afterHand leads back to the page once the recorder has confirmed, or says why it did not.
func (s *server) afterHand(w http.ResponseWriter, r *http.Request, err error, ledger string) {
	refused, no := errors.AsType[*control.PauseRefusedError](err)
	switch {
	case err == nil, no && refused.Why == control.AlreadyPaused:
		http.Redirect(w, r, "/lines/"+url.PathEscape(r.PathValue("line"))+"/pause", http.StatusSeeOther)
	case errors.Is(err, control.ErrForbidden):
		s.forbidden(w, r)
	case errors.Is(err, control.ErrLedger):
		s.showPause(w, r, http.StatusServiceUnavailable, pauseBody{Warning: ledger})
	case no && refused.Why == control.NothingToDo:
		s.showPause(w, r, http.StatusConflict, pauseBody{Warning: "Nothing is being recorded on this line, so there was nothing to pause."})
	case no && refused.Why == control.NotYours:
		s.showPause(w, r, http.StatusConflict, pauseBody{Warning: "You have not paused this line. Only whoever paused it can resume."})
	case no && refused.Why == control.NoSuchLine, no && refused.Why == control.NotByHand:
		s.showPause(w, r, http.StatusForbidden, pauseBody{}) // which says so
	default:
		s.Log.Warn("a line was not paused or resumed", "line", r.PathValue("line"), "err", err)
		s.showPause(w, r, http.StatusServiceUnavailable, pauseBody{
			Warning: "The recorder did not confirm in time. Take the line as being recorded, and try again.",
		})
	}
}
