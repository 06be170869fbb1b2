package api

import (
	"crypto/sha256"
	"net/http"
	"slices"
	"sync"

	"linevault/codec/pcm"
	"linevault/daemon/capture"
	"linevault/daemon/link"
)

// Bounds of what is remembered for each terminal.
const (
	maxKeys = 256
	maxKey  = 128
)

// result is what a request is answered.
type result struct {
	status int
	body   []byte
	kind   string
	did    capture.Do // of 200 only, as is call
	call   string
}

func refusal(status int, detail string) result {
	return result{
		status: status, kind: "application/problem+json",
		body: encode(Problem{Title: http.StatusText(status), Status: status, Detail: detail}),
	}
}

func (q *asked) tell(r result) {
	if r.kind == "" {
		r.kind = "application/json"
	}
	send(q.w, r.status, r.kind, r.body)
}

// answers is what a terminal was answered under its idempotency keys, the newest of them.
type answers struct {
	mu   sync.Mutex // guards what follows
	of   map[string]*kept
	keys []string // oldest first
}

// kept is one answer. Its result is written before done is closed.
type kept struct {
	request [sha256.Size]byte
	done    chan struct{}
	result  result
}

func newAnswers() *answers { return &answers{of: map[string]*kept{}} }

// begin is what is kept under key. If nothing is, the caller has to do the request and call
// end.
func (s *answers) begin(key string, request [sha256.Size]byte) (k *kept, mine bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if k := s.of[key]; k != nil {
		return k, false
	}
	k = &kept{request: request, done: make(chan struct{})}
	s.of[key] = k
	s.keys = append(s.keys, key)
	if len(s.keys) > maxKeys {
		delete(s.of, s.keys[0])
		s.keys = slices.Delete(s.keys, 0, 1)
	}
	return k, true
}

// end keeps a pause or resume that was done. One that was refused is done again when it is
// asked again.
func (s *answers) end(key string, k *kept, r result) {
	k.result = r
	close(k.done)
	if r.status == http.StatusOK {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.of[key] == k {
		delete(s.of, key)
		s.keys = slices.DeleteFunc(s.keys, func(x string) bool { return x == key })
	}
}

// once does a request, or repeats what was answered to it under its Idempotency-Key. An
// answer is repeated only while it is true: a late repetition of a resume must not undo the
// pause that came after it, and nobody is told of a pause that is over.
func (q *asked) once(a *API, id pcm.LineID, body []byte, do func() result) {
	key := q.Header.Get("Idempotency-Key")
	if key == "" {
		q.tell(do())
		return
	}
	if len(key) > maxKey {
		q.refuse(http.StatusUnprocessableEntity, "An Idempotency-Key has at most 128 bytes.")
		return
	}
	method := q.Method
	if method == http.MethodPost {
		method = http.MethodPut
	}
	sum := sha256.Sum256([]byte(method + " " + q.URL.RequestURI() + "\n" + string(body)))
	k, mine := q.terminal.answers.begin(key, sum)
	if mine {
		r := refusal(http.StatusInternalServerError, "The recorder could not answer.")
		defer func() { q.terminal.answers.end(key, k, r) }()
		r = do()
		q.tell(r)
		return
	}
	select {
	case <-k.done:
	case <-q.Context().Done():
		return
	}
	switch {
	case k.request != sum:
		q.refuse(http.StatusUnprocessableEntity, "This Idempotency-Key was sent with another request. Use a new key for each.")
	case k.result.status == http.StatusOK && !a.stands(q.terminal, id, k.result):
		q.refuse(http.StatusConflict, "The line has been paused, resumed or hung up since this request was answered. Ask with a new Idempotency-Key.")
	default:
		q.w.Header().Set("Idempotency-Replayed", "true")
		q.tell(k.result)
	}
}

// stands reports whether what a terminal was answered is so still.
func (a *API) stands(t *terminal, id pcm.LineID, r result) bool {
	all := a.Recorder.Status().Lines
	i := slices.IndexFunc(all, func(s link.LineState) bool { return s.Line == id })
	if i >= 0 && (r.did == capture.PaymentBegins || r.did == capture.PaymentEnds) {
		return string(all[i].Call) == r.call // it tells of the terminal, not of who asks for a pause
	}
	return i >= 0 && string(all[i].Call) == r.call && slices.Contains(all[i].PausedBy, Source(t.Name).Name) == (r.did == capture.Pause)
}
