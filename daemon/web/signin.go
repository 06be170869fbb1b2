package web

import (
	"errors"
	"net/http"
	"strings"

	"linevault/daemon/auth"
)

func (s *server) home(w http.ResponseWriter, r *http.Request) {
	to := "/sign-in"
	if s.Desk.SetUpNeeded() {
		to = "/setup"
	} else if items := nav(r); len(items) > 0 {
		to = items[0].Path
	} else if actor(r).Name != "" {
		to = "/password" // the one page of an account that has no role yet
	}
	http.Redirect(w, r, to, http.StatusSeeOther)
}

type setUpBody struct {
	Errors     problems
	Code, Name string
}

func (s *server) setUpForm(w http.ResponseWriter, r *http.Request) {
	if !s.Desk.SetUpNeeded() {
		http.Redirect(w, r, "/", http.StatusSeeOther)
		return
	}
	s.show(w, r, http.StatusOK, "setup", "Set up this recorder", setUpBody{}, nil)
}

func (s *server) setUp(w http.ResponseWriter, r *http.Request) {
	body := setUpBody{Code: strings.TrimSpace(r.PostFormValue("code")), Name: strings.TrimSpace(r.PostFormValue("name"))}
	if body.Code == "" {
		body.Errors = problems{{"code", "Enter the set-up code"}}
		s.show(w, r, http.StatusUnprocessableEntity, "setup", "Set up this recorder", body, body.Errors)
		return
	}
	token, err := s.Desk.SetUp(body.Code, body.Name, r.PostFormValue("password"), address(r))
	switch {
	case err == nil:
		setCookie(w, token)
		http.Redirect(w, r, "/", http.StatusSeeOther)
		return
	case errors.Is(err, auth.ErrSetUpDone):
		http.Redirect(w, r, "/sign-in", http.StatusSeeOther)
		return
	case errors.Is(err, auth.ErrCode):
		body.Errors = problems{{"code", "The set-up code is not right, or has run out. Check the newest one that was shown."}}
	default:
		if body.Errors = formProblems(err); body.Errors == nil {
			s.refuse(w, r, err)
			return
		}
	}
	s.show(w, r, http.StatusUnprocessableEntity, "setup", "Set up this recorder", body, body.Errors)
}

// formProblems is nil for an error that is not the form's.
func formProblems(err error) problems {
	if field, ok := errors.AsType[*auth.FieldError](err); ok {
		return problems{{field.Field, field.Text}}
	}
	if wait, ok := errors.AsType[*auth.WaitError](err); ok {
		return problems{{"", "There were too many tries. Wait " + spoken(wait.For) + ", then try again."}}
	}
	return nil
}

type signInBody struct {
	Errors             problems
	Notice, Name, Next string
}

func (s *server) signInForm(w http.ResponseWriter, r *http.Request) {
	if s.Desk.SetUpNeeded() {
		http.Redirect(w, r, "/setup", http.StatusSeeOther)
		return
	}
	body := signInBody{Next: local(r.URL.Query().Get("next"))}
	switch {
	case actor(r).Name != "":
		http.Redirect(w, r, body.Next, http.StatusSeeOther)
		return
	case r.URL.Query().Has("out"):
		body.Notice = "You have signed out."
	case token(r) != "":
		body.Notice = "You have been signed out, because the page was not used for a while. Sign in again to go on."
	}
	s.show(w, r, http.StatusOK, "signin", "Sign in", body, nil)
}

func (s *server) signIn(w http.ResponseWriter, r *http.Request) {
	body := signInBody{Name: strings.TrimSpace(r.PostFormValue("name")), Next: local(r.PostFormValue("next"))}
	password := r.PostFormValue("password")
	if body.Name == "" {
		body.Errors = append(body.Errors, problem{"name", "Enter your user name"})
	}
	if password == "" {
		body.Errors = append(body.Errors, problem{"password", "Enter your password"})
	}
	if body.Errors == nil {
		made, err := s.Desk.SignIn(body.Name, password, address(r), token(r))
		switch {
		case err == nil:
			setCookie(w, made)
			http.Redirect(w, r, body.Next, http.StatusSeeOther)
			return
		case errors.Is(err, auth.ErrNotKnown):
			body.Errors = problems{{"name", "The user name or the password is not right"}}
		default:
			if body.Errors = formProblems(err); body.Errors == nil {
				s.refuse(w, r, err)
				return
			}
		}
	}
	s.show(w, r, http.StatusUnprocessableEntity, "signin", "Sign in", body, body.Errors)
}

// local is next if it is a page of ours to go to after signing in, else the first page.
func local(next string) string {
	if !strings.HasPrefix(next, "/") || strings.HasPrefix(next, "//") || strings.ContainsAny(next, "\\\r\n\t") {
		return "/"
	}
	return next
}

func (s *server) signOut(w http.ResponseWriter, r *http.Request) {
	s.Desk.SignOut(token(r), address(r))
	setCookie(w, "")
	http.Redirect(w, r, "/sign-in?out", http.StatusSeeOther)
}

func (s *server) accessibility(w http.ResponseWriter, r *http.Request) {
	s.show(w, r, http.StatusOK, "accessibility", "Accessibility statement", s.Branding, nil)
}
