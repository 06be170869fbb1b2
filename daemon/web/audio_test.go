package web

import (
	"bufio"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"linevault/daemon/auth"
	"linevault/daemon/control/controltest"
)

// Ranges are the same bytes as the whole, in any order and of any size.
func TestSoundIsServedByRange(t *testing.T) {
	s := open(t)
	c := s.client(t, "asha", auth.Supervisor)
	permit := s.permit(t, c)
	for _, kind := range []string{"ogg", "wav"} {
		path := "/calls/" + s.call + "/audio." + kind + "?permit=" + permit
		whole, all := s.get(t, c, path)
		if whole.StatusCode != http.StatusOK || whole.Header.Get("Accept-Ranges") != "bytes" || whole.Header.Get("Cache-Control") != "no-store" ||
			whole.Header.Get("Content-Type") != "audio/"+kind || whole.ContentLength != int64(len(all)) || len(all) < 1000 {
			t.Fatalf("%s: %s, %d bytes, %v", kind, whole.Status, len(all), whole.Header)
		}
		for _, r := range [][2]int{{len(all) - 100, len(all)}, {0, 1}, {44, 444}, {len(all) / 2, len(all)/2 + 333}, {0, len(all)}} {
			a, part := s.get(t, c, path, "Range", fmt.Sprintf("bytes=%d-%d", r[0], r[1]-1), "If-Range", whole.Header.Get("ETag"))
			if a.StatusCode != http.StatusPartialContent || part != all[r[0]:r[1]] {
				t.Errorf("%s %v: %s, %d bytes, not the same as in the whole", kind, r, a.Status, len(part))
			}
		}
		if a, _ := s.get(t, c, path, "Range", fmt.Sprintf("bytes=%d-", len(all))); a.StatusCode != http.StatusRequestedRangeNotSatisfiable {
			t.Errorf("%s beyond the end: %s", kind, a.Status)
		}
		if a, _ := s.get(t, c, path, "If-None-Match", whole.Header.Get("ETag")); a.StatusCode != http.StatusNotModified {
			t.Errorf("%s again: %s", kind, a.Status)
		}
	}
}

func TestSoundNeedsThePurposeOfThisListener(t *testing.T) {
	s := open(t)
	asha, dilys := s.client(t, "asha", auth.Supervisor), s.client(t, "dilys", auth.Supervisor)
	permit := s.permit(t, asha)
	for name, path := range map[string]string{
		"none": "/calls/" + s.call + "/audio.ogg", "another's": "/calls/" + s.call + "/audio.wav?permit=" + permit, "made up": "/calls/" + s.call + "/audio.ogg?permit=X",
	} {
		if a, body := s.get(t, dilys, path); a.StatusCode != http.StatusForbidden || strings.Contains(body, "OggS") {
			t.Errorf("permit %s: %s", name, a.Status)
		}
	}
	a, body := s.get(t, dilys, "/calls/"+s.call+"?permit="+permit)
	if a.StatusCode != http.StatusOK || strings.Contains(body, "<audio") || !strings.Contains(body, "has run out") {
		t.Errorf("the page with another's permit: %s", a.Status)
	}
}

// A stream ends soon after its reader has signed out elsewhere, and does not keep the session
// alive by itself.
func TestStreamEndsAtSignOut(t *testing.T) {
	for _, of := range []string{"lines", "calls"} {
		s := open(t)
		c := s.client(t, "asha", auth.Supervisor)
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.url+"/events?of="+of, nil)
		if err != nil {
			t.Fatal(err)
		}
		a, err := c.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		defer a.Body.Close()
		said := make(map[string]bool)
		wants := map[string]string{"lines": "event: levels", "calls": "event: calls"}[of]
		out := false
		for lines := bufio.NewScanner(a.Body); lines.Scan(); {
			said[lines.Text()] = true
			if said[wants] && !out {
				out = true
				s.post(t, c, "/sign-out", nil)
			}
		}
		if !out || !said["event: bye"] {
			t.Errorf("%s: signed out %v, said %v", of, out, said)
		}
	}
}

func TestNewCallsAreCounted(t *testing.T) {
	s := open(t)
	c := s.client(t, "asha", auth.Supervisor)
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, fmt.Sprintf("%s/events?of=calls&since=%d", s.url, time.Now().UnixMilli()), nil)
	if err != nil {
		t.Fatal(err)
	}
	a, err := c.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer a.Body.Close()
	for lines := bufio.NewScanner(a.Body); lines.Scan(); {
		switch lines.Text() {
		case "data: 0":
			s.Record(t, controltest.Call{Line: "one", Start: time.Now(), Length: time.Second, End: "hung up"})
		case "data: 1":
			return
		}
	}
	t.Error("the stream ended without telling of the call")
}
