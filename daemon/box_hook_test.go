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

// halt stops a process while it has none of the locks for which others wait: a ledger's, its checkpoints', the keys'.
func (b *box) halt(process int) {
	b.t.Helper()
	free := func() bool {
		for _, name := range []string{"ledger/lock", "ledger/checkpoints.lock", "keys/lock"} {
			f, err := os.OpenFile(filepath.Join(b.dir, name), os.O_RDWR|os.O_CREATE, 0o600)
			if err != nil {
				b.t.Fatal(err)
			}
			err = syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
			f.Close()
			if err != nil {
				return false
			}
		}
		return true
	}
	stopped := func() bool {
		threads, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/stat", process))
		if err != nil || len(threads) == 0 {
			b.t.Fatalf("process %d has no threads: %v", process, err)
		}
		return !slices.ContainsFunc(threads, func(name string) bool {
			stat, err := os.ReadFile(name)
			_, state, _ := strings.Cut(string(stat), ") ")
			return err == nil && !strings.HasPrefix(state, "T")
		})
	}
	b.await("the process to stop without a lock", func() bool {
		if err := syscall.Kill(process, syscall.SIGSTOP); err != nil {
			b.t.Fatal(err)
		}
		b.await("all its threads to stop", stopped)
		if free() {
			return true
		}
		if err := syscall.Kill(process, syscall.SIGCONT); err != nil {
			b.t.Fatal(err)
		}
		return false
	})
}

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
	b.halt(desk) // it is away, and not started again
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
		// One may have come twice when the desk was killed; a busy machine pauses late, which is an alarm.
		if e.Data.Line == "line-0" && e.id != last && e.Type != "alarm" {
			kinds = append(kinds, e.Type)
		}
		last = e.id
	}
	if len(kinds) < 4 || !slices.Equal(kinds[:4], []string{"call.started", "paused", "resumed", "call.ended"}) {
		t.Errorf("of line-0 it was told %q", kinds)
	}
}
