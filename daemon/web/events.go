package web

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"reflect"
	"strconv"
	"time"

	"linevault/daemon/control"
)

const sendWithin = 10 * time.Second // a reader who takes longer is gone

// paces are how often a stream does things.
type paces struct {
	recheck time.Duration // how soon a sign-out ends a stream
	look    time.Duration // for new calls
	retry   time.Duration // to reach the recorder again
	step    time.Duration // of a line test, whether it has got on
}

var usualPaces = paces{recheck: 30 * time.Second, look: 3 * time.Second, retry: 2 * time.Second, step: 300 * time.Millisecond}

var errSignedOut = errors.New("signed out")

// stream is one browser's event stream.
type stream struct {
	*server
	w       http.ResponseWriter
	r       *http.Request
	out     *http.ResponseController
	checked time.Time
}

func (s *server) events(w http.ResponseWriter, r *http.Request) {
	st := &stream{server: s, w: w, r: r, out: http.NewResponseController(w), checked: time.Now()}
	var follow func() error
	var needs control.Permission
	switch r.URL.Query().Get("of") {
	case "lines":
		follow, needs = st.followLines, control.SeeLines
	case "calls":
		follow, needs = st.followCalls, control.SeeCalls
	case "linetest":
		follow, needs = st.followLineTest, control.TestLines
	default:
		http.Error(w, "say what of: lines, calls or linetest", http.StatusBadRequest)
		return
	}
	if !actor(r).May(needs) {
		http.Error(w, "your account may not see these", http.StatusForbidden)
		return
	}
	w.Header().Set("Content-Type", "text/event-stream")
	if err := follow(); errors.Is(err, errSignedOut) {
		_ = st.send("bye", "") // the last thing on this stream in any case
	}
}

// send writes one event. It fails when the reader has gone.
func (st *stream) send(event string, v any) error {
	data, err := json.Marshal(v)
	if err != nil {
		return err
	}
	return st.write(fmt.Sprintf("event: %s\ndata: %s\n\n", event, data))
}

func (st *stream) write(text string) error {
	// The server's own write deadline is for pages; a stream has one for each event, and none
	// between events: HTTP/2 cuts a stream whose deadline passes, even if nothing was to say.
	if err := st.out.SetWriteDeadline(time.Now().Add(sendWithin)); err != nil {
		return err
	}
	if _, err := st.w.Write([]byte(text)); err != nil {
		return err
	}
	if err := st.out.Flush(); err != nil {
		return err
	}
	return st.out.SetWriteDeadline(time.Time{})
}

// check ends the stream of who has signed out, or may not see this any more.
func (st *stream) check() error {
	if time.Since(st.checked) < st.recheck {
		return nil
	}
	st.checked = time.Now()
	if _, in := st.Desk.StillIn(token(st.r), address(st.r)); !in {
		return errSignedOut
	}
	return nil
}

// wait sleeps, and fails when the reader has gone or signed out.
func (st *stream) wait(d time.Duration) error {
	select {
	case <-st.r.Context().Done():
		return st.r.Context().Err()
	case <-time.After(d):
		return st.check()
	}
}

type lineChange struct {
	ID string `json:"id"`
	lineWords
}

func (st *stream) followLines() error {
	if err := st.send("note", "Live: this page keeps itself up to date."); err != nil {
		return err
	}
	for {
		if err := st.watchOnce(); err != nil {
			return err
		}
		if err := st.send("note", recorderTrouble); err != nil {
			return err
		}
		if err := st.wait(st.retry); err != nil {
			return err
		}
	}
}

// watchOnce follows the recorder until it goes away, which is no error, or the reader does.
func (st *stream) watchOnce() error {
	var last []lineChange
	for board, err := range st.Desk.Watch(st.r.Context(), actor(st.r)) {
		if err != nil {
			break
		}
		if err := st.check(); err != nil {
			return err
		}
		levels := make(map[string][]float64, len(board.Lines))
		changes := make([]lineChange, 0, len(board.Lines))
		for _, l := range board.Lines {
			levels[l.ID] = l.Levels
			changes = append(changes, lineChange{l.ID, st.words(l)})
		}
		if !reflect.DeepEqual(changes, last) {
			if last == nil {
				if err := st.send("note", "Live: this page keeps itself up to date."); err != nil {
					return err
				}
			}
			if err := st.send("state", changes); err != nil {
				return err
			}
			last = changes
		}
		if err := st.send("levels", levels); err != nil {
			return err
		}
	}
	return st.r.Context().Err()
}

func (st *stream) followCalls() error {
	ms, err := strconv.ParseInt(st.r.URL.Query().Get("since"), 10, 64)
	if err != nil {
		ms = st.Now().UnixMilli()
	}
	q, _ := st.parseFilter(st.r.URL.Query())
	for last, quiet := -1, 0; ; quiet++ {
		n, err := st.Desk.EndedSince(actor(st.r), q.query(), time.UnixMilli(ms))
		if err != nil {
			return err
		}
		switch {
		case n != last:
			err = st.send("calls", n)
			last, quiet = n, 0
		case quiet%5 == 0:
			err = st.write(":\n\n") // finds out whether the reader is still there
		}
		if err != nil {
			return err
		}
		if err := st.wait(st.look); err != nil {
			return err
		}
	}
}
