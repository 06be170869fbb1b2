package hook

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"linevault/daemon/health"
	"linevault/daemon/link"
)

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
	const call = "a call of which it is told"
	e.tell(call)
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
			if errors.Is(err, fs.ErrNotExist) {
				return nil // it was sent, or took another's place, just now
			}
			for _, s := range []string{"parking", "Parking", "call.started", call, r.URL} {
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
