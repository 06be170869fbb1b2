package main

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"linevault/daemon/api"
	"linevault/daemon/link"
)

// A terminal finds the call that goes on by the other party's number, however it is written; one that a rule
// keeps from being recorded is not found, and cannot be paused.
func TestLiveCallsByNumber(t *testing.T) {
	_, toml := scripts(t, 2, 300)
	token := newToken()
	toml += "record = \"out\"\n" // of the last line; its calls come in
	toml += fmt.Sprintf("[[terminal]]\nname = \"till 1\"\nlines = [\"Line 0\", \"Line 1\"]\ntoken_sha256 = \"%x\"\n", sha256.Sum256([]byte(token)))
	b := newBox(t, toml)
	b.start("run")
	b.await("calls", func() bool {
		s, _ := b.status()
		return count(s, link.Recording) == 1 && count(s, link.Excluded) == 1
	})
	client := trusting(t, b.dir)
	find := func(query string) (lines string) {
		t.Helper()
		r, err := http.NewRequestWithContext(t.Context(), "GET", "https://"+b.api+"/v1/calls?live=true"+query, nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Authorization", "Bearer "+token)
		a, err := client.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		defer a.Body.Close()
		var found api.Calls
		if err := json.NewDecoder(a.Body).Decode(&found); err != nil || a.StatusCode != http.StatusOK {
			t.Fatalf("%s: %s, %v", query, a.Status, err)
		}
		for _, c := range found.Calls {
			lines += string(c.Line) + " "
		}
		return strings.TrimSpace(lines)
	}
	for number, want := range map[string]string{
		"02079460000": "line-0", "020 7946 0000": "line-0", "+44 20 7946 0000": "line-0", "0044 20 7946 0000": "line-0",
		"02079460001": "", "02079460009": "", "0000": "", "": "line-0",
	} {
		if got := find("&number=" + url.QueryEscape(number)); got != want {
			t.Errorf("by number %q: %q, want %q", number, got, want)
		}
	}
	k := &till{t: t, url: "https://" + b.api, client: client}
	if status, l := k.insist("PUT", "/v1/calls/current/pause?number=02079460000", token, ""); status != http.StatusOK || l.Line != "line-0" || l.State != link.Paused {
		t.Errorf("pause by number: %d, %+v", status, l)
	}
	if status, _ := k.insist("PUT", "/v1/lines/line-1/pause", token, ""); status != http.StatusConflict {
		t.Errorf("pause of a call that is not recorded: %d", status)
	}
}
