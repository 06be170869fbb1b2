package api

import (
	"strings"
	"testing"
	"time"

	"linevault/daemon/link"
)

// A terminal tells of a payment that nobody pauses: the answer says that the line records, and
// afterwards there is an alarm. A paused one is told to be paused, and is none.
func TestTransaction(t *testing.T) {
	b := newBox(t)
	const path = "/v1/lines/parking/transaction"
	for body, want := range map[string]int{
		``: 422, `{}`: 422, `{"state": "begun"}`: 422, `{"state": "started", "card": "x"}`: 422, `{"state": "started"} x`: 422,
		`{"state": "started", "terminal_ref": "4111 1111 1111 1111"}`:              422,
		`{"state": "started", "terminal_ref": "a\nb"}`:                             422,
		`{"state": "started", "terminal_ref": "` + strings.Repeat("x", 101) + `"}`: 422,
		`{"state": "ended", "terminal_ref": "never started"}`:                      409,
	} {
		b.want(want, "PUT", path, body)
	}
	b.want(404, "PUT", "/v1/lines/nobody/transaction", `{"state": "started"}`)
	b.want(403, "PUT", "/v1/lines/other/transaction", `{"state": "started"}`)
	b.want(409, "PUT", "/v1/lines/quiet/transaction", `{"state": "started"}`)

	b.want(200, "PUT", "/v1/lines/housing/pause", "")
	if k := b.want(200, "PUT", "/v1/lines/housing/transaction", `{"state": "started", "terminal_ref": "7"}`); k.State != link.Paused {
		t.Errorf("paused: %s", k.raw)
	}
	b.want(200, "POST", "/v1/lines/housing/transaction", `{"state": "ended", "terminal_ref": "7"}`)
	b.want(200, "DELETE", "/v1/lines/housing/pause", "")

	time.Sleep(1200 * time.Millisecond) // the hold-back, so that there is a recording
	k := b.want(200, "PUT", path, `{"state": "started", "terminal_ref": "42"}`, "Idempotency-Key", "begins")
	if k.State != link.Recording || k.Call == "" {
		t.Errorf("not paused: %s", k.raw)
	}
	time.Sleep(50 * time.Millisecond)
	b.want(200, "PUT", path, `{"state": "ended", "terminal_ref": "42"}`)
	alarms := func() (found []string) {
		for _, a := range b.board.Alarms() {
			if strings.HasPrefix(a.Key, "no pause ") {
				found = append(found, a.Text)
			}
		}
		return found
	}
	for end := time.Now().Add(time.Minute); len(alarms()) == 0; time.Sleep(20 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("a payment that nobody paused is no alarm")
		}
	}
	if a := alarms(); len(a) != 1 || !strings.Contains(a[0], "till 1") {
		t.Errorf("alarms %q", a)
	}
}
