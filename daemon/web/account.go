package web

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"linevault/daemon/control"
)

type accountBody struct {
	Errors       problems
	Day, Example string // as typed
	Long         string // the day in words
	Before       string // addresses of the days around; empty where there is no such day
	After        string
	Lines        []accountView
	Verdict      string
	Trouble      bool // something is unexplained
}

type accountView struct {
	Name, Department                                                  string
	Signalled, Recorded, Partly, NotByPolicy, Lost, Open, Unexplained string
	Bad                                                               bool
	Why                                                               []string
}

func (s *server) account(w http.ResponseWriter, r *http.Request) {
	typed := strings.TrimSpace(r.URL.Query().Get("day"))
	body := accountBody{Day: typed, Example: s.exampleDay()}
	day, ok := s.day(typed)
	if !ok {
		body.Errors = problems{{"day", "Day must be a date, like " + s.exampleDay()}}
		s.show(w, r, http.StatusUnprocessableEntity, "account-of-calls", "A day’s calls", body, body.Errors)
		return
	}
	today := s.Now().In(s.Zone)
	if day.IsZero() {
		day = time.Date(today.Year(), today.Month(), today.Day(), 0, 0, 0, 0, s.Zone)
	}
	noon := day.Add(12 * time.Hour) // of the day whatever the clocks did in its night
	account, err := s.Desk.Account(actor(r), noon)
	if err != nil {
		s.refuse(w, r, err)
		return
	}
	body.Day, body.Long = day.Format("2/1/2006"), day.Format("Monday 2 January 2006")
	body.Before = "/lines/account?day=" + day.AddDate(0, 0, -1).Format("2/1/2006")
	if next := day.AddDate(0, 0, 1); !next.After(today) {
		body.After = "/lines/account?day=" + next.Format("2/1/2006")
	}
	for _, l := range account.Lines {
		body.Lines = append(body.Lines, accountViewOf(l))
	}
	if len(account.Lines) > 1 {
		body.Lines = append(body.Lines, accountViewOf(account.Total))
	}
	body.Trouble, body.Verdict = account.Total.Unexplained > 0, accountVerdict(account.Total)
	s.show(w, r, http.StatusOK, "account-of-calls", "A day’s calls", body, nil)
}

// accountVerdict is the day in a sentence.
func accountVerdict(t control.AccountLine) string {
	switch {
	case t.Signalled == 0:
		return "No calls came on any line."
	case t.Unexplained > 0:
		return fmt.Sprintf("Of %s, %s cannot be explained. Tell whoever looks after the recorder.", plural(t.Signalled, "call"), grouped(t.Unexplained))
	}
	v := fmt.Sprintf("All %s are recorded, or it is known why not.", plural(t.Signalled, "call"))
	if t.Signalled == 1 {
		v = "The only call is recorded, or it is known why not."
	}
	if t.Open > 0 {
		v += fmt.Sprintf(" Of them, %s not over yet.", isOrAre(t.Open))
	}
	return v
}

func isOrAre(n int) string {
	if n == 1 {
		return "1 is"
	}
	return grouped(n) + " are"
}

func accountViewOf(l control.AccountLine) accountView {
	v := accountView{
		Name: l.Name, Department: l.Department, Signalled: grouped(l.Signalled), Recorded: grouped(l.Recorded), Partly: grouped(l.Partly),
		NotByPolicy: grouped(l.NotByPolicy), Lost: grouped(l.Lost), Open: grouped(l.Open), Unexplained: grouped(l.Unexplained),
		Bad: l.Unexplained > 0,
	}
	for _, m := range l.Missing {
		v.Why = append(v.Why, fmt.Sprintf("%s of calls recorded in part: %s", exactly(m.Time), strings.ToLower(gapLabel(m.Cause))))
	}
	for _, r := range l.Reasons {
		v.Why = append(v.Why, strconv.Itoa(r.Calls)+" "+outcomeWord(r.Outcome)+": "+r.Text)
	}
	return v
}

func outcomeWord(o string) string {
	if o == "partly" {
		return "in part"
	}
	return o
}
