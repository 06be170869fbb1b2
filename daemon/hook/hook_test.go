package hook

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"linevault/daemon/health"
	"linevault/daemon/link"
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
	c := &Courier{Dir: e.dir, Key: e.key, Hooks: hooks, Health: e.board, Log: slog.New(slog.DiscardHandler), Times: times}
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

// The example that Standard Webhooks gives to implementers.
func TestSignature(t *testing.T) {
	s, err := ParseSigner(secret)
	if err != nil {
		t.Fatal(err)
	}
	got := s.header("msg_p5jXN8AQM9LWM0D4loKWxJek", time.Unix(1614265330, 0), []byte(`{"test": 2432232314}`))
	if want := "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="; got != want {
		t.Errorf("signed as %s, not as %s", got, want)
	}
	public, private, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	s, err = ParseSigner(secret + "\nwhsk_" + base64.StdEncoding.EncodeToString(private.Seed()) + "\n")
	if err != nil {
		t.Fatal(err)
	}
	both := strings.Fields(s.header("evt_1", time.Unix(9, 0), []byte("x")))
	if len(both) != 2 || !strings.HasPrefix(both[0], "v1,") || !strings.HasPrefix(both[1], "v1a,") {
		t.Fatalf("signed as %q", both)
	}
	sig, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(both[1], "v1a,"))
	if err != nil || !ed25519.Verify(public, []byte("evt_1.9.x"), sig) {
		t.Errorf("%q is not right: %v", both[1], err)
	}
	for _, bad := range []string{"", "secret", "whsec_", "whsec_c2hvcnQ=", "whsk_" + base64.StdEncoding.EncodeToString(make([]byte, 31)), secret + " x"} {
		if _, err := ParseSigner(bad); err != errSecret {
			t.Errorf("%q: %v", bad, err)
		}
	}
	if fmt.Sprintf("%v %+v %s", s, s, s) != "Signer(…) Signer(…) Signer(…)" {
		t.Error("a secret can be printed")
	}
	if _, err := ParseSigner(NewSecret()); err != nil {
		t.Error(err)
	}
}

// Another program, which has only the secret and the standard's text, verifies what arrives.
const verify = `
import base64, hashlib, hmac, json, sys
key = base64.b64decode(sys.argv[1].removeprefix("whsec_"))
for line in sys.stdin:
    m = json.loads(line)
    signed = (m["id"] + "." + m["at"] + ".").encode() + base64.b64decode(m["body"])
    want = "v1," + base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
    if not any(hmac.compare_digest(want, s) for s in m["signature"].split(" ")):
        sys.exit("not right: " + m["id"])
    print("right", json.loads(base64.b64decode(m["body"]))["type"])
`

func TestPythonVerifies(t *testing.T) {
	if _, err := exec.LookPath("python3"); err != nil {
		t.Skip("SKIPPED: WEBHOOKS WERE NOT VERIFIED BY ANOTHER PROGRAM: there is no python3")
	}
	e, r := newEnds(t), newReceiver(t)
	e.tell("one", "two", "three")
	e.write()
	e.send(func() bool { return len(r.taken()) == 3 }, quick, to(t, r))
	var in bytes.Buffer
	for _, m := range r.taken() {
		if err := json.NewEncoder(&in).Encode(map[string]any{"id": m.id, "at": m.at, "signature": m.signature, "body": m.body}); err != nil {
			t.Fatal(err)
		}
	}
	lines := in.String()
	check := func(in string) (string, error) {
		cmd := exec.Command("python3", "-c", verify, secret)
		cmd.Stdin = strings.NewReader(in)
		out, err := cmd.CombinedOutput()
		return string(out), err
	}
	if out, err := check(lines); err != nil || out != strings.Repeat("right call.started\n", 3) {
		t.Errorf("%v: %s", err, out)
	}
	if out, err := check(strings.Replace(lines, `"at":"`, `"at":"1`, 1)); err == nil {
		t.Errorf("another time is right, too: %s", out)
	}
}

// Each event arrives, in order, the same in each try, although the receiver is away again and
// again and the desk is started anew; what has arrived does not stay, and a second address is
// not held up.
func TestEveryEventArrivesInOrder(t *testing.T) {
	e, r, other := newEnds(t), newReceiver(t), newReceiver(t)
	const n = 30
	var want []string
	r.fail(7)
	for i := range n {
		want = append(want, fmt.Sprint(i))
		e.tell(fmt.Sprint(i))
		if i%10 == 9 {
			e.write()
			hooks := []Hook{to(t, r), to(t, other, Alarm)}
			hooks[1].Name = "other"
			e.send(func() bool { return len(r.taken()) == i+1 && e.quiet() }, quick, hooks...)
			e.open() // both are started again
			r.fail(3)
		}
	}
	var calls []string
	ids := map[string]bool{}
	tries := map[string]message{}
	last := ""
	for _, m := range r.all() {
		if before, again := tries[m.id]; again && !bytes.Equal(before.body, m.body) {
			t.Errorf("%s came as %s, then as %s", m.id, before.body, m.body)
		}
		tries[m.id] = m
		if m.refused {
			continue
		}
		var body struct {
			Type string
			At   time.Time `json:"timestamp"`
			Data Data
		}
		if err := json.Unmarshal(m.body, &body); err != nil || body.Type != "call.started" || body.At.IsZero() || body.Data.LineName != "Parking fines" {
			t.Errorf("%s: %v", m.body, err)
		}
		if ids[m.id] || m.id <= last {
			t.Errorf("%s after %s", m.id, last)
		}
		ids[m.id], last = true, m.id
		calls = append(calls, body.Data.Call)
	}
	if !slices.Equal(calls, want) {
		t.Errorf("it was told of %q", calls)
	}
	if len(r.all()) <= n {
		t.Error("nothing was refused: this test proves nothing")
	}
	if got := other.all(); len(got) != 0 {
		t.Errorf("what it did not want was sent: %+v", got)
	}
	if a := e.board.Alarms(); len(a) != 0 {
		t.Errorf("alarms %+v", a)
	}
}

// What waits is not readable, and gone when it was sent.
func TestWhatWaitsIsSealed(t *testing.T) {
	e, r := newEnds(t), newReceiver(t)
	e.tell("one")
	e.write()
	files := 0
	look := func() {
		files = 0
		err := filepath.WalkDir(e.dir, func(path string, d fs.DirEntry, err error) error {
			if err != nil || !d.Type().IsRegular() {
				return err
			}
			if strings.Contains(d.Name(), "-") {
				files++
			}
			b, err := os.ReadFile(path)
			for _, s := range []string{"parking", "Parking", "call.", "one", r.URL} {
				if bytes.Contains(b, []byte(s)) || strings.Contains(path, s) {
					t.Errorf("%q can be read in %s", s, path)
				}
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if look(); files != 1 {
		t.Fatalf("%d files", files)
	}
	e.send(func() bool { look(); return len(r.taken()) == 1 && files == 0 }, quick, to(t, r))
	stranger, err := NewKey(t.TempDir(), [32]byte{2})
	if err != nil {
		t.Fatal(err)
	}
	e.tell("two")
	e.write()
	e.key = stranger
	e.send(func() bool { return len(e.board.Alarms()) > 0 }, quick, to(t, r))
	if len(r.taken()) != 1 || !strings.Contains(e.board.Alarms()[0].Text, "damaged") {
		t.Errorf("opened with another key: %+v, %+v", r.taken(), e.board.Alarms())
	}
}

// An event that is too old is given up, with an alarm, and the next ones are tried.
func TestGivenUp(t *testing.T) {
	e, r := newEnds(t), newReceiver(t)
	r.fail(2)
	e.spool.Tell(Paused, time.Now().Add(-2*time.Hour), Data{Call: "old"})
	e.tell("new")
	e.write()
	e.send(func() bool { return len(r.taken()) == 1 && len(e.board.Alarms()) == 1 }, quick, to(t, r))
	if got := r.taken(); !bytes.Contains(got[0].body, []byte(`"new"`)) {
		t.Errorf("got %s", got[0].body)
	}
	a := e.board.Alarms()
	if len(a) != 1 || !strings.Contains(a[0].Text, "was given up: it answered 503") {
		t.Errorf("alarms %+v", a)
	}
}

// A recorder that starts before any desk keeps events until there is a key.
func TestEventsWaitForTheKey(t *testing.T) {
	e := &ends{t: t, dir: t.TempDir(), board: health.NewBoard(slog.New(slog.DiscardHandler))}
	e.open()
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() { defer close(done); e.spool.Run(ctx) }()
	e.tell("one")
	for len(e.board.Alarms()) == 0 {
		time.Sleep(time.Millisecond)
	}
	var err error
	if e.key, err = NewKey(e.dir, [32]byte{1}); err != nil {
		t.Fatal(err)
	}
	for len(e.board.Alarms()) > 0 {
		time.Sleep(time.Millisecond)
	}
	cancel()
	<-done
	r := newReceiver(t)
	e.send(func() bool { return len(r.taken()) == 1 }, quick, to(t, r))
}

func TestChange(t *testing.T) {
	idle := &link.LineState{}
	armed := &link.LineState{PausedBy: []string{"contact x"}}
	one := &link.LineState{Call: "1"}
	held := &link.LineState{Call: "1", PausedBy: []string{"terminal x"}}
	two := &link.LineState{Call: "2", PausedBy: []string{"contact x"}}
	for _, c := range []struct {
		was, is *link.LineState
		want    []Type
	}{
		{idle, armed, nil},
		{idle, one, []Type{CallStarted}},
		{one, held, []Type{Paused}},
		{held, one, []Type{Resumed}},
		{held, idle, []Type{CallEnded}},
		{armed, two, []Type{CallStarted, Paused}},
		{one, two, []Type{CallEnded, CallStarted, Paused}},
		{held, held, nil},
	} {
		if got := Change(c.was, c.is); !slices.Equal(got, c.want) {
			t.Errorf("from %+v to %+v: %v", c.was, c.is, got)
		}
	}
}
