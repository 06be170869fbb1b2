package web

import (
	"bytes"
	"html/template"
	"io/fs"
	"net/http"
	"path"
	"slices"
	"strings"

	"linevault/daemon/control"
)

// pages are the parsed templates, by name.
type pages map[string]*template.Template

// Templates that other pages use, not pages themselves.
var shared = []string{
	"templates/layout.html", "templates/account.html", "templates/alarms.html",
	"templates/said.html", "templates/morefilters.html", "templates/filterfields.html",
	"templates/fields.html",
}

func parsePages() pages {
	funcs := template.FuncMap{"dict": dict}
	base := template.Must(template.New("").Funcs(funcs).ParseFS(templateFiles, shared...))
	files, err := fs.Glob(templateFiles, "templates/*.html")
	if err != nil {
		panic("web: " + err.Error())
	}
	all := make(pages)
	for _, f := range files {
		t := template.Must(template.Must(base.Clone()).ParseFS(templateFiles, f))
		all[strings.TrimSuffix(path.Base(f), ".html")] = t
	}
	return all
}

// dict makes a map of its arguments, for a template that needs more than one thing.
func dict(pairs ...any) map[string]any {
	m := make(map[string]any, len(pairs)/2)
	for i := 0; i+1 < len(pairs); i += 2 {
		m[pairs[i].(string)] = pairs[i+1]
	}
	return m
}

// page is what the layout shows around a body.
type page struct {
	Title    string
	Failed   bool // a form came back with errors
	Nonce    string
	Branding branding
	Version  string
	Assets   *assets
	Nav      []navItem
	Actor    string
	Notices  []control.Notice
	Body     any
}

// branding is Branding, its colour checked by New.
type branding struct {
	Council, Service string
	Colour           template.CSS
}

type navItem struct {
	Path, Text string
	Current    string // "page" on that page itself, "true" inside its section
}

var sections = []struct {
	path, text string
	needs      control.Permission
}{
	{"/calls", "Calls", control.SeeCalls},
	{"/lines", "Lines", control.SeeLines},
	{"/holds", "Legal holds", control.SeeHolds},
	{"/requests", "Approvals", control.SeeApprovals},
	{"/retention", "Retention", control.SeeRetention},
	{"/ledger", "Ledger", control.SeeLedger},
	{"/accounts", "Accounts", control.LookAfterAccounts},
	{"/terminals", "Terminals", control.SeeStatus},
	{"/status", "Status", control.SeeStatus},
}

func nav(r *http.Request) (items []navItem) {
	for _, s := range sections {
		if !actor(r).May(s.needs) {
			continue
		}
		item := navItem{Path: s.path, Text: s.text}
		switch {
		case r.URL.Path == s.path:
			item.Current = "page"
		case strings.HasPrefix(r.URL.Path, s.path+"/"):
			item.Current = "true"
		}
		items = append(items, item)
	}
	return items
}

// notices are what waits for who asks, on every page but the one that it leads to.
func (s *server) notices(r *http.Request) []control.Notice {
	if actor(r).Name == "" {
		return nil
	}
	return slices.DeleteFunc(s.Desk.Notices(actor(r)), func(n control.Notice) bool { return n.Link == r.URL.Path })
}

// problem is one thing wrong with a form.
type problem struct {
	Field string // its id; empty if it belongs to none
	Text  string
}

type problems []problem

// On is the problem with a field, or nil.
func (p problems) On(field string) *problem {
	for i := range p {
		if p[i].Field == field {
			return &p[i]
		}
	}
	return nil
}

// show writes the page name with status; a body with problems makes it a failed form.
func (s *server) show(w http.ResponseWriter, r *http.Request, status int, name, title string, body any, wrong problems) {
	var out bytes.Buffer
	err := s.pages[name].ExecuteTemplate(&out, "layout", page{
		Title: title, Failed: len(wrong) > 0, Nonce: nonce(r), Version: s.Version, Assets: s.assets,
		Branding: branding{s.Branding.Council, s.Branding.Service, template.CSS(s.Branding.Colour)},
		Nav:      nav(r), Actor: actor(r).Name, Notices: s.notices(r), Body: body,
	})
	if err != nil {
		s.Log.Error("a page could not be written", "path", r.URL.Path, "err", err)
		http.Error(w, "Sorry, this page could not be shown.", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	_, _ = out.WriteTo(w) // a reader who has gone is nobody's problem
}
