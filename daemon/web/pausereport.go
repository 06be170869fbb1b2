package web

import (
	"net/http"
	"net/url"
	"strings"
	"time"

	"linevault/daemon/control"
)

type pauseReportBody struct {
	Errors            problems
	From, To, Example string // as typed
	Span              string // the time in words
	Lines             []lineChoice
	Line              string // the chosen one's name
	Tables            []pauseTable
	Facts             []fact
	Summary           string
	Trouble           []string
	Evidence          string // the address of the sheet
	Printed           string
	Council           string
}

// pauseTable is the same figures of lines or of sources.
type pauseTable struct {
	Caption, Of string
	Rows        []pauseRow
}

type pauseRow struct {
	Name, Kind, Pauses, Mean, P95, Late, Long, Missed string
	Bad                                               bool // something was missed
}

// pauseDays is how far back the report looks unless it is asked otherwise.
const pauseDays = 30

func (s *server) pauseReport(w http.ResponseWriter, r *http.Request) {
	s.showPauses(w, r, "pauses", "How pauses were asked for")
}

func (s *server) pauseEvidence(w http.ResponseWriter, r *http.Request) {
	s.showPauses(w, r, "pauses-evidence", "Evidence of pausing")
}

func (s *server) showPauses(w http.ResponseWriter, r *http.Request, page, title string) {
	v := r.URL.Query()
	body := pauseReportBody{
		From: strings.TrimSpace(v.Get("from")), To: strings.TrimSpace(v.Get("to")), Example: s.exampleDay(),
		Lines: s.lineChoices(r, v.Get("line")), Council: s.Branding.Council,
	}
	q := control.PauseQuery{Line: v.Get("line")}
	today := s.Now().In(s.Zone)
	var ok bool
	if q.From, ok = s.day(body.From); !ok {
		body.Errors = append(body.Errors, problem{"from", "From must be a date, like " + body.Example})
	}
	if q.To, ok = s.day(body.To); !ok {
		body.Errors = append(body.Errors, problem{"to", "To must be a date, like " + body.Example})
	}
	if q.To.IsZero() {
		q.To = time.Date(today.Year(), today.Month(), today.Day(), 0, 0, 0, 0, s.Zone)
	}
	if q.From.IsZero() {
		q.From = q.To.AddDate(0, 0, 1-pauseDays)
	}
	if q.To.Before(q.From) {
		body.Errors = append(body.Errors, problem{"to", "To must not be before From"})
	}
	if body.Errors != nil {
		s.show(w, r, http.StatusUnprocessableEntity, "pauses", "How pauses were asked for", body, body.Errors)
		return
	}
	body.From, body.To = q.From.Format("2/1/2006"), q.To.Format("2/1/2006")
	body.Span = q.From.Format("2 January 2006") + " to " + q.To.Format("2 January 2006")
	body.Evidence = "/lines/pauses/evidence?" + url.Values{"from": {body.From}, "to": {body.To}, "line": {q.Line}}.Encode()
	body.Printed = today.Format("2 January 2006 at 15:04")
	q.To = q.To.AddDate(0, 0, 1) // the whole of that day
	report, err := s.Desk.PauseReport(actor(r), q)
	if err != nil {
		s.refuse(w, r, err)
		return
	}
	for _, l := range body.Lines {
		if l.Chosen {
			body.Line = l.Name
		}
	}
	body.fill(report)
	s.show(w, r, http.StatusOK, page, title, body, nil)
}

func (b *pauseReportBody) fill(r control.PauseReport) {
	t := r.Total
	b.Summary = "Nobody asked for a pause in this time."
	if t.Pauses > 0 {
		b.Summary = plural(t.Pauses, "pause") + " in " + plural(t.Calls, "call") + ", of " + plural(r.Calls, "call") + " in all. On average a pause took " +
			took(t.Mean) + " to arrive, and 95 of 100 took " + took(t.P95) + " or less."
	}
	say := func(n int, one, more string) {
		if n == 1 {
			b.Trouble = append(b.Trouble, one)
		} else if n > 1 {
			b.Trouble = append(b.Trouble, grouped(n)+more)
		}
	}
	say(t.Missed, "1 payment was not paused.", " payments were not paused.")
	say(r.Quarantined, "1 part of a call is in quarantine and waits for somebody to look.", " parts of calls are in quarantine and wait for somebody to look.")
	say(t.Late, "1 pause came too late: what had been recorded was withheld at once.", " pauses came too late: what had been recorded was withheld at once.")
	say(r.Withheld, "1 part of a call, for which a pause came too late, waits to be destroyed.", " parts of calls, for which a pause came too late, wait to be destroyed.")
	say(t.Long, "1 pause lasted longer than it said it would.", " pauses lasted longer than they said they would.")
	b.Facts = []fact{
		{"Calls", grouped(r.Calls)},
		{"Pauses", grouped(t.Pauses) + " in " + plural(t.Calls, "call")},
		{"How long they took to arrive", took(t.Mean) + " on average; 95 of 100 took " + took(t.P95) + " or less; the slowest " + took(t.Most)},
		{"Pauses that came too late", grouped(t.Late)},
		{"Payments that nobody paused", grouped(t.Missed)},
		{"Parts destroyed afterwards", grouped(r.Destroyed)},
		{"Parts waiting to be destroyed", grouped(r.Withheld)},
		{"Parts in quarantine", grouped(r.Quarantined)},
	}
	b.Tables = []pauseTable{
		{"Lines, and how they were paused", "Line", pauseRows(r.Lines)},
		{"Who asked for pauses", "Who asked", pauseRows(r.Sources)},
	}
}

func pauseRows(all []control.PauseFigures) (rows []pauseRow) {
	for _, f := range all {
		row := pauseRow{
			Name: f.Name, Pauses: grouped(f.Pauses), Mean: "–", P95: "–", Late: grouped(f.Late), Long: grouped(f.Long), Missed: grouped(f.Missed), Bad: f.Missed > 0,
		}
		if f.Kind != "" {
			row.Kind = kindWords(f.Kind)
		}
		if f.Pauses > 0 {
			row.Mean, row.P95 = took(f.Mean), took(f.P95)
		}
		rows = append(rows, row)
	}
	return rows
}
