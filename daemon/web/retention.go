package web

import (
	"fmt"
	"net/http"
	"strings"

	"linevault/daemon/control"
)

type retentionBody struct {
	form
	Classes            []classView
	LastRun, HeldBack  string
	Failed             string
	MayApprove, MayAsk bool
	Asked              string
	AskedID            string
	Kept               []string
	KeptMore           int
	MaySeeCertificates bool
	Past, Usual        string
}

type classView struct{ Name, Least, Most, Calls, Next, Week, Month, Past string }

func (s *server) retention(w http.ResponseWriter, r *http.Request) { s.showRetention(w, r, form{}) }

func (s *server) showRetention(w http.ResponseWriter, r *http.Request, f form) {
	t, err := s.Desk.Retention(actor(r))
	if err != nil {
		s.refuse(w, r, err)
		return
	}
	body := retentionBody{
		form: f, Failed: t.Failed, MayApprove: actor(r).May(control.ApproveRetention), MaySeeCertificates: actor(r).May(control.SeeCertificates),
		Past: plural(len(t.Plan.Calls), "call"), Usual: plural(t.Plan.Usual, "call"),
	}
	if !t.LastRun.IsZero() {
		body.LastRun = fmt.Sprintf("%s: %s destroyed", s.timeOf(t.LastRun), plural(t.Went, "call"))
	}
	if h := t.HeldBack; h != nil {
		why, _, _ := strings.Cut(h.Why, ": if ")
		body.HeldBack, body.MayAsk = sentenceOf(why), h.What != control.NoTime && h.What != control.NotListed
		if t.Asked != nil {
			body.Asked, body.AskedID = t.Asked.By, t.Asked.ID
		}
	}
	for i, k := range t.Plan.Kept {
		if i == 20 {
			body.KeptMore = len(t.Plan.Kept) - i
			break
		}
		body.Kept = append(body.Kept, fmt.Sprintf("%s: %s", k.Period, k.Why))
	}
	for _, c := range t.Classes {
		v := classView{Name: c.Class, Least: c.AtLeast.String(), Most: c.AtMost.String(), Calls: grouped(c.Calls)}
		if c.WithoutMaximum {
			v.Most, v.Next = "No end: until somebody has them destroyed", "Never by itself"
		} else if c.Next.Calls > 0 {
			v.Next = c.Next.At.In(s.Zone).Format("2 January 2006") + ": " + plural(c.Next.Calls, "call")
		}
		if c.Past > 0 {
			v.Past = plural(c.Past, "call") + " past their term"
		}
		v.Week, v.Month = grouped(c.Week), grouped(c.Month)
		body.Classes = append(body.Classes, v)
	}
	s.showForm(w, r, "retention", "Retention", f.Errors, body)
}

// sentenceOf begins with a capital and ends with a full stop.
func sentenceOf(s string) string {
	if s == "" {
		return s
	}
	return strings.ToUpper(s[:1]) + s[1:] + "."
}

func (s *server) askRetention(w http.ResponseWriter, r *http.Request) {
	f := formOf(r)
	err := s.Desk.AskRetention(actor(r), f.Value("reason"))
	switch {
	case err == nil:
		seeOther(w, r, "/retention")
	case f.took(err):
		s.showRetention(w, r, f)
	default:
		s.refuse(w, r, err)
	}
}

type ledgerBody struct {
	Errors           problems
	Day, Shown       string
	Box              string
	Entries          []entryView
	Count            string
	Signed           string
	Key, Fingerprint string
}

type entryView struct{ Number, At, Kind, Who, Text string }

// ledgerReport is a day of the ledger, for paper.
func (s *server) ledgerReport(w http.ResponseWriter, r *http.Request) {
	body := ledgerBody{Day: strings.TrimSpace(r.URL.Query().Get("day"))}
	day, ok := s.day(body.Day)
	if !ok {
		body.Errors = problems{{"day", "Day must be a date, like " + s.exampleDay()}}
		s.showForm(w, r, "ledger", "Ledger", body.Errors, body)
		return
	}
	if body.Day == "" {
		y, m, d := s.Now().In(s.Zone).Date()
		day, ok = s.day(fmt.Sprintf("%d/%d/%d", d, m, y))
		body.Day = s.exampleDay()
	}
	report, err := s.Desk.Report(actor(r), day, day.AddDate(0, 0, 1))
	if err != nil || !ok {
		s.refuse(w, r, err)
		return
	}
	body.Shown, body.Box = day.Format("Monday 2 January 2006"), report.Box
	body.Signed, body.Key, body.Fingerprint = report.Signed, report.Key, report.Fingerprint
	body.Count = plural(len(report.Entries), "entry")
	if len(report.Entries) != 1 {
		body.Count = grouped(len(report.Entries)) + " entries"
	}
	for _, e := range report.Entries {
		v := entryView{Number: fmt.Sprint(e.Number), At: "--:--:--", Kind: e.Kind, Who: e.Who}
		if !e.At.IsZero() {
			v.At = e.At.In(s.Zone).Format("15:04:05")
		}
		var words []string
		for _, f := range []struct{ name, text string }{
			{"Call ", e.Call},
			{"", e.Purpose},
			{"Reference ", e.Reference},
			{"", e.Text},
			{"Account ", e.Data["account"]},
			{"Asked by ", e.Data["asked"]},
			{"Approved by ", e.Data["approved"]},
			{"From ", e.Data["address"]},
		} {
			if f.text != "" {
				words = append(words, f.name+f.text)
			}
		}
		v.Text = strings.Join(words, ". ")
		body.Entries = append(body.Entries, v)
	}
	s.show(w, r, http.StatusOK, "ledger", "Ledger of "+body.Shown, body, nil)
}
