package main

import (
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
	"sync/atomic"
	"syscall"
	"testing"
)

// The desk's own alarms are told, too, when they begin and when they are over: here that another
// address does not take events. They wait sealed on disk, and outlast a desk that is killed.
func TestAlarmsOfTheDeskAreTold(t *testing.T) {
	long(t)
	type told struct {
		id   string
		Type string
		Data struct {
			Alarm, Text string
			On          bool
		}
	}
	const alarm = "webhook till system"
	var mu sync.Mutex
	var got []told
	var away, broken atomic.Bool
	away.Store(true)
	broken.Store(true)
	receiver := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		e := told{id: r.Header.Get("webhook-id")}
		if err != nil || json.Unmarshal(body, &e) != nil || !strings.HasPrefix(r.Header.Get("webhook-signature"), "v1,") {
			t.Errorf("got %q, %v", body, err)
		}
		if away.Load() {
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		mu.Lock()
		defer mu.Unlock()
		got = append(got, e)
	}))
	defer receiver.Close()
	other := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if broken.Load() {
			w.WriteHeader(http.StatusInternalServerError)
		}
	}))
	defer other.Close()
	find := func(on bool) (e told, is bool) {
		mu.Lock()
		defer mu.Unlock()
		i := slices.IndexFunc(got, func(e told) bool { return e.Type == "alarm" && e.Data.Alarm == alarm && e.Data.On == on })
		if i < 0 {
			return told{}, false
		}
		return got[i], true
	}
	file := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(file, []byte(must(t, "token", "--webhook")), 0o600); err != nil {
		t.Fatal(err)
	}
	_, toml := scripts(t, 1, 60)
	hook := "[[webhook]]\nname = %q\nurl = %q\nsecret_file = %q\nevents = [%q]\n"
	b := newBox(t, toml+fmt.Sprintf(hook, "helpdesk", receiver.URL, file, "alarm")+fmt.Sprintf(hook, "till system", other.URL, file, "call.started"))
	b.start("run")
	queue := filepath.Join(b.dir, "hooks", "desk")
	waits := func() []string {
		all, err := filepath.Glob(filepath.Join(queue, "[0-9a-f]*-*"))
		if err != nil {
			t.Fatal(err)
		}
		return all
	}
	b.await("an alarm of the desk's to be on disk", func() bool { return len(waits()) > 0 })
	b.await("that alarm", func() bool { return strings.Contains(b.out.String(), alarm) })
	unreadable(t, filepath.Join(b.dir, "hooks"), alarm, "till system", "does not take events")
	if err := syscall.Kill(pidOf(t, b, "serve"), syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	away.Store(false)
	b.await("the alarm to be told by another desk", func() bool { _, is := find(true); return is })
	if e, _ := find(true); !strings.HasPrefix(e.id, "evt_desk_") || !strings.Contains(e.Data.Text, "till system does not take events") {
		t.Errorf("told %+v", e)
	}
	// A desk that finds nothing wrong tells no end: this one must have found it, too.
	b.await("the other desk to raise it", func() bool { return strings.Count(b.out.String(), fmt.Sprintf("alarm=%q", alarm)) > 1 })
	broken.Store(false)
	b.await("its end to be told", func() bool { _, is := find(false); return is })
	b.await("what waited to be gone", func() bool { return len(waits()) == 0 })
	b.stop()
	mu.Lock()
	defer mu.Unlock()
	ids := map[string]told{}
	for _, e := range got {
		if before, is := ids[e.id]; is && before != e {
			t.Errorf("%s came as %+v, then as %+v", e.id, before, e)
		}
		ids[e.id] = e
	}
}
