package api

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"unicode"

	"linevault/codec/pcm"
	"linevault/daemon/capture"
	"linevault/daemon/pause"
)

// Transaction is the body that tells of a payment. It pauses nothing: it lets the box notice a
// payment that nobody paused.
type Transaction struct {
	State       string `json:"state" doc:"\"started\", or \"ended\": card details are asked for now, or no more"`
	TerminalRef string `json:"terminal_ref,omitempty" doc:"the terminal's own reference, the same in both; at most 100 bytes, and no card number"`
}

// transactionDoes is what each state of a transaction asks of a line.
var transactionDoes = map[string]capture.Do{"started": capture.PaymentBegins, "ended": capture.PaymentEnds}

// transaction tells a line of a terminal's payment, and answers what the line does: a terminal
// that is told "recording" knows that nobody has paused.
func (a *API) transaction(q *asked) {
	s, ok := a.ownLine(q)
	if !ok {
		return
	}
	body, err := io.ReadAll(http.MaxBytesReader(q.w, q.Body, maxBody))
	if err != nil {
		q.refuse(http.StatusUnprocessableEntity, "The body is not as it should be: "+err.Error())
		return
	}
	t, err := parseTransaction(body)
	if err != nil {
		q.refuse(http.StatusUnprocessableEntity, "The body is not as it should be: "+err.Error())
		return
	}
	m := capture.Mark{At: q.at, Do: transactionDoes[t.State], Source: Source(q.terminal.Name), Reason: t.TerminalRef}
	q.once(a, s.Line, body, func() result { return a.tell(q, s.Line, m) })
}

// tell passes on what a terminal told, once the line has taken note of it.
func (a *API) tell(q *asked, id pcm.LineID, m capture.Mark) result {
	ctx, cancel := context.WithTimeout(q.Context(), a.confirm)
	defer cancel()
	c, err := a.Recorder.Mark(ctx, id, m)
	switch {
	case err != nil:
		a.Log.Warn("transaction not confirmed", "line", id, "terminal", q.terminal.Name, "err", err)
		return refusal(http.StatusServiceUnavailable, "The recorder did not confirm within 250 ms. Ask again.")
	case c.Idle && m.Do == capture.PaymentEnds:
		return refusal(http.StatusConflict, "No transaction of this reference was started in a call that goes on.")
	case c.Idle:
		return refusal(http.StatusConflict, "Nothing is being recorded on this line, or too many transactions go on.")
	}
	l := Line{Line: id, State: c.State, Call: string(c.Call), PausedBy: c.PausedBy, OnPause: a.OnPause[id], OnLimit: a.OnLimit[id]}
	return result{status: http.StatusOK, body: encode(l), did: m.Do, call: string(c.Call)}
}

func parseTransaction(body []byte) (t Transaction, err error) {
	d := json.NewDecoder(bytes.NewReader(body))
	d.DisallowUnknownFields()
	if err := d.Decode(&t); err != nil {
		return t, err
	}
	if _, err := d.Token(); err != io.EOF {
		return t, errors.New("something follows the JSON object")
	}
	switch {
	case transactionDoes[t.State] == 0:
		err = errors.New(`"state" is "started" or "ended"`)
	case len(t.TerminalRef) > maxRef:
		err = fmt.Errorf(`"terminal_ref" is at most %d bytes`, maxRef)
	case strings.ContainsFunc(t.TerminalRef, unicode.IsControl):
		err = errors.New(`"terminal_ref" is a single line of text`)
	case pause.HoldsCard(t.TerminalRef):
		err = errors.New("a card number may not be sent here")
	}
	return t, err
}
