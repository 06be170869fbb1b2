package web

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"linevault/daemon/auth"
	"linevault/daemon/control/controltest"
	"linevault/storage"
)

// The report, the sheet and the call's page say how pauses were asked for; who may not, does
// not see them.
func TestPauseReport(t *testing.T) {
	s := open(t)
	now := time.Now()
	id := s.Record(t, controltest.Call{
		Line: "rents", Name: "Council rents", Start: now, Length: 14 * time.Second, End: storage.HungUp,
		Late: &controltest.Gap{From: 6 * time.Second, To: 9 * time.Second, Cause: storage.Quarantined, By: "terminal till 9", Reason: "a payment, and no pause"},
		Asked: []storage.Asked{
			{Kind: storage.ByContact, By: "contact door", At: 8000, To: 16000, Latency: 12 * time.Millisecond},
			{Kind: storage.ByTerminal, By: "terminal till 9", Reason: "ref 77", At: 52000, To: 72000, Missed: true},
		},
	})
	s.Record(t, controltest.Call{
		Line: "parking", Name: "Parking fines", Start: now, Length: 4 * time.Second, End: storage.HungUp,
		Asked: []storage.Asked{{Kind: storage.ByTerminal, By: "terminal parking-1", At: 8000, To: 16000, Latency: 340 * time.Millisecond}},
	})
	c := s.client(t, "sue", auth.Supervisor)
	has := func(path string, status int, texts ...string) string {
		t.Helper()
		a, body := s.get(t, c, path)
		if a.StatusCode != status {
			t.Errorf("%s: %s", path, a.Status)
		}
		for _, text := range texts {
			if !strings.Contains(body, text) {
				t.Errorf("%s does not say %q", path, text)
			}
		}
		return body
	}
	has("/lines/pauses", 200, "contact door", "terminal till 9", "Council rents", "12 ms", "1 payment was not paused", "by a contact")
	has("/lines/pauses?line=parking", 200, "terminal parking-1", "340 ms")
	if body := has("/lines/pauses?line=parking", 200); strings.Contains(body, "contact door") {
		t.Error("the report of one line has another's")
	}
	has("/lines/pauses?from=1/1/2020&to=2/1/2020", 200, "Nobody asked for a pause")
	has("/lines/pauses?from=yesterday", 422, "From must be a date")
	has("/lines/pauses?from=2/1/2020&to=1/1/2020", 422, "To must not be before From")
	has("/lines/pauses/evidence", 200, "3.3.1", "What pausing does not cover", "desktops", "telephone network", "Payments that nobody paused")
	page := has("/calls/"+string(id), 200, "in quarantine", "contact door, by a contact", "It took 12 ms to arrive", "nobody paused a payment at terminal till 9: ref 77", "Part of this call is in quarantine")
	purge := fmt.Sprintf("/calls/%s/purge?from=", id)
	if !strings.Contains(page, purge) {
		t.Errorf("the call's page does not lead to %s", purge)
	}
	auditor := s.client(t, "aud", auth.Auditor)
	if a, body := s.get(t, auditor, "/lines/pauses/evidence"); a.StatusCode != 200 || !strings.Contains(body, "terminal till 9") {
		t.Errorf("the auditor: %s", a.Status)
	}
	if a, _ := s.get(t, s.client(t, "ann", auth.Agent), "/lines/pauses"); a.StatusCode != http.StatusForbidden {
		t.Errorf("an agent: %s", a.Status)
	}

	// Released by a second look: with a reason and a tick, and only once.
	path := "/calls/" + string(id) + "/release"
	has(path+"?from=6.000&to=9.100", 200, "0:06 to 0:09.1", "destroy it")
	span := url.Values{"from": {"6.000"}, "to": {"9.100"}}
	if a, body := s.post(t, c, path, span); a.StatusCode != 422 || !strings.Contains(body, "Tick the box") {
		t.Errorf("without a tick: %s", a.Status)
	}
	span.Set("confirm", "yes")
	if a, body := s.post(t, c, path, span); a.StatusCode != 422 || !strings.Contains(body, "how you know") {
		t.Errorf("without a reason: %s", a.Status)
	}
	span.Set("reason", "the payment was cancelled")
	if a, _ := s.post(t, s.client(t, "qual", auth.Quality), path, span); a.StatusCode != http.StatusForbidden {
		t.Errorf("by somebody who may not: %s", a.Status)
	}
	if a, _ := s.post(t, c, path, span); a.StatusCode != http.StatusSeeOther {
		t.Errorf("released: %s", a.Status)
	}
	if body := has("/calls/"+string(id), 200); strings.Contains(body, "in quarantine") {
		t.Error("it is in quarantine still")
	}
	if a, _ := s.post(t, c, path, span); a.StatusCode != http.StatusConflict {
		t.Errorf("released again: %s", a.Status)
	}
	found := 0
	for _, e := range s.Events(t) {
		if e.Kind == "quarantine released" && e.Who == "sue" && e.Call == string(id) && e.Purpose == "the payment was cancelled" {
			found++
		}
	}
	if found != 1 {
		t.Errorf("the ledger has the release %d times", found)
	}
}
