// Package api is what payment terminals, IVRs and CRMs speak to: a small HTTP interface on
// the recorder's own listener, which works while the desk is down.
package api

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"time"

	"linevault/codec/pcm"
	"linevault/daemon/capture"
	"linevault/daemon/link"
	"linevault/daemon/pause"
	"linevault/hal"
)

// confirm is how long the recorder may take to confirm a pause.
const confirm = 250 * time.Millisecond

// maxBody is more than any request of ours needs.
const maxBody = 16 << 10

// Recorder is what the API needs of the recorder.
type Recorder interface {
	State(id pcm.LineID) (link.LineState, error)
	Mark(ctx context.Context, id pcm.LineID, m capture.Mark) (capture.Receipt, error)
}

// Terminal may pause lines.
type Terminal struct {
	Name  string
	Token [sha256.Size]byte // SHA-256 of its token
	Lines []pcm.LineID
}

// API answers terminals.
type API struct {
	Recorder  Recorder
	Terminals []Terminal
	Log       *slog.Logger
}

// Route is one thing the API does.
type Route struct {
	Pattern string
	Does    string
}

// Routes lists what the API does, as the documentation does.
func Routes() []Route {
	return []Route{
		{"GET /v1/lines/{line}", "state of a line"},
		{"PUT /v1/lines/{line}/pause", "pause a line; POST does the same"},
		{"POST /v1/lines/{line}/pause", "as PUT"},
		{"DELETE /v1/lines/{line}/pause", "resume a line"},
	}
}

// Handler serves the routes.
func (a *API) Handler() http.Handler {
	does := map[string]func(http.ResponseWriter, *http.Request, Terminal, pcm.LineID){
		"GET /v1/lines/{line}":          a.state,
		"PUT /v1/lines/{line}/pause":    a.pause,
		"POST /v1/lines/{line}/pause":   a.pause,
		"DELETE /v1/lines/{line}/pause": a.resume,
	}
	mux := http.NewServeMux()
	for _, r := range Routes() {
		mux.HandleFunc(r.Pattern, a.known(does[r.Pattern]))
	}
	return mux
}

// Line is the answer about a line.
type Line struct {
	Line     pcm.LineID `json:"line"`
	State    link.State `json:"state"`
	Call     string     `json:"call,omitempty"`
	Since    time.Time  `json:"since,omitzero"` // when the call began
	PausedBy []string   `json:"paused_by,omitempty"`
	// Of the answer to a pause or resume only: where audio is cut, or begins again, guards
	// included, as the recorder confirmed after its gate had switched.
	Position    *pcm.Pos  `json:"position,omitempty"`
	At          time.Time `json:"at,omitzero"`
	LateSeconds float64   `json:"late_seconds,omitempty"` // of audio recorded before the pause arrived
}

// known lets a terminal through to the lines that it may pause.
func (a *API) known(f func(http.ResponseWriter, *http.Request, Terminal, pcm.LineID)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Cache-Control", "no-store")
		token, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
		if !ok {
			w.Header().Set("WWW-Authenticate", "Bearer")
			problem(w, http.StatusUnauthorized, "Send the terminal's token: Authorization: Bearer <token>.")
			return
		}
		t, ok := a.terminal(token)
		if !ok {
			problem(w, http.StatusUnauthorized, "This token is not known. `linevault token` makes one; its SHA-256 belongs in a [[terminal]] of the configuration.")
			return
		}
		id := pcm.LineID(r.PathValue("line"))
		if _, err := a.Recorder.State(id); errors.Is(err, capture.ErrNoLine) {
			problem(w, http.StatusNotFound, "There is no line of this name.")
			return
		}
		if !slices.Contains(t.Lines, id) {
			problem(w, http.StatusForbidden, "This terminal may not pause this line. The configuration lists the lines of each terminal.")
			return
		}
		f(w, r, t, id)
	}
}

// terminal finds whose token it is, in the same time for every token.
func (a *API) terminal(token string) (found Terminal, ok bool) {
	sum := sha256.Sum256([]byte(token))
	for _, t := range a.Terminals {
		if subtle.ConstantTimeCompare(sum[:], t.Token[:]) == 1 {
			found, ok = t, true
		}
	}
	return found, ok
}

func (a *API) state(w http.ResponseWriter, _ *http.Request, _ Terminal, id pcm.LineID) {
	s, err := a.Recorder.State(id)
	if err != nil {
		problem(w, http.StatusServiceUnavailable, err.Error())
		return
	}
	answer(w, Line{Line: id, State: s.State, Call: string(s.Call), Since: s.Since, PausedBy: s.PausedBy})
}

// request is the body of a pause.
type request struct {
	Reason      string `json:"reason"`
	MaxSeconds  int    `json:"max_seconds"`
	TerminalRef string `json:"terminal_ref"`
	From        string `json:"from"` // "5s ago"
	Arm         bool   `json:"arm"`
}

func (a *API) pause(w http.ResponseWriter, r *http.Request, t Terminal, id pcm.LineID) {
	at := hal.Now() // first: the pause begins when it was asked for
	var q request
	d := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxBody))
	d.DisallowUnknownFields()
	if err := d.Decode(&q); err != nil && err != io.EOF {
		problem(w, http.StatusUnprocessableEntity, "The body is not as it should be: "+err.Error())
		return
	}
	ago, err := parseFrom(q.From)
	if err != nil || q.MaxSeconds < 0 || q.MaxSeconds > 900 || len(q.Reason) > 200 || len(q.TerminalRef) > 100 {
		problem(w, http.StatusUnprocessableEntity, `"from" is such as "5s ago", at most 1 h; "max_seconds" is 0 to 900; "reason" is at most 200 bytes and "terminal_ref" 100.`)
		return
	}
	reason := q.Reason
	if q.TerminalRef != "" {
		reason = strings.TrimSpace(reason + " (" + q.TerminalRef + ")")
	}
	a.mark(w, r, t, id, capture.Mark{
		At: at - pcm.Mono(ago), Do: capture.Pause, Reason: reason,
		Limit: time.Duration(q.MaxSeconds) * time.Second, Arm: q.Arm,
	})
}

func (a *API) resume(w http.ResponseWriter, r *http.Request, t Terminal, id pcm.LineID) {
	a.mark(w, r, t, id, capture.Mark{At: hal.Now(), Do: capture.Resume})
}

func (a *API) mark(w http.ResponseWriter, r *http.Request, t Terminal, id pcm.LineID, m capture.Mark) {
	m.Source = pause.Source{Name: "terminal " + t.Name}
	ctx, cancel := context.WithTimeout(r.Context(), confirm)
	defer cancel()
	c, err := a.Recorder.Mark(ctx, id, m)
	switch {
	case err != nil:
		a.Log.Warn("pause not confirmed", "line", id, "terminal", t.Name, "err", err)
		problem(w, http.StatusServiceUnavailable, "The recorder did not confirm within 250 ms. Treat the line as being recorded, and ask again.")
	case c.Idle:
		problem(w, http.StatusConflict, `Nothing is being recorded on this line. Send "arm": true to pause the next call from its start.`)
	default:
		answer(w, Line{
			Line: id, State: c.State, Call: string(c.Call), PausedBy: c.PausedBy,
			Position: &c.Position, At: c.At, LateSeconds: c.Late.Seconds(),
		})
	}
}

// parseFrom reads "5s ago"; nothing is now.
func parseFrom(s string) (time.Duration, error) {
	if s == "" {
		return 0, nil
	}
	text, ok := strings.CutSuffix(s, " ago")
	d, err := time.ParseDuration(text)
	if err != nil || !ok || d < 0 || d > time.Hour {
		return 0, errors.New("not a time ago")
	}
	return d, nil
}

func answer(w http.ResponseWriter, l Line) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(l) // the terminal has gone
}

// problem answers as RFC 9457 has it.
func problem(w http.ResponseWriter, status int, detail string) {
	w.Header().Set("Content-Type", "application/problem+json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(map[string]any{ // the terminal has gone
		"title": http.StatusText(status), "status": status, "detail": detail,
	})
}
