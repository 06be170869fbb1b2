package web

import (
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"linevault/daemon/auth"
	"linevault/daemon/control"
)

type accountsBody struct{ Accounts []personView }

type personView struct {
	Name, Path, Roles, Made string
	Tags                    []tag
}

func (s *server) accounts(w http.ResponseWriter, r *http.Request) {
	people, err := s.Desk.People(actor(r))
	if err != nil {
		s.refuse(w, r, err)
		return
	}
	var body accountsBody
	for _, p := range people {
		body.Accounts = append(body.Accounts, s.personView(p))
	}
	s.show(w, r, http.StatusOK, "accounts", "Accounts", body, nil)
}

func (s *server) personView(p auth.Account) personView {
	v := personView{Name: p.Name, Path: accountPath(p.Name), Roles: roleTitles(p.Roles), Made: p.Created.In(s.Zone).Format("2 January 2006")}
	switch {
	case p.Disabled:
		v.Tags = append(v.Tags, tag{"Disabled", "govuk-tag govuk-tag--red"})
	case !p.Ready:
		v.Tags = append(v.Tags, tag{"No password yet", "govuk-tag govuk-tag--yellow"})
	}
	if control.Hears(p.Roles) && control.LooksAfter(p.Roles) {
		v.Tags = append(v.Tags, tag{"Hears calls and looks after the recorder", "govuk-tag govuk-tag--orange"})
	}
	return v
}

func accountPath(name string) string { return "/accounts/" + url.PathEscape(name) }

func roleTitles(roles []auth.Role) string {
	var words []string
	for _, o := range control.RoleWords {
		if slices.Contains(roles, o.Role) {
			words = append(words, o.Title)
		}
	}
	if words == nil {
		return "None"
	}
	return strings.Join(words, ", ")
}

// roleChoice is one role on a form.
type roleChoice struct {
	ID, Title, Does string
	Chosen          bool
}

func roleChoices(chosen func(auth.Role) bool) (list []roleChoice) {
	for _, o := range control.RoleWords {
		list = append(list, roleChoice{string(o.Role), o.Title, o.Does, chosen(o.Role)})
	}
	return list
}

func (f form) roles() (roles []auth.Role) {
	for _, r := range f.values["roles"] {
		roles = append(roles, auth.Role(r))
	}
	return roles
}

type newAccountBody struct {
	form
	Name  string // as name-field wants it
	Roles []roleChoice
}

func (s *server) newAccountForm(w http.ResponseWriter, r *http.Request) {
	s.newAccount(w, r, form{})
}

func (s *server) newAccount(w http.ResponseWriter, r *http.Request, f form) {
	body := newAccountBody{f, f.Value("name"), roleChoices(func(r auth.Role) bool { return f.Has("roles", string(r)) })}
	s.showForm(w, r, "account-new", "Add an account", f.Errors, body)
}

func (s *server) addAccount(w http.ResponseWriter, r *http.Request) {
	f := formOf(r)
	made, err := s.Desk.AddAccount(actor(r), f.Value("name"), f.roles(), f.Value("reason"))
	switch {
	case err == nil:
		s.invitation(w, r, made)
	case f.took(err):
		s.newAccount(w, r, f)
	default:
		s.refuse(w, r, err)
	}
}

type invitationBody struct {
	control.Invitation
	Expires, Address string
}

// invitation shows a code, which no address may carry: once, in answer to the form.
func (s *server) invitation(w http.ResponseWriter, r *http.Request, i control.Invitation) {
	body := invitationBody{i, i.Until.In(s.Zone).Format("Monday 2 January at 15:04"), "https://" + r.Host + "/welcome"}
	s.show(w, r, http.StatusOK, "invitation", "A code for "+i.Name, body, nil)
}

type personBody struct {
	form
	personView
	Self, Disabled bool
	Choices        []roleChoice
	Waiting        []string
}

func (s *server) person(w http.ResponseWriter, r *http.Request) { s.showPerson(w, r, form{}) }

func (s *server) showPerson(w http.ResponseWriter, r *http.Request, f form) {
	p, err := s.Desk.Person(actor(r), r.PathValue("name"))
	if err != nil {
		s.refuse(w, r, err)
		return
	}
	body := personBody{form: f, personView: s.personView(p), Disabled: p.Disabled, Self: p.Name == actor(r).Name}
	body.Choices = roleChoices(func(o auth.Role) bool {
		if f.values != nil {
			return f.Has("roles", string(o))
		}
		return p.Has(o)
	})
	waiting, err := s.Desk.Requests(actor(r))
	if err != nil {
		s.refuse(w, r, err)
		return
	}
	for _, q := range waiting {
		if q.More["account"] == p.Name {
			body.Waiting = append(body.Waiting, requestTitle(q)+" waits for another administrator.")
		}
	}
	s.showForm(w, r, "person", p.Name, f.Errors, body)
}

func (s *server) changeAccount(w http.ResponseWriter, r *http.Request) {
	f, name, why := formOf(r), r.PathValue("name"), ""
	var err error
	switch f.Value("do") {
	case "roles":
		_, err = s.Desk.ChangeRoles(actor(r), name, f.roles(), f.Value("reason"))
	case "disable":
		err = s.Desk.DisableAccount(actor(r), name, f.Value("reason"))
	case "enable":
		_, err = s.Desk.EnableAccount(actor(r), name, f.Value("reason"))
	case "reset":
		var i control.Invitation
		if i, err = s.Desk.ResetPassword(actor(r), name, f.Value("reason")); err == nil && !i.Waits {
			s.invitation(w, r, i)
			return
		}
	default:
		why = "Choose what to do"
	}
	switch {
	case why != "":
		f.Errors = problems{{"reason", why}}
		s.showPerson(w, r, f)
	case err == nil:
		seeOther(w, r, accountPath(name))
	case f.took(err):
		s.showPerson(w, r, f)
	default:
		s.refuse(w, r, err)
	}
}

type welcomeBody struct {
	form
	Code, Name string
}

func (s *server) welcomeForm(w http.ResponseWriter, r *http.Request) {
	s.showForm(w, r, "welcome", "Choose a password", nil, welcomeBody{})
}

func (s *server) welcome(w http.ResponseWriter, r *http.Request) {
	f := formOf(r)
	made, err := s.Desk.ChoosePassword(f.Value("name"), f.Value("code"), r.PostFormValue("password"), address(r))
	switch {
	case err == nil:
		setCookie(w, made)
		seeOther(w, r, "/")
		return
	case errors.Is(err, auth.ErrCode):
		f.Errors = problems{{"code", "The user name or the code is not right, or the code has run out. Ask for a new one."}}
	case !f.took(err):
		s.refuse(w, r, err)
		return
	}
	s.showForm(w, r, "welcome", "Choose a password", f.Errors, welcomeBody{f, f.Value("code"), f.Value("name")})
}

type passwordBody struct {
	form
	Changed, NoRole bool
}

func (s *server) passwordForm(w http.ResponseWriter, r *http.Request) {
	s.showForm(w, r, "password", "Your password", nil, passwordBody{Changed: r.URL.Query().Has("changed"), NoRole: len(nav(r)) == 0})
}

func (s *server) changePassword(w http.ResponseWriter, r *http.Request) {
	f := formOf(r)
	err := s.Desk.ChangePassword(actor(r), r.PostFormValue("old"), r.PostFormValue("password"), token(r))
	switch {
	case err == nil:
		seeOther(w, r, "/password?changed")
	case f.took(err):
		s.showForm(w, r, "password", "Your password", f.Errors, passwordBody{form: f})
	default:
		s.refuse(w, r, err)
	}
}
