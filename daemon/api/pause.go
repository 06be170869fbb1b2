package api

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"slices"
	"strings"
	"time"
	"unicode"

	"linevault/codec/pcm"
	"linevault/daemon/capture"
	"linevault/daemon/link"
	"linevault/daemon/pause"
)

// Bounds of a request.
const (
	maxBody    = 16 << 10
	maxSeconds = 900
	maxReason  = 200
	maxRef     = 100
	maxAgo     = time.Hour
)

// Request is the body of a pause; it may be left out.
type Request struct {
	Reason      string `json:"reason,omitempty" doc:"why, for people; at most 200 bytes, and no card number"`
	MaxSeconds  int    `json:"max_seconds,omitempty" doc:"how long it should take at most, 0 to 900; after that there is an alarm. Asking again makes it longer"`
	TerminalRef string `json:"terminal_ref,omitempty" doc:"the terminal's own reference; at most 100 bytes, and no card number"`
	From        string `json:"from,omitempty" doc:"such as \"5s ago\", at most 1h, if the pause should have begun earlier"`
	Arm         bool   `json:"arm,omitempty" doc:"of a line: if nothing is being recorded, pause the next call from its start"`
}

// Line is the answer about a line.
type Line struct {
	Line     pcm.LineID `json:"line" doc:"the line's ID"`
	State    link.State `json:"state" doc:"idle, recording, paused, excluded: a rule says that the call is not recorded, unrecorded: it should be and is not, or failed: its card is lost"`
	Problem  string     `json:"problem,omitempty" doc:"of an unrecorded or failed line: why, for people"`
	Call     string     `json:"call,omitempty" doc:"the call being recorded"`
	Since    time.Time  `json:"since,omitzero" doc:"when the call began"`
	PausedBy []string   `json:"paused_by,omitempty" doc:"who asks for the pause; recording goes on when the last of them has resumed"`
	OnPause  string     `json:"on_pause,omitempty" doc:"resume, or stop: a pause lasts to the end of the call"`
	LimitAt  time.Time  `json:"limit_at,omitzero" doc:"when the pause becomes an alarm"`
	OnLimit  string     `json:"on_limit,omitempty" doc:"what then: stay paused, or resume"`
	// Of the answer to a pause or resume only.
	Position    *pcm.Pos  `json:"position,omitempty" doc:"where audio is cut, or begins again, guards included: samples on the line's clock"`
	At          time.Time `json:"at,omitzero" doc:"the same by the time of day"`
	LateSeconds float64   `json:"late_seconds,omitempty" doc:"of audio that had been recorded before the pause arrived"`
	Kept        bool      `json:"kept,omitempty" doc:"whether this is on disk, so that the line is paused from its first sample if the power is cut; not while the disk is stalled"`
	Receipt     *Receipt  `json:"receipt,omitempty" doc:"the answer, signed"`
}

func (a *API) state(q *asked) {
	s, ok := a.ownLine(q)
	if ok {
		q.answer(a.line(s))
	}
}

func (a *API) line(s link.LineState) Line {
	return Line{
		Line: s.Line, State: s.State, Call: string(s.Call), Since: s.Since, PausedBy: s.PausedBy,
		LimitAt: s.LimitAt, OnPause: a.OnPause[s.Line], OnLimit: a.OnLimit[s.Line], Problem: s.Problem,
	}
}

// ownLine is the line of the address, if the terminal may pause it.
func (a *API) ownLine(q *asked) (link.LineState, bool) {
	id := pcm.LineID(q.PathValue("line"))
	all := a.Recorder.Status().Lines
	i := slices.IndexFunc(all, func(s link.LineState) bool { return s.Line == id })
	switch {
	case i < 0:
		q.refuse(http.StatusNotFound, "There is no line of this name.")
	case !slices.Contains(q.terminal.Lines, id):
		q.refuse(http.StatusForbidden, "This terminal may not pause this line. The configuration lists the lines of each terminal.")
	default:
		return all[i], true
	}
	return link.LineState{}, false
}

func (a *API) pauseLine(q *asked) {
	if s, ok := a.ownLine(q); ok {
		a.pause(q, capture.Mark{}, s.Line)
	}
}

func (a *API) resumeLine(q *asked) {
	if s, ok := a.ownLine(q); ok {
		a.resume(q, capture.Mark{}, s.Line)
	}
}

func (a *API) pauseCall(q *asked) {
	if s, ok := a.ownCall(q); ok {
		a.pause(q, capture.Mark{Call: s.Call}, s.Line)
	}
}

func (a *API) resumeCall(q *asked) {
	if s, ok := a.ownCall(q); ok {
		a.resume(q, capture.Mark{Call: s.Call}, s.Line)
	}
}

func (a *API) pause(q *asked, m capture.Mark, id pcm.LineID) {
	body, err := io.ReadAll(http.MaxBytesReader(q.w, q.Body, maxBody))
	if err != nil {
		q.refuse(http.StatusUnprocessableEntity, "The body is not as it should be: "+err.Error())
		return
	}
	r, ago, err := parse(body)
	if err == nil && r.Arm && m.Call != "" {
		err = errors.New(`"arm" is for lines: a call is there already`)
	}
	if err != nil {
		q.refuse(http.StatusUnprocessableEntity, "The body is not as it should be: "+err.Error())
		return
	}
	m.At, m.Do, m.Arm, m.Reason = q.at-pcm.Mono(ago), capture.Pause, r.Arm, r.Reason
	if r.TerminalRef != "" {
		m.Reason = strings.TrimSpace(r.Reason + " (" + r.TerminalRef + ")")
	}
	if r.MaxSeconds > 0 {
		m.Until = q.at + pcm.Mono(time.Duration(r.MaxSeconds)*time.Second)
	}
	q.once(a, id, body, func() result { return a.mark(q, id, m) })
}

func (a *API) resume(q *asked, m capture.Mark, id pcm.LineID) {
	m.At, m.Do = q.at, capture.Resume
	q.once(a, id, nil, func() result { return a.mark(q, id, m) })
}

// Source is who asks when the terminal of a name does.
func Source(name string) pause.Source { return pause.Source{Name: "terminal " + name} }

// mark asks the line and tells what it answered, once its gate has switched.
func (a *API) mark(q *asked, id pcm.LineID, m capture.Mark) result {
	m.Source = Source(q.terminal.Name)
	ctx, cancel := context.WithTimeout(q.Context(), a.confirm)
	defer cancel()
	c, err := a.Recorder.Mark(ctx, id, m)
	switch {
	case err != nil:
		a.Log.Warn("pause not confirmed", "line", id, "terminal", q.terminal.Name, "err", err)
		return refusal(http.StatusServiceUnavailable, "The recorder did not confirm within 250 ms. Treat the line as being recorded, and ask again.")
	case c.Other:
		return refusal(http.StatusConflict, "This call is over.")
	case c.Idle:
		return refusal(http.StatusConflict, `Nothing is being recorded on this line. Send "arm": true to pause the next call from its start.`)
	}
	l := Line{
		Line: id, State: c.State, Problem: c.Problem, Call: string(c.Call), PausedBy: c.PausedBy,
		OnPause: a.OnPause[id], LimitAt: c.LimitAt, OnLimit: a.OnLimit[id],
		Position: &c.Position, At: c.At, LateSeconds: c.Late.Seconds(), Kept: c.Kept,
	}
	l.Receipt = a.Signer.sign(statement(q, m, l))
	return result{status: http.StatusOK, body: encode(l), did: m.Do, call: string(c.Call)}
}

// parse reads the body of a pause.
func parse(body []byte) (r Request, ago time.Duration, err error) {
	if len(bytes.TrimSpace(body)) == 0 {
		return r, 0, nil
	}
	d := json.NewDecoder(bytes.NewReader(body))
	d.DisallowUnknownFields()
	if err := d.Decode(&r); err != nil {
		return r, 0, err
	}
	if _, err := d.Token(); err != io.EOF {
		return r, 0, errors.New("something follows the JSON object")
	}
	if ago, err = parseFrom(r.From); err != nil {
		return r, 0, err
	}
	switch {
	case r.MaxSeconds < 0 || r.MaxSeconds > maxSeconds:
		err = errors.New(`"max_seconds" is 0 to 900`)
	case len(r.Reason) > maxReason || len(r.TerminalRef) > maxRef:
		err = errors.New(`"reason" is at most 200 bytes and "terminal_ref" 100`)
	case strings.ContainsFunc(r.Reason+r.TerminalRef, unicode.IsControl):
		err = errors.New(`"reason" and "terminal_ref" are single lines of text`)
	case pause.HoldsCard(r.Reason) || pause.HoldsCard(r.TerminalRef):
		err = errors.New("a card number may not be sent here")
	}
	return r, ago, err
}

// parseFrom reads "5s ago"; nothing is now.
func parseFrom(s string) (time.Duration, error) {
	if s == "" {
		return 0, nil
	}
	text, ok := strings.CutSuffix(s, " ago")
	d, err := time.ParseDuration(text)
	if err != nil || !ok || d < 0 || d > maxAgo {
		return 0, errors.New(`"from" is such as "5s ago", at most 1h`)
	}
	return d, nil
}
