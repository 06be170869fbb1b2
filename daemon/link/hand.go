package link

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"syscall"
	"time"

	"linevault/codec/pcm"
	"linevault/storage"
)

// Hand is a pause or a resume that a person asks for by hand.
type Hand struct {
	Line   pcm.LineID `json:"line"`
	Source string     `json:"source"` // who asks, as people read it
	Reason string     `json:"reason,omitempty"`
	Resume bool       `json:"resume,omitempty"`
	At     pcm.Mono   `json:"at"` // when they asked, by the clock that all processes share
}

// Switched is what a line did, once its gate had switched.
type Switched struct {
	State    State          `json:"state"`
	Call     storage.CallID `json:"call,omitempty"`
	At       time.Time      `json:"at"` // where audio is cut, or begins again, guards included
	Late     time.Duration  `json:"late,omitempty"`
	PausedBy []string       `json:"paused_by,omitempty"`
	LimitAt  time.Time      `json:"limit_at,omitzero"`
	Refused  Refusal        `json:"refused,omitempty"` // why nothing was done, if so
}

// Refusal is why a line was not paused or resumed by hand.
type Refusal string

func (r Refusal) Error() string { return string(r) }

// The refusals.
const (
	NoSuchLine    Refusal = "there is no such line"
	NotByHand     Refusal = "this line may not be paused by hand; manual_pause in the configuration permits it"
	NothingToDo   Refusal = "nothing is being recorded on this line"
	NotYours      Refusal = "you have not paused this line; only whoever paused it can resume"
	AlreadyPaused Refusal = "you have paused this line already"
	CardNumber    Refusal = "a reason may not hold a card number"
	Unconfirmed   Refusal = "the recorder did not confirm in time: take the line as being recorded, and ask again"
)

// UserSource is who asks when a user does, by the web or the console. No terminal or contact has
// such a name.
func UserSource(user, by string) string { return fmt.Sprintf("%s%s (%s)", userPrefix, user, by) }

const userPrefix = "user "

// Unnamed is who asked, in words that may be logged: a user is not named.
func Unnamed(source string) string {
	if strings.HasPrefix(source, userPrefix) {
		return "somebody who pauses by hand"
	}
	return source
}

// Hand pauses or resumes a line, and returns once its gate has switched. Its error is a Refusal
// where the recorder says no.
func (c *Client) Hand(ctx context.Context, h Hand) (Switched, error) {
	var s Switched
	b, err := json.Marshal(h)
	if err != nil {
		return s, err
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://recorder/hand", bytes.NewReader(b))
	if err != nil {
		return s, err
	}
	a, err := c.http.Do(r)
	if errors.Is(err, syscall.ENOENT) || errors.Is(err, syscall.ECONNREFUSED) {
		return s, ErrDown
	}
	if err != nil {
		return s, fmt.Errorf("recorder: %w", err)
	}
	defer a.Body.Close()
	if a.StatusCode != http.StatusOK {
		return s, fmt.Errorf("recorder: %s", a.Status)
	}
	if err := json.NewDecoder(a.Body).Decode(&s); err != nil {
		return s, fmt.Errorf("recorder: %w", err)
	}
	if s.Refused != "" {
		return s, s.Refused
	}
	return s, nil
}

// maxHand is the most bytes of a Hand.
const maxHand = 4 << 10

func hand(w http.ResponseWriter, q *http.Request, r Recorder) {
	var h Hand
	if err := json.NewDecoder(http.MaxBytesReader(w, q.Body, maxHand)).Decode(&h); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	reply(w, r.Hand(q.Context(), h))
}
