package hook

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"testing"
	"time"

	"linevault/daemon/health"
)

const secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"

// receiver is another program. It verifies nothing: that is done afterwards, by others.
type receiver struct {
	*httptest.Server
	mu    sync.Mutex // guards what follows
	got   []message
	fails int // how many of the next are refused
}

type message struct {
	id, at, signature string
	body              []byte
	refused           bool
}

func newReceiver(t *testing.T) *receiver {
	r := &receiver{}
	r.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		body, err := io.ReadAll(q.Body)
		if err != nil {
			t.Error(err)
		}
		r.mu.Lock()
		defer r.mu.Unlock()
		refused := r.fails > 0
		h := q.Header
		r.got = append(r.got, message{h.Get("webhook-id"), h.Get("webhook-timestamp"), h.Get("webhook-signature"), body, refused})
		if refused {
			r.fails--
			w.WriteHeader(http.StatusServiceUnavailable)
		}
	}))
	t.Cleanup(r.Close)
	return r
}

// fail has the next n messages refused.
func (r *receiver) fail(n int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.fails = n
}

// taken is what was not refused.
func (r *receiver) taken() []message {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(r.got), func(m message) bool { return m.refused })
}

func (r *receiver) all() []message {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.got)
}

// ends are both ends in one data folder.
type ends struct {
	t     *testing.T
	dir   string
	board *health.Board
	spool *Spool
	key   *Key
}

func newEnds(t *testing.T) *ends {
	t.Helper()
	e := &ends{t: t, dir: t.TempDir(), board: health.NewBoard(slog.New(slog.DiscardHandler))}
	var err error
	if e.key, err = NewKey(e.dir, [32]byte{1}); err != nil {
		t.Fatal(err)
	}
	e.open()
	return e
}

// open is a recorder that is started.
func (e *ends) open() {
	e.t.Helper()
	s, err := OpenSpool(e.dir, e.board)
	if err != nil {
		e.t.Fatal(err)
	}
	e.spool = s
}

// write has what was told written, as at the recorder's end.
func (e *ends) write() {
	ctx, cancel := context.WithCancel(e.t.Context())
	cancel()
	e.spool.Run(ctx)
}

func (e *ends) tell(calls ...string) {
	for _, c := range calls {
		e.spool.Tell(CallStarted, time.Now(), Data{Line: "parking", LineName: "Parking fines", Call: c})
	}
}

// send runs a courier until so.
func (e *ends) send(so func() bool, times Times, hooks ...Hook) {
	e.t.Helper()
	ctx, cancel := context.WithCancel(e.t.Context())
	c := &Courier{Queue: e.dir, Key: e.key, Hooks: hooks, Health: e.board, Log: slog.New(slog.DiscardHandler), Times: times}
	done := make(chan struct{})
	go func() { defer close(done); c.Run(ctx) }()
	defer func() { cancel(); <-done }()
	for end := time.Now().Add(time.Minute); !so(); time.Sleep(2 * time.Millisecond) {
		if time.Now().After(end) {
			e.t.Fatalf("it took more than a minute; alarms %+v", e.board.Alarms())
		}
	}
}

// quiet reports whether nothing waits any more, and no alarm is on.
func (e *ends) quiet() bool {
	all, err := batches(e.dir)
	return err == nil && len(all) == 0 && len(e.board.Alarms()) == 0
}

var quick = Times{Look: time.Millisecond, First: time.Millisecond, Most: 4 * time.Millisecond, Keep: time.Hour, Now: time.Now}

func to(t *testing.T, r *receiver, types ...Type) Hook {
	t.Helper()
	s, err := ParseSigner(secret)
	if err != nil {
		t.Fatal(err)
	}
	return Hook{Name: "crm", URL: r.URL + "/", Signer: s, Types: types, Client: r.Client()}
}
