package web

import (
	"fmt"
	"net/http"

	"linevault/daemon/control"
)

type statusBody struct {
	Alarms   []alarmView
	Facts    []fact
	Problems []control.Problem
}

func (s *server) status(w http.ResponseWriter, r *http.Request) {
	st, err := s.Desk.Status(r.Context(), actor(r))
	if err != nil {
		s.refuse(w, r, err)
		return
	}
	recorder := "Running"
	if st.Recorder != "" {
		recorder = "Not answering: " + st.Recorder
	}
	full := ""
	if st.DiskAll > 0 {
		full = fmt.Sprintf(" (%d%% full)", 100-100*st.DiskFree/st.DiskAll)
	}
	body := statusBody{
		Alarms: s.alarmViews(st.Alarms), Problems: st.Problems,
		Facts: []fact{
			{"Software", "Linevault " + st.Version},
			{"Recorder", recorder},
			{"Calls kept", grouped(st.Calls)},
			{"Free space", size(st.DiskFree) + " of " + size(st.DiskAll) + full},
		},
	}
	body.Facts = append(body.Facts, fact{"Recordings read again", scrubWords(st.Scrub)})
	forecast, err := s.Desk.Forecast(actor(r))
	if err != nil {
		s.refuse(w, r, err)
		return
	}
	body.Facts = append(body.Facts, fact{"How long the disk lasts", sentenceOf(control.FullWords(forecast))})
	for _, c := range forecast.Classes {
		body.Facts = append(body.Facts, fact{"Class " + c.Class, size(c.Bytes) + ", and " + size(c.Daily) + " more each day"})
	}
	if k := st.Ledger; k.Key != "" {
		body.Facts = append(body.Facts,
			fact{"Ledger", fmt.Sprintf("%s entries, signed up to %s", grouped(int(k.Entries)), grouped(int(k.Signed)))},
			fact{"Signing key", k.Key},
			fact{"Its fingerprint", k.Fingerprint},
		)
	}
	s.show(w, r, http.StatusOK, "status", "Status", body, nil)
}

// scrubWords says how far the nightly reading has come.
func scrubWords(s control.ScrubStatus) string {
	if s.Last.IsZero() {
		return "Not yet: a share of them is read each night, to find damage early"
	}
	text := fmt.Sprintf("%s of %s files, last on %s", grouped(min(s.Read, s.Segments)), grouped(s.Segments), s.Last.Local().Format("2 January 2006"))
	if s.Findings > 0 {
		return text + fmt.Sprintf("; %s that cannot be read", plural(s.Findings, "place"))
	}
	return text + "; all can be read"
}
