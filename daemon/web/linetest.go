package web

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"linevault/daemon/control"
)

type lineTestBody struct {
	ID, Name, Department, Number, Wired string

	On        bool
	By, Begun string
	Version   int
	Steps     []stepView
	Current   *stepView // the step under way
	Done      int
	Made      string // the certificate
	Outcome   *tag
	Trouble   string

	Failed  problems
	Caller  string // the number, as it was filled in
	Earlier []lineCertificateRow
}

type stepView struct {
	N                               int
	ID, Title, Do                   string
	Tag                             tag
	Seen, Advice, Reason, MarginTag string
	Now, Stuck                      bool
}

type lineCertificateRow struct {
	ID, When, By string
	Outcome      tag
}

var stepTags = map[string]tag{
	"waiting": {"Not yet", "govuk-tag govuk-tag--grey"},
	"doing":   {"Now", "govuk-tag govuk-tag--blue"},
	"trouble": {"Not right yet", "govuk-tag govuk-tag--orange"},
	"passed":  {"Passed", "govuk-tag govuk-tag--green"},
	"failed":  {"Failed", "govuk-tag govuk-tag--red"},
	"skipped": {"Left out", "govuk-tag govuk-tag--yellow"},
}

func outcomeTag(outcome string) tag {
	switch outcome {
	case "passed":
		return tag{"Passed", "govuk-tag govuk-tag--green"}
	case "failed":
		return tag{"Failed", "govuk-tag govuk-tag--red"}
	}
	return tag{"Passed in part", "govuk-tag govuk-tag--yellow"}
}

func (s *server) lineTest(w http.ResponseWriter, r *http.Request) {
	s.showLineTest(w, r, http.StatusOK, "", nil)
}

func (s *server) showLineTest(w http.ResponseWriter, r *http.Request, status int, caller string, wrong problems) {
	t, err := s.Desk.TestLine(r.Context(), actor(r), r.PathValue("line"))
	if err != nil {
		s.refuse(w, r, err)
		return
	}
	body := s.lineTestBody(t)
	body.Caller, body.Failed = caller, wrong
	s.show(w, r, status, "linetest", "Test of line "+t.Line.Name, body, wrong)
}

func (s *server) lineTestBody(t control.LineTest) lineTestBody {
	b := lineTestBody{
		ID: t.Line.ID, Name: t.Line.Name, Department: t.Line.Department, Number: number(t.Line.Number), Wired: t.Wired,
		On: t.On, By: t.By, Version: t.Version, Done: t.At, Made: t.Made, Trouble: t.Trouble,
	}
	if t.On {
		b.Begun = s.timeOf(t.Begun)
	}
	for i, st := range t.Steps {
		v := viewOf(i, st)
		v.Now = i == t.At
		b.Steps = append(b.Steps, v)
		if v.Now {
			b.Current = &b.Steps[i]
		}
	}
	for _, c := range t.Earlier {
		row := lineCertificateRow{ID: c.ID, When: s.timeOf(c.Done), By: c.By, Outcome: outcomeTag(string(c.Outcome))}
		b.Earlier = append(b.Earlier, row)
		if c.ID == t.Made {
			b.Outcome = &row.Outcome
		}
	}
	return b
}

func viewOf(i int, s control.TestStep) stepView {
	return stepView{
		N: i + 1, ID: s.ID, Title: s.Title, Do: s.Do, Tag: stepTags[string(s.State)], Seen: s.Seen, Advice: s.Advice, Reason: s.Reason,
		Stuck: string(s.State) == "trouble",
	}
}

// actLineTest begins a test, or does something with the one under way.
func (s *server) actLineTest(w http.ResponseWriter, r *http.Request) {
	line, do := r.PathValue("line"), r.PostFormValue("do")
	var err error
	if do == "start" {
		err = s.Desk.StartLineTest(r.Context(), actor(r), line, r.PostFormValue("number"))
	} else if do != "" {
		err = s.Desk.ActLineTest(actor(r), line, do, r.PostFormValue("reason"))
	}
	switch {
	case errors.Is(err, control.ErrNoReason):
		s.showLineTest(w, r, http.StatusUnprocessableEntity, "", problems{{Field: "reason", Text: "Say why this step is left out"}})
	case errors.Is(err, control.ErrTestBusy), errors.Is(err, control.ErrNoTest), err == nil:
		http.Redirect(w, r, "/lines/"+url.PathEscape(line)+"/test", http.StatusSeeOther)
	default:
		s.refuse(w, r, err)
	}
}

type lineCertificateBody struct {
	*control.TestCertificate
	Line, WhenBegun, WhenDone, LineNumber, WiredTo string
	Tag                                            tag
	Facts                                          []fact
	Steps                                          []stepView
}

// lineCertificate is the certificate of a line test, to be read and printed.
func (s *server) lineCertificate(w http.ResponseWriter, r *http.Request) {
	c, _, err := s.Desk.LineCertificate(actor(r), r.PathValue("certificate"))
	if err != nil || string(c.Line) != r.PathValue("line") {
		s.noLineCertificate(w, r, err)
		return
	}
	body := lineCertificateBody{TestCertificate: c, Line: string(c.Line), Tag: outcomeTag(string(c.Outcome))}
	for _, f := range []fact{
		{"Line", c.Name},
		{"Department", c.Department},
		{"Number", number(string(c.Number))},
		{"Connected to", control.Wired(c)},
		{"Box", c.Box},
		{"Software", "Linevault " + c.Software},
		{"Tested by", c.By},
		{"Begun", c.Begun.In(s.Zone).Format("2 January 2006, 15:04:05 MST")},
		{"Done", c.Done.In(s.Zone).Format("2 January 2006, 15:04:05 MST")},
		{"Test call", c.Call},
		{"Certificate", c.ID},
		{"Key that signed it", s.Desk.Archive.Fingerprint()},
	} {
		if f.Value != "" {
			body.Facts = append(body.Facts, f)
		}
	}
	for i, st := range c.Steps {
		body.Steps = append(body.Steps, viewOf(i, st))
	}
	s.show(w, r, http.StatusOK, "linecertificate", "Commissioning certificate of line "+c.Name, body, nil)
}

// lineCertificateText is the same as a text file, with what was signed at its end.
func (s *server) lineCertificateText(w http.ResponseWriter, r *http.Request) {
	c, signed, err := s.Desk.LineCertificate(actor(r), r.PathValue("certificate"))
	if err != nil || string(c.Line) != r.PathValue("line") {
		s.noLineCertificate(w, r, err)
		return
	}
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("Content-Disposition", fmt.Sprintf(`attachment; filename="line-test-%s-%s.txt"`, c.Line, c.Done.Format(time.DateOnly)))
	_, _ = fmt.Fprintf(w, "%s\nSigned by the box, key %s:\n\n%s", c.Text(s.Zone), s.Desk.Archive.Fingerprint(), signed) // a reader who has gone is nobody's problem
}

func (s *server) noLineCertificate(w http.ResponseWriter, r *http.Request, err error) {
	if err == nil || control.NoCertificate(err) {
		s.sorry(w, r, http.StatusNotFound, "Certificate not found", "There is no certificate at this address. The page of the line lists those that there are.")
		return
	}
	s.refuse(w, r, err)
}

// followLineTest tells when the page of a test is to be read again.
func (st *stream) followLineTest() error {
	line := st.r.URL.Query().Get("line")
	for last, quiet := -1, 0; ; quiet++ {
		p, err := st.Desk.TestProgress(actor(st.r), line)
		if err != nil {
			return err
		}
		switch {
		case p.Version != last:
			err = st.send("test", p)
			last, quiet = p.Version, 0
		case quiet%20 == 0:
			err = st.write(":\n\n") // finds out whether the reader is still there
		}
		if err != nil {
			return err
		}
		if err := st.wait(st.step); err != nil {
			return err
		}
	}
}
