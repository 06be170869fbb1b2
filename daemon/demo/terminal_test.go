package demo

import (
	"context"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"testing"
	"time"
)

// recorder answers a terminal as the API does, and remembers what it was asked.
type recorder struct {
	mu    sync.Mutex // guards the rest
	call  string
	since time.Time // when it was first asked: the call begins then, however slow this machine is
	busy  bool
	asked []string
	done  chan struct{} // closed at the first resume
}

func (r *recorder) ServeHTTP(w http.ResponseWriter, q *http.Request) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if q.Header.Get("Authorization") != "Bearer secret" {
		w.WriteHeader(http.StatusUnauthorized)
		return
	}
	if q.Method != http.MethodGet {
		var body map[string]any
		_ = json.NewDecoder(q.Body).Decode(&body) // a resume has none
		r.asked = append(r.asked, fmt.Sprintf("%s %s %v", q.Method, q.URL.Path, body["reason"]))
		if r.busy {
			r.busy = false
			w.WriteHeader(http.StatusServiceUnavailable)
			fmt.Fprint(w, `{"detail":"ask again"}`)
			return
		}
	}
	if q.Method == http.MethodDelete {
		close(r.done)
	}
	if r.since.IsZero() {
		r.since = time.Now()
	}
	_ = json.NewEncoder(w).Encode(map[string]any{"state": "recording", "call": r.call, "since": r.since}) // a recorder of bytes never fails
}

func TestTerminalPausesThePayment(t *testing.T) {
	r := &recorder{call: "01CALL", busy: true, done: make(chan struct{})}
	server := httptest.NewTLSServer(r)
	defer server.Close()
	pool := x509.NewCertPool()
	pool.AddCert(server.Certificate())
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var wg sync.WaitGroup
	wg.Go(func() {
		Terminal(ctx, TerminalOptions{
			URL: server.URL, Token: "secret", CA: pool, Line: "parking", Log: slog.New(slog.DiscardHandler), Poll: time.Millisecond,
			Calls: []Call{
				{Number: "07700 900468"},
				{Number: "07700 900731", Payments: []Payment{{Begins: 0.05, Ends: 3}}},
			},
			Caller: func(context.Context) (string, error) { return "07700900731", nil },
		})
	})
	select {
	case <-r.done:
	case <-time.After(time.Minute):
		t.Error("it never resumed")
	}
	cancel()
	wg.Wait()
	want := []string{
		"PUT /v1/lines/parking/pause card payment", // answered 503
		"PUT /v1/lines/parking/pause card payment",
		"DELETE /v1/lines/parking/pause <nil>",
	}
	if !slices.Equal(r.asked, want) {
		t.Errorf("asked %q, want %q", r.asked, want)
	}
}
