package api

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"linevault/daemon/link"
)

func TestPauseByLine(t *testing.T) {
	b := newBox(t)
	asked := time.Now()
	p := b.want(200, "PUT", "/v1/lines/parking/pause", `{"reason": "card payment", "max_seconds": 60, "terminal_ref": "42"}`)
	if p.State != link.Paused || p.Position == nil || p.Call == "" || !slices.Equal(p.PausedBy, []string{"terminal till 1"}) || p.OnPause != "resume" || p.OnLimit != "stay" {
		t.Errorf("paused: %s", p.raw)
	}
	// until is what a limit may be of who asked after asked, and was answered just now.
	const clock = time.Second // between the line's clock and ours, at the most
	until := func(limit time.Time, asked time.Time, most time.Duration) bool {
		return !limit.Before(asked.Add(most-clock)) && !limit.After(time.Now().Add(most+clock))
	}
	if !until(p.LimitAt, asked, time.Minute) {
		t.Errorf("the limit of a pause that was asked for at %v is %v", asked, p.LimitAt)
	}
	// Invariant 3 of the daemon: 200 only after the gate has switched.
	if s := b.lineState("parking"); s.State != link.Paused {
		t.Errorf("state %+v", s)
	}
	asked = time.Now()
	again := b.want(200, "PUT", "/v1/lines/parking/pause", `{"max_seconds": 120}`)
	if !until(again.LimitAt, asked, 2*time.Minute) {
		t.Errorf("asking again for 120 s at %v moved the limit to %v: it extends, and is not doubled", asked, again.LimitAt)
	}
	if less := b.want(200, "POST", "/v1/lines/parking/pause", `{"max_seconds": 1}`); less.LimitAt.Before(again.LimitAt.Add(-time.Millisecond)) {
		t.Errorf("asking again for 1 s made the limit shorter: %v", less.LimitAt)
	}
	if r := b.want(200, "DELETE", "/v1/lines/parking/pause", ""); r.State != link.Recording || len(r.PausedBy) != 0 || !r.LimitAt.IsZero() {
		t.Errorf("resumed: %s", r.raw)
	}
	b.want(200, "DELETE", "/v1/lines/parking/pause", "")
	asked = time.Now()
	from := b.want(200, "PUT", "/v1/lines/parking/pause", `{"from": "300ms ago"}`)
	// The cut is at a sample, told in time by the line's clock, whose reading of the machine's moves by less than a block.
	const block = 20 * time.Millisecond
	if from.At.Before(asked.Add(-800*time.Millisecond-block)) || from.At.After(time.Now().Add(-800*time.Millisecond+block)) {
		t.Errorf("300 ms before %v and 500 ms of guard are cut from %v", asked, from.At)
	}
}

func TestRefusals(t *testing.T) {
	b := newBox(t)
	for _, r := range []struct {
		status             int
		method, path, body string
	}{
		{404, "GET", "/v1/lines/nobody", ""},
		{403, "GET", "/v1/lines/other", ""},
		{403, "PUT", "/v1/lines/other/pause", ""},
		{409, "PUT", "/v1/lines/quiet/pause", ""},
		{422, "PUT", "/v1/lines/parking/pause", `{"max_seconds": 901}`},
		{422, "PUT", "/v1/lines/parking/pause", `{"max_seconds": "60"}`},
		{422, "PUT", "/v1/lines/parking/pause", `{"reasn": "x"}`},
		{422, "PUT", "/v1/lines/parking/pause", `{} {}`},
		{422, "PUT", "/v1/lines/parking/pause", `{"from": "yesterday"}`},
		{422, "PUT", "/v1/lines/parking/pause", `{"from": "-5s ago"}`},
		{422, "PUT", "/v1/lines/parking/pause", `{"reason": "card 4111 1111 1111 1111"}`},
		{422, "PUT", "/v1/lines/parking/pause", `{"terminal_ref": "4111-1111-1111-1111"}`},
		{422, "PUT", "/v1/lines/parking/pause", `{"reason": "two\nlines"}`},
		{422, "PUT", "/v1/lines/parking/pause", fmt.Sprintf(`{"reason": %q}`, strings.Repeat("x", 201))},
		{422, "PUT", "/v1/lines/parking/pause", strings.Repeat("x", maxBody+1)},
		{422, "GET", "/v1/calls", ""},
		{404, "PUT", "/v1/calls/nothing/pause", ""},
		{409, "PUT", "/v1/calls/current/pause", ""}, // two calls go on
		{409, "PUT", "/v1/calls/current/pause?extension=999", ""},
		{422, "PUT", "/v1/calls/current/pause?line=parking", `{"arm": true}`},
		{405, "PATCH", "/v1/lines/parking/pause", ""},
		{404, "GET", "/v2/lines/parking", ""},
	} {
		k := b.want(r.status, r.method, r.path, r.body)
		if strings.HasPrefix(r.path, "/v1") && r.status != 405 && (k.header.Get("Content-Type") != "application/problem+json" || k.Detail == "" || k.Status != r.status) {
			t.Errorf("%s %s: %s is no problem of RFC 9457", r.method, r.path, k.raw)
		}
	}
	for _, s := range b.recorder.Status().Lines {
		if len(s.PausedBy) != 0 {
			t.Errorf("refused, and paused all the same: %+v", s)
		}
	}
	if s := b.want(200, "PUT", "/v1/lines/quiet/pause", `{"arm": true}`); s.State != link.Idle || len(s.PausedBy) != 1 {
		t.Errorf("armed: %s", s.raw)
	}
}

func TestFindAndPauseByCall(t *testing.T) {
	b := newBox(t)
	for query, want := range map[string][]string{
		"":                            {"parking", "housing"},
		"&line=parking":               {"parking"},
		"&line=other":                 nil, // not this terminal's
		"&extension=206":              {"housing"},
		"&extension=207":              nil,
		"&extension=206&line=parking": nil,
		"&number=01632960":            nil, // of the line, not of the other party
	} {
		k := b.want(200, "GET", "/v1/calls?live=true"+query, "")
		var got []string
		for _, c := range k.Calls {
			got = append(got, string(c.Line))
		}
		if !slices.Equal(got, want) {
			t.Errorf("%s finds %v, want %v", query, got, want)
		}
	}
	p := b.want(200, "PUT", "/v1/calls/current/pause?extension=204", "")
	if p.Line.Line != "parking" || p.State != link.Paused {
		t.Errorf("paused by extension: %s", p.raw)
	}
	if r := b.want(200, "DELETE", "/v1/calls/"+p.Call+"/pause", ""); r.State != link.Recording {
		t.Errorf("resumed by ID: %s", r.raw)
	}
	other := string(b.lineState("other").Call)
	b.want(404, "PUT", "/v1/calls/"+other+"/pause", "")
}

func TestSameNumber(t *testing.T) {
	for _, r := range []struct {
		x, y string
		want bool
	}{
		{"01632960001", "+44 1632 960001", true},
		{"00441632960001", "01632 960001", true},
		{"01632960001", "01632960002", false},
		{"204", "204", true},
		{"204", "01632960204", false},
		{"", "", false},
		{"000000000000", "01632960001", false},
	} {
		if got := sameNumber(r.x, r.y); got != r.want || sameNumber(r.y, r.x) != r.want {
			t.Errorf("%q and %q: %v", r.x, r.y, got)
		}
	}
}

func TestIdempotencyKey(t *testing.T) {
	b := newBox(t)
	const path = "/v1/lines/parking/pause"
	first := b.want(200, "PUT", path, `{"reason": "x"}`, "Idempotency-Key", "a")
	time.Sleep(50 * time.Millisecond)
	again := b.want(200, "POST", path, `{"reason": "x"}`, "Idempotency-Key", "a")
	if string(first.raw) != string(again.raw) || again.header.Get("Idempotency-Replayed") == "" {
		t.Errorf("the same key: %s, then %s", first.raw, again.raw)
	}
	b.want(422, "PUT", path, `{"reason": "y"}`, "Idempotency-Key", "a")
	b.want(422, "PUT", path, "", "Idempotency-Key", strings.Repeat("k", 129))
	b.want(200, "DELETE", path, "", "Idempotency-Key", "b")
	b.want(200, "DELETE", path, "", "Idempotency-Key", "b")
	// The pause is over: nobody may be told that it is on.
	b.want(409, "PUT", path, `{"reason": "x"}`, "Idempotency-Key", "a")
	// And a late repetition of the resume must not undo the next pause.
	b.want(200, "PUT", path, "", "Idempotency-Key", "c")
	b.want(409, "DELETE", path, "", "Idempotency-Key", "b")
	if s := b.ask("GET", "/v1/lines/parking", ""); s.State != link.Paused {
		t.Errorf("state %s", s.raw)
	}
	// A refusal is not kept.
	b.want(409, "PUT", "/v1/lines/quiet/pause", "", "Idempotency-Key", "q")
	b.want(409, "PUT", "/v1/lines/quiet/pause", "", "Idempotency-Key", "q")
}

// What is remembered is bounded, whatever keys are sent, and belongs to one terminal.
func TestIdempotencyKeysAreBounded(t *testing.T) {
	s := newAnswers()
	for i := range 3 * maxKeys {
		key := fmt.Sprint(i)
		k, mine := s.begin(key, [32]byte{})
		if !mine {
			t.Fatalf("key %s was there", key)
		}
		s.end(key, k, result{status: http.StatusOK})
	}
	if len(s.of) != maxKeys || len(s.keys) != maxKeys {
		t.Errorf("%d answers and %d keys are kept, want %d", len(s.of), len(s.keys), maxKeys)
	}
	if _, mine := s.begin(fmt.Sprint(3*maxKeys-1), [32]byte{}); mine {
		t.Error("the newest key is forgotten")
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(`{"reason": "card payment", "max_seconds": 60, "terminal_ref": "42", "from": "5s ago", "arm": true}`))
	f.Add([]byte(`{"from": "1h ago"}`))
	f.Add([]byte("  "))
	f.Fuzz(func(t *testing.T, b []byte) {
		r, ago, err := parse(b)
		if err == nil && (ago < 0 || ago > maxAgo || r.MaxSeconds < 0 || r.MaxSeconds > maxSeconds || len(r.Reason) > maxReason || len(r.TerminalRef) > maxRef) {
			t.Errorf("%q is let through as %+v, %v ago", b, r, ago)
		}
	})
}
