package web

import (
	"errors"
	"net/http"
	"strconv"

	"linevault/daemon/control"
)

// said is what a call's page shows of what people said about it, and its forms.
type said struct {
	MayAnnotate          bool
	Flags, Purposes      []saidWords
	Notes                []saidWords // newest first
	Rating               string
	Stars                int
	Agent, Extension     string
	Note, Flag, Purpose  string // as typed, where something is wrong
	MostNote, MostStars  int
	Nothing              bool
	AgentBy, ExtensionBy string
}

type saidWords struct{ Text, By string }

func (s *server) saidOf(c control.Call, a control.Actor) said {
	by := func(w control.Words) string {
		if w.By == "" {
			return ""
		}
		return w.By + ", " + w.At.In(s.Zone).Format("2 January 2006 at 15:04")
	}
	words := func(list []control.Words) (out []saidWords) {
		for _, w := range list {
			out = append(out, saidWords{w.Text, by(w)})
		}
		return out
	}
	about := c.About
	v := said{
		MayAnnotate: a.May(control.Annotate), Flags: words(about.Flags), Purposes: words(about.Purposes),
		Stars: about.Stars, Agent: about.Agent.Text, AgentBy: by(about.Agent), Extension: about.Extension.Text, ExtensionBy: by(about.Extension),
		MostStars: 5,
	}
	for i := len(about.Notes) - 1; i >= 0; i-- {
		v.Notes = append(v.Notes, saidWords{about.Notes[i].Text, by(about.Notes[i])})
	}
	if about.Stars > 0 {
		v.Rating = strconv.Itoa(about.Stars) + " of 5, by " + by(about.Rated)
	}
	v.Nothing = v.Flags == nil && v.Purposes == nil && v.Notes == nil && v.Rating == "" && v.Agent == "" && v.Extension == ""
	return v
}

// Ratings are the stars there can be.
func (v said) Ratings() []int { return []int{1, 2, 3, 4, 5} }

// annotate takes one of the forms: it says which, or is that of the labels.
func (s *server) annotate(w http.ResponseWriter, r *http.Request) {
	id := r.PathValue("id")
	for _, n := range annotations(r) {
		err := s.Desk.Annotate(actor(r), id, n)
		wrong, isWrong := errors.AsType[*control.AnnotationError](err)
		switch {
		case isWrong:
			s.annotateAgain(w, r, n, wrong)
			return
		case err != nil:
			s.refuse(w, r, err)
			return
		}
	}
	http.Redirect(w, r, "/calls/"+id+"#notes", http.StatusSeeOther)
}

// annotations are what a form says.
func annotations(r *http.Request) []control.Annotation {
	text := r.PostFormValue("text")
	switch kind := control.AnnotationKind(r.PostFormValue("kind")); kind {
	case "":
		var list []control.Annotation
		for field, kind := range map[string]control.AnnotationKind{"agent": control.SetAgent, "extension": control.SetExtension} {
			if _, typed := r.PostForm[field]; typed && r.PostFormValue(field) != r.PostFormValue("was-"+field) {
				list = append(list, control.Annotation{Kind: kind, Text: r.PostFormValue(field)})
			}
		}
		if p := r.PostFormValue("purpose"); p != "" {
			list = append(list, control.Annotation{Kind: control.SetPurpose, Text: p})
		}
		return list
	case control.Rate:
		stars, err := strconv.Atoi(r.PostFormValue("stars"))
		if err != nil {
			stars = -1
		}
		return []control.Annotation{{Kind: kind, Stars: stars}}
	default:
		return []control.Annotation{{Kind: kind, Text: text}}
	}
}

// annotateAgain shows the page again with what is wrong and what was typed.
func (s *server) annotateAgain(w http.ResponseWriter, r *http.Request, n control.Annotation, wrong *control.AnnotationError) {
	body, err := s.callBody(r)
	if err != nil {
		s.refuse(w, r, err)
		return
	}
	p := problem{Field: "note", Text: sentence(wrong.Text)}
	switch n.Kind {
	case control.AddNote:
		body.Said.Note = n.Text
	case control.SetFlag:
		p.Field, body.Said.Flag = "flag", n.Text
	case control.Rate:
		p.Field, p.Text = "stars", "Select a rating"
	case control.SetAgent:
		p.Field, body.Said.Agent = "agent", n.Text
	case control.SetExtension:
		p.Field, body.Said.Extension = "extension", n.Text
	case control.SetPurpose:
		p.Field, body.Said.Purpose = "about", n.Text
	}
	body.Errors = problems{p}
	s.show(w, r, http.StatusUnprocessableEntity, "call", body.Title, body, body.Errors)
}

// sentence begins with a capital.
func sentence(s string) string {
	if s != "" && 'a' <= s[0] && s[0] <= 'z' {
		return string(s[0]-'a'+'A') + s[1:]
	}
	return s
}
