package demo

import (
	"bytes"
	"cmp"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// TerminalOptions say which line the simulated payment terminal serves, and how it gets there.
type TerminalOptions struct {
	URL   string         // of the recorder's API, such as https://127.0.0.1:8444
	Token string         // as the configuration's [[terminal]] knows it
	CA    *x509.CertPool // what the API's certificate is checked against
	Line  string         // its ID
	Calls []Call         // the calls that come on the line
	// Caller is whose number the officer's screen shows: the terminal knows by it which of
	// the calls this is.
	Caller func(context.Context) (number string, err error)
	Log    *slog.Logger
	Poll   time.Duration // how often it looks for a call; 500 ms if 0
}

// terminal is a payment terminal beside the officer.
type terminal struct {
	TerminalOptions
	client *http.Client
	last   string // the call that was seen to
}

// lineState is what the terminal reads of the API's answers.
type lineState struct {
	State  string    `json:"state"`
	Call   string    `json:"call"`
	Since  time.Time `json:"since"`
	At     time.Time `json:"at"`
	Detail string    `json:"detail"` // of a refusal
}

// Terminal simulates a payment terminal until ctx ends: when a call comes in whose script has
// a payment, it pauses the line by the API as the card is about to be read out, and resumes
// it afterwards. It logs what it was answered.
func Terminal(ctx context.Context, o TerminalOptions) {
	t := &terminal{TerminalOptions: o}
	transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: o.CA, MinVersion: tls.VersionTLS12}}
	defer transport.CloseIdleConnections()
	t.client = &http.Client{Transport: transport, Timeout: 5 * time.Second}
	for sleep(ctx, cmp.Or(o.Poll, 500*time.Millisecond)) {
		t.look(ctx)
	}
}

// look sees to the call on the line, if it is a new one.
func (t *terminal) look(ctx context.Context) {
	s, err := t.ask(ctx, http.MethodGet, "", nil)
	if err != nil || s.Call == "" || s.Call == t.last {
		return // a recorder that is not up yet is no news
	}
	number, err := t.Caller(ctx)
	if err != nil || number == "" {
		return // not signalled yet
	}
	t.last = s.Call
	for _, c := range t.Calls {
		if digits(c.Number) != digits(number) {
			continue
		}
		for i, p := range c.Payments {
			t.take(ctx, s, p, fmt.Sprintf("%s-%d", s.Call, i+1))
		}
	}
}

// take takes one payment of the call in s.
func (t *terminal) take(ctx context.Context, s lineState, p Payment, ref string) {
	begins, ends := s.Since.Add(after(p.Begins)), s.Since.Add(after(p.Ends))
	if time.Now().After(ends) || !sleep(ctx, time.Until(begins)) {
		return
	}
	body := map[string]any{"reason": "card payment", "max_seconds": 120, "terminal_ref": ref}
	if !t.insist(ctx, ends, http.MethodPut, body) || !sleep(ctx, time.Until(ends)) {
		return
	}
	t.insist(ctx, ends.Add(30*time.Second), http.MethodDelete, nil)
}

// insist asks until it is answered as it should be, the call is over, or it is too late.
func (t *terminal) insist(ctx context.Context, until time.Time, method string, body any) bool {
	for {
		s, err := t.ask(ctx, method, "/pause", body)
		if err == nil {
			t.Log.Info("payment terminal was answered", "line", t.Line, "call", s.Call, "asked", method, "state", s.State, "at", s.At)
			return true
		}
		t.Log.Warn("payment terminal was refused", "line", t.Line, "asked", method, "err", err)
		if time.Now().After(until) || !sleep(ctx, time.Second) {
			return false
		}
	}
}

func (t *terminal) ask(ctx context.Context, method, tail string, body any) (lineState, error) {
	var s lineState
	var sent io.Reader
	if body != nil {
		b, err := json.Marshal(body)
		if err != nil {
			return s, err
		}
		sent = bytes.NewReader(b)
	}
	address := strings.TrimSuffix(t.URL, "/") + "/v1/lines/" + url.PathEscape(t.Line) + tail
	r, err := http.NewRequestWithContext(ctx, method, address, sent)
	if err != nil {
		return s, err
	}
	r.Header.Set("Authorization", "Bearer "+t.Token)
	r.Header.Set("Content-Type", "application/json")
	answer, err := t.client.Do(r)
	if err != nil {
		return s, err
	}
	defer answer.Body.Close()
	err = json.NewDecoder(io.LimitReader(answer.Body, 1<<20)).Decode(&s)
	if answer.StatusCode != http.StatusOK {
		return s, fmt.Errorf("%s: %s", answer.Status, s.Detail)
	}
	return s, err
}

func after(seconds float64) time.Duration { return time.Duration(seconds * float64(time.Second)) }

// sleep reports whether it slept all of d before ctx ended.
func sleep(ctx context.Context, d time.Duration) bool {
	select {
	case <-ctx.Done():
		return false
	case <-time.After(d):
		return true
	}
}

func digits(number string) string {
	return strings.Map(func(r rune) rune {
		if r < '0' || r > '9' {
			return -1
		}
		return r
	}, number)
}
