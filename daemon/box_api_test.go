package main

import (
	"bytes"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"linevault/daemon/api"
	"linevault/daemon/link"
)

// A terminal pauses a line by the API, over TLS, and what it is answered is true.
func TestTerminalPausesByAPI(t *testing.T) {
	_, toml := scripts(t, 2, 12)
	toml = patient(toml)
	token := newToken()
	toml += fmt.Sprintf("[[terminal]]\nname = \"till 1\"\nlines = [\"Line 0\"]\ntoken_sha256 = \"%x\"\n", sha256.Sum256([]byte(token)))
	b := newBox(t, toml)
	b.start("run")
	b.await("calls", func() bool { s, _ := b.status(); return count(s, link.Recording) == 2 })
	k := &till{t: t, url: "https://" + b.api, client: trusting(t, b.dir)}
	for _, r := range []struct {
		method, path, token, body string
		status                    int
	}{
		{"PUT", "/v1/lines/line-0/pause", "", "", http.StatusUnauthorized},
		{"PUT", "/v1/lines/line-0/pause", newToken(), "", http.StatusUnauthorized},
		{"PUT", "/v1/lines/line-1/pause", token, "", http.StatusForbidden},
		{"PUT", "/v1/lines/line-9/pause", token, "", http.StatusNotFound},
		{"PUT", "/v1/lines/line-0/pause", token, `{"max_seconds": 5000}`, http.StatusUnprocessableEntity},
		{"PUT", "/v1/lines/line-0/pause", token, `{"reasn": "x"}`, http.StatusUnprocessableEntity},
		{"PUT", "/v1/lines/line-0/pause", token, `{"from": "yesterday"}`, http.StatusUnprocessableEntity},
		{"PATCH", "/v1/lines/line-0/pause", token, "", http.StatusMethodNotAllowed},
		{"GET", "/v2/lines", token, "", http.StatusNotFound},
	} {
		if got, _ := k.ask(r.method, r.path, r.token, r.body); got != r.status {
			t.Errorf("%s %s %s: %d, want %d", r.method, r.path, r.body, got, r.status)
		}
	}
	b.await("more of the call than the guard", func() bool {
		_, l := k.ask("GET", "/v1/lines/line-0", token, "")
		return l.State == link.Recording && time.Since(l.Since) > time.Second && time.Since(l.Since) < 3*time.Second
	})
	asked := time.Now()
	status, a := k.insist("PUT", "/v1/lines/line-0/pause", token, `{"reason": "card payment", "max_seconds": 60, "terminal_ref": "42"}`)
	answered := time.Now()
	if status != http.StatusOK || a.State != link.Paused || a.Position == nil || a.Call == "" {
		t.Fatalf("pause: %d %+v", status, a)
	}
	// The request arrived at some time between asked and answered; clock allows for the line's.
	const guard, clock = 500 * time.Millisecond, 100 * time.Millisecond
	if arrived := a.At.Add(guard); arrived.Before(asked.Add(-clock)) || arrived.After(answered.Add(clock)) {
		t.Errorf("cut at %v, asked at %v, answered at %v: that is not the guard before", a.At, asked, answered)
	}
	if _, again := k.insist("POST", "/v1/lines/line-0/pause", token, ""); again.State != link.Paused {
		t.Errorf("paused again: %+v", again)
	}
	if _, s := k.ask("GET", "/v1/lines/line-0", token, ""); s.State != link.Paused || len(s.PausedBy) != 1 || s.PausedBy[0] != "terminal till 1" {
		t.Errorf("state %+v", s)
	}
	time.Sleep(1500 * time.Millisecond)
	resumed := time.Now()
	if status, r := k.insist("DELETE", "/v1/lines/line-0/pause", token, ""); status != http.StatusOK || r.State != link.Recording {
		t.Fatalf("resume: %d %+v", status, r)
	}
	confirmed := time.Now()
	b.await("the call to end", func() bool {
		for _, c := range b.calls() {
			if string(c.ID) == a.Call && c.State == "hung up" {
				return true
			}
		}
		return false
	})
	for _, c := range b.calls() {
		if string(c.ID) != a.Call {
			continue
		}
		if len(c.Gaps) != 1 || c.Gaps[0].By != "terminal till 1" || c.Gaps[0].Reason != "card payment (42)" || c.Length != 12 {
			t.Fatalf("the paused call is %+v", c)
		}
		cut := c.Start.Add(time.Duration(c.Gaps[0].From * float64(time.Second)))
		if arrived := cut.Add(guard); arrived.Before(asked.Add(-clock)) || arrived.After(answered.Add(clock)) {
			t.Errorf("the recording is cut at %v, the pause was asked for at %v and answered at %v: that is not the guard before", cut, asked, answered)
		}
		least, most := (resumed.Sub(answered) + 700*time.Millisecond - clock).Seconds(), (confirmed.Sub(asked) + 700*time.Millisecond + clock).Seconds()
		if got := c.Gaps[0].To - c.Gaps[0].From; got < least || got > most {
			t.Errorf("the gap is %.2f s long, want %.2f to %.2f", got, least, most)
		}
	}
	b.await("an idle line", func() bool {
		status, _ := k.ask("PUT", "/v1/lines/line-0/pause", token, "")
		if status == http.StatusOK {
			k.insist("DELETE", "/v1/lines/line-0/pause", token, "")
		}
		return status == http.StatusConflict
	})
	b.stop()
	b.check()
}

// patient is a configuration whose lines hold sound back for so long that no pause comes too late, however busy
// this machine is.
func patient(toml string) string {
	return strings.ReplaceAll(toml, `hold_back = "500ms"`, `hold_back = "5s"`)
}

// till is a payment terminal.
type till struct {
	t      *testing.T
	url    string
	client *http.Client
}

func (k *till) ask(method, path, token, body string) (status int, l api.Line) {
	k.t.Helper()
	r, err := http.NewRequestWithContext(k.t.Context(), method, k.url+path, bytes.NewBufferString(body))
	if err != nil {
		k.t.Fatal(err)
	}
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	a, err := k.client.Do(r)
	if err != nil {
		k.t.Fatal(err)
	}
	defer a.Body.Close()
	if a.StatusCode == http.StatusOK {
		if err := json.NewDecoder(a.Body).Decode(&l); err != nil {
			k.t.Fatal(err)
		}
	}
	return a.StatusCode, l
}

// insist asks until it is answered something else than 503, as the recorder does while this machine is too
// busy to confirm in time.
func (k *till) insist(method, path, token, body string) (status int, l api.Line) {
	k.t.Helper()
	for end := time.Now().Add(3 * time.Minute); ; time.Sleep(50 * time.Millisecond) {
		if status, l = k.ask(method, path, token, body); status != http.StatusServiceUnavailable || time.Now().After(end) {
			return status, l
		}
	}
}

// trusting is a client that trusts the box's own certificate and no other.
func trusting(t *testing.T, dir string) *http.Client {
	t.Helper()
	pem, err := os.ReadFile(filepath.Join(dir, "tls", "box.pem"))
	if err != nil {
		t.Fatal(err)
	}
	ca := x509.NewCertPool()
	if !ca.AppendCertsFromPEM(pem) {
		t.Fatal("no certificate in the box's file")
	}
	return &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: ca}}}
}
