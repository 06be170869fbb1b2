package web

import (
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"linevault/daemon/control"
)

// form is what was typed into a page, and what is wrong with it.
type form struct {
	Errors problems
	values url.Values
}

// formOf takes what the request brings; a page that is shown first takes what its address says.
func formOf(r *http.Request) form {
	_ = r.ParseForm() // what cannot be read is missing, and said so
	return form{values: r.Form}
}

// Value is what was typed into a field.
func (f form) Value(field string) string { return strings.TrimSpace(f.values.Get(field)) }

// Has reports whether a box was ticked.
func (f form) Has(field, value string) bool { return slices.Contains(f.values[field], value) }

// took notes an error of the desk that is the form's; it reports false for any other.
func (f *form) took(err error) bool {
	if wrong, ok := errors.AsType[*control.FormError](err); ok {
		f.Errors = problems{{wrong.Field, wrong.Text}}
		return true
	}
	f.Errors = formProblems(err)
	return f.Errors != nil
}

// confirmed notes it as wrong if the box that says so was not ticked.
func (f *form) confirmed() bool {
	if f.Has("confirm", "yes") {
		return true
	}
	f.Errors = problems{{"confirm", "Tick the box to say that you understand this cannot be undone"}}
	return false
}

// showForm shows a page with a form: again, with what was wrong, or for the first time.
func (s *server) showForm(w http.ResponseWriter, r *http.Request, page, title string, wrong problems, body any) {
	status := http.StatusOK
	if len(wrong) > 0 {
		status = http.StatusUnprocessableEntity
	}
	s.show(w, r, status, page, title, body, wrong)
}

// seeOther leads to another page of ours, after a form did what it should.
func seeOther(w http.ResponseWriter, r *http.Request, to string) {
	http.Redirect(w, r, to, http.StatusSeeOther)
}
