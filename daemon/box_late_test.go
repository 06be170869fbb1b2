package main

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"syscall"
	"testing"
	"time"

	"linevault/codec/codectest"
	"linevault/daemon/pausereport"
	"linevault/storage"
)

// A pause that arrives too late is withheld at once and destroyed when the call has ended, by the
// desk itself, and its alarm is over then. A payment that nobody pauses goes into quarantine, and
// its alarm is there again after the recorder was killed.
func TestLateAndForgottenPauses(t *testing.T) {
	long(t)
	token := newToken()
	toml := tapes(t, map[string][]int16{"late": codectest.Speech(t, 12*8000), "forgotten": codectest.Speech(t, 12*8000)}) +
		onTape("Late", "late", "0s") + onTape("Forgotten", "forgotten", "0s") +
		fmt.Sprintf("[[terminal]]\nname = \"till 1\"\nlines = [\"Late\", \"Forgotten\"]\ntoken_sha256 = \"%x\"\n", sha256.Sum256([]byte(token)))
	b := newBox(t, toml)
	b.start("run")
	k := &till{t: t, url: "https://" + b.api, client: trusting(t, b.dir)}
	ask := func(method, path, body string) (status int) {
		b.await("the recorder to confirm "+path, func() bool {
			status, _ = k.ask(method, path, token, body)
			return status != http.StatusServiceUnavailable
		})
		return status
	}
	b.await("three seconds of both calls", func() bool {
		s, _ := b.status()
		old := 0
		for _, l := range s.Lines {
			if l.Call != "" && time.Since(l.Since) > 3*time.Second {
				old++
			}
		}
		return old == 2
	})
	if status := ask("PUT", "/v1/lines/late/pause", `{"from": "1500ms ago"}`); status != http.StatusOK {
		t.Fatalf("the late pause: %d", status)
	}
	for _, state := range []string{"started", "ended"} {
		if status := ask("PUT", "/v1/lines/forgotten/transaction", fmt.Sprintf(`{"state": %q, "terminal_ref": "42"}`, state)); status != http.StatusOK {
			t.Fatalf("the transaction %s: %d", state, status)
		}
	}
	alarm := func(prefix string) bool {
		s, err := b.status()
		for _, a := range s.Alarms {
			if strings.HasPrefix(a.Key, prefix) {
				return true
			}
		}
		return err != nil // it is not known to be off
	}
	gap := func(line string, cause storage.Cause) bool {
		for _, c := range b.calls() {
			for _, g := range c.Gaps {
				if c.Line == line && g.Cause == cause {
					return true
				}
			}
		}
		return false
	}
	b.await("what the late pause was for to be destroyed", func() bool { return gap("late", storage.Purged) && !gap("late", storage.Withheld) })
	b.await("its alarm to be over", func() bool { return !alarm("late pause ") })
	b.await("the payment in quarantine", func() bool { return gap("forgotten", storage.Quarantined) && alarm("no pause ") })
	recorder := pidOf(t, b, "record")
	if err := syscall.Kill(recorder, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	b.await("another recorder", func() bool { p := pid(b, "record"); return p != 0 && p != recorder })
	b.await("the alarm again", func() bool { s, err := b.status(); return err == nil && len(s.Alarms) > 0 && alarm("no pause ") })
	b.stop()
	b.check()
	var r pausereport.Report
	if err := json.Unmarshal([]byte(must(t, "pauses", "--json", "--data", b.dir)), &r); err != nil {
		t.Fatal(err)
	}
	if r.Total.Pauses < 1 || r.Total.Late != 1 || r.Total.Missed != 1 || r.Quarantined != 1 || r.Destroyed != 1 || r.Withheld != 0 {
		t.Errorf("report %+v", r)
	}
	if text := must(t, "pauses", "--data", b.dir); !strings.Contains(text, "terminal till 1") || !strings.Contains(text, "WHO ASKED") {
		t.Errorf("the report says\n%s", text)
	}
}
