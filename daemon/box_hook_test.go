package main

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"

	"linevault/daemon/link"
)

// Another program is told of calls and pauses, also of those while the desk was dead.
func TestWebhooks(t *testing.T) {
	type told struct {
		id   string
		Type string
		Data struct{ Line, Call, State string }
	}
	var mu sync.Mutex
	var got []told
	receiver := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		e := told{id: r.Header.Get("webhook-id")}
		if err != nil || json.Unmarshal(body, &e) != nil || !strings.HasPrefix(r.Header.Get("webhook-signature"), "v1,") {
			t.Errorf("got %q, %v", body, err)
		}
		mu.Lock()
		defer mu.Unlock()
		got = append(got, e)
	}))
	defer receiver.Close()
	events := func() []told { mu.Lock(); defer mu.Unlock(); return slices.Clone(got) }
	has := func(kind, line string) func() bool {
		return func() bool {
			return slices.ContainsFunc(events(), func(e told) bool { return e.Type == kind && e.Data.Line == line })
		}
	}
	file := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(file, []byte(must(t, "token", "--webhook")), 0o600); err != nil {
		t.Fatal(err)
	}
	_, toml := scripts(t, 2, 60)
	toml = strings.ReplaceAll(toml, "name = \"Line ", "manual_pause = true\nname = \"Line ")
	b := newBox(t, toml+fmt.Sprintf("[[webhook]]\nname = \"crm\"\nurl = %q\nsecret_file = %q\n", receiver.URL, file))
	b.start("run")
	b.await("two calls to be told", func() bool { return has("call.started", "line-0")() && has("call.started", "line-1")() })
	must(t, "pause", "line-0", "--reason", "card", "--data", b.dir)
	b.await("the pause to be told", has("paused", "line-0"))
	desk := pidOf(t, b, "serve")
	if err := syscall.Kill(desk, syscall.SIGSTOP); err != nil { // it is away, and not started again
		t.Fatal(err)
	}
	must(t, "pause", "line-0", "--resume", "--data", b.dir)
	must(t, "pause", "line-1", "--reason", "card", "--data", b.dir)
	b.await("them to be on disk", func() bool {
		waits, err := filepath.Glob(filepath.Join(b.dir, "hooks", "*-*"))
		return err == nil && len(waits) > 0
	})
	unreadable(t, filepath.Join(b.dir, "hooks"), "line-0", "Line 0", "Line 1", "paused", "resumed", "card")
	if err := syscall.Kill(desk, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	b.await("the resume to be told by another desk", has("resumed", "line-0"))
	b.await("the pause to be told by another desk", has("paused", "line-1"))
	if s, err := b.status(); err != nil || count(s, link.Failed) > 0 {
		t.Errorf("%+v, %v", s, err)
	}
	b.stop() // which ends the calls
	b.start("run")
	b.await("the end of a call to be told", has("call.ended", "line-0"))
	b.stop()
	all := events()
	byID := slices.Clone(all)
	slices.SortStableFunc(byID, func(a, b told) int { return cmp.Compare(a.id, b.id) })
	var kinds []string
	last := ""
	for _, e := range byID {
		if e.Data.Line == "line-0" && e.id != last { // one may have come twice when the desk was killed
			kinds = append(kinds, e.Type)
		}
		last = e.id
	}
	if len(kinds) < 4 || !slices.Equal(kinds[:4], []string{"call.started", "paused", "resumed", "call.ended"}) {
		t.Errorf("of line-0 it was told %q", kinds)
	}
}
