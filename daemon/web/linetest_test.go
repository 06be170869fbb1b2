package web

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"linevault/daemon/auth"
)

// The page of a test, without a script: begun, read again, a step left out, given up; its certificate
// as a page and as a text that ends with what was signed.
func TestLineTestPages(t *testing.T) {
	s := open(t)
	c := s.client(t, "emrys", auth.Engineer)
	s.Testing("ready")
	const page = "/lines/repairs/test"
	if a, body := s.get(t, c, page); a.StatusCode != http.StatusOK || !strings.Contains(body, "Begin the test") || !strings.Contains(body, "has not been tested yet") {
		t.Fatalf("%s\n%s", a.Status, body)
	}
	if a, body := s.post(t, c, page, url.Values{"do": {"start"}, "number": {"07700 900123"}}); a.StatusCode != http.StatusSeeOther {
		t.Fatalf("%s\n%s", a.Status, body)
	}
	until := func(words string) string {
		t.Helper()
		for end := time.Now().Add(time.Minute); time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
			if _, body := s.get(t, c, page); strings.Contains(body, words) {
				return body
			}
		}
		_, body := s.get(t, c, page)
		t.Fatalf("waited in vain for %q\n%s", words, body)
		return ""
	}
	until("Ring this line now")
	if a, body := s.post(t, c, page, url.Values{"do": {"skip"}, "reason": {" "}}); a.StatusCode != http.StatusUnprocessableEntity || !strings.Contains(body, "Say why this step is left out") {
		t.Errorf("without a reason: %s", a.Status)
	}
	s.Testing("ring")
	until("Speak into the handset")
	s.Testing("near")
	if body := until("Let the caller speak"); strings.Contains(body, "900123") || !strings.Contains(body, "Seen: heard on the council side at −2") {
		t.Errorf("the page shows the caller's number, or not what was heard:\n%s", body)
	}
	for range 6 {
		s.post(t, c, page, url.Values{"do": {"fail"}})
	}
	s.Testing("hangup")
	until("The test is over")
	if a, _ := s.post(t, c, page, url.Values{"do": {"stop"}}); a.StatusCode != http.StatusSeeOther {
		t.Errorf("closing: %s", a.Status)
	}
	a, text := s.get(t, c, "/lines/council-tax/tests/"+s.cert+"/text")
	if a.StatusCode != http.StatusOK || !strings.Contains(text, "COMMISSIONING CERTIFICATE OF A LINE") || !strings.Contains(text, "\nsigned ") {
		t.Errorf("the text: %s\n%s", a.Status, text)
	}
	for _, path := range []string{"/lines/nonsense/test", "/lines/repairs/tests/nonsense", "/lines/parking/tests/" + s.cert, "/lines/parking/tests/" + s.cert + "/text"} {
		if a, _ := s.get(t, c, path); a.StatusCode != http.StatusNotFound {
			t.Errorf("%s: %s", path, a.Status)
		}
	}
}
