package api

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"linevault/codec/pcm"
	"linevault/daemon/call"
	"linevault/daemon/capture"
	"linevault/daemon/health"
	"linevault/daemon/link"
	"linevault/daemon/pause"
	"linevault/hal"
	"linevault/storage"
)

// still is a line that gives silence as time passes, as one long call, until it is stopped.
type still struct {
	id      pcm.LineID
	began   pcm.Mono
	at      pcm.Pos
	stopped chan struct{}
}

func (l *still) ID() pcm.LineID     { return l.id }
func (l *still) Format() pcm.Format { return pcm.Format{Rate: 8000, Legs: 2} }

func (l *still) Read(b *hal.Block) error {
	b.Reset()
	select {
	case <-l.stopped:
		return io.EOF
	default:
	}
	f := l.Format()
	b.Captured = hal.Now()
	n := min(f.Samples(time.Duration(b.Captured-l.began))-l.at, f.Samples(hal.MaxBlock))
	b.Frame = pcm.Frame{Epoch: 1, Pos: l.at, Format: f, PCM: make([]int16, int(n)*f.Legs)}
	l.at += n
	return nil
}

// box is a recorder with lines, and the API to it.
type box struct {
	*testing.T
	url      string
	api      *API
	board    *health.Board
	recorder *capture.Recorder
	client   *http.Client
}

const token = "lvt_of_till_1"

// till is a terminal for all lines but the one called other.
var till = Terminal{Name: "till 1", Token: sha256.Sum256([]byte(token)), Lines: []pcm.LineID{"parking", "housing", "quiet"}}

// newBox records the lines parking, housing and other; quiet has no call.
func newBox(t *testing.T, terminals ...Terminal) *box {
	t.Helper()
	return newBoxOf(t, 200*time.Millisecond, []pcm.LineID{"parking", "housing", "other", "quiet"}, terminals...)
}

// newBoxOf commits every so often, and records all lines but quiet.
func newBoxOf(t *testing.T, commit time.Duration, ids []pcm.LineID, terminals ...Terminal) *box {
	t.Helper()
	dir := t.TempDir()
	if err := storage.Create(dir, []string{"standard"}); err != nil {
		t.Fatal(err)
	}
	w, err := storage.OpenWriter(dir, storage.WriterOptions{OnProblem: func(err error) { t.Error(err) }})
	if err != nil {
		t.Fatal(err)
	}
	b := &box{T: t, board: health.NewBoard(slog.New(slog.DiscardHandler)), client: &http.Client{}}
	stopped := make(chan struct{})
	var lines []*capture.Line
	for _, id := range ids {
		src := &still{id: id, began: hal.Now(), stopped: stopped}
		var d call.Detector = call.NewWhole(call.Defaults(src.Format()))
		if id == "quiet" {
			d = call.NewLoop(call.Defaults(src.Format()))
		}
		l, err := capture.NewLine(capture.Setup{
			Source: src, Detector: d, Complexity: 1, Writer: w, Health: b.board, AtEnd: storage.FileEnd,
			Pause: pause.Policy{HoldBack: time.Second, GuardBefore: 500 * time.Millisecond, GuardAfter: 200 * time.Millisecond},
			Call:  storage.Call{Name: string(id), Class: "standard", LineNumber: storage.Number("01632 960" + string(id[0])), FarNumber: ""},
		})
		if err != nil {
			t.Fatal(err)
		}
		lines = append(lines, l)
	}
	b.recorder = &capture.Recorder{Writer: w, Health: b.board, Log: slog.New(slog.DiscardHandler), Commit: commit}
	b.recorder.Start(lines)
	signer, err := OpenSigner(dir)
	if err != nil {
		t.Fatal(err)
	}
	if len(terminals) == 0 {
		terminals = []Terminal{till}
	}
	b.api = Open(Settings{
		Recorder: b.recorder, Terminals: terminals, Signer: signer, Health: b.board, Log: slog.New(slog.DiscardHandler),
		Extensions: map[pcm.LineID][]string{"parking": {"204"}, "housing": {"205", "206"}, "other": {"207"}},
		OnPause:    map[pcm.LineID]string{"parking": "resume"}, OnLimit: map[pcm.LineID]string{"parking": "stay"},
	})
	b.api.confirm = time.Minute // what is tested is what is answered, not how busy this machine is
	s := httptest.NewServer(b.api.Handler())
	b.url = s.URL
	t.Cleanup(func() {
		close(stopped)
		b.recorder.Wait()
		s.Close()
		if err := w.Close(); err != nil {
			t.Error(err)
		}
	})
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(10 * time.Millisecond) {
		live := 0
		for _, s := range b.recorder.Status().Lines {
			if s.State == link.Recording {
				live++
			}
		}
		if live == len(slices.DeleteFunc(slices.Clone(ids), func(id pcm.LineID) bool { return id == "quiet" })) {
			return b
		}
		if time.Now().After(deadline) {
			t.Fatalf("lines %+v", b.recorder.Status().Lines)
		}
	}
}

// reply is an answer, whatever it was.
type reply struct {
	status int
	header http.Header
	raw    []byte
	Line
	Problem
	Calls []Line `json:"calls"`
}

// ask asks with till's token; more are pairs of header and value.
func (b *box) ask(method, path, body string, more ...string) reply {
	b.Helper()
	r, err := http.NewRequestWithContext(b.Context(), method, b.url+path, bytes.NewBufferString(body))
	if err != nil {
		b.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+token)
	for i := 0; i < len(more); i += 2 {
		r.Header.Set(more[i], more[i+1])
		if more[i+1] == "" {
			r.Header.Del(more[i])
		}
	}
	a, err := b.client.Do(r)
	if err != nil {
		b.Fatal(err)
	}
	defer a.Body.Close()
	k := reply{status: a.StatusCode, header: a.Header}
	if k.raw, err = io.ReadAll(a.Body); err != nil {
		b.Fatal(err)
	}
	if strings.HasPrefix(path, "/v1") && strings.Contains(a.Header.Get("Content-Type"), "json") {
		if err := json.Unmarshal(k.raw, &k); err != nil {
			b.Fatalf("%s %s: %v in %s", method, path, err, k.raw)
		}
	}
	return k
}

// want asks and checks the status.
func (b *box) want(status int, method, path, body string, more ...string) reply {
	b.Helper()
	k := b.ask(method, path, body, more...)
	if k.status != status {
		b.Errorf("%s %s %s: %d %s, want %d", method, path, body, k.status, k.raw, status)
	}
	return k
}

func (b *box) lineState(id pcm.LineID) link.LineState {
	for _, s := range b.recorder.Status().Lines {
		if s.Line == id {
			return s
		}
	}
	b.Fatalf("no line %s", id)
	return link.LineState{}
}
