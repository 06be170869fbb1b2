package hook

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"linevault/daemon/health"
	"linevault/storage/durable"
)

// What a writer that was killed left unfinished goes when there is another.
func TestUnfinishedBatchesGo(t *testing.T) {
	e := newEnds(t)
	left := filepath.Join(e.dir, batch{1, 2}.name()+durable.Suffix)
	if err := os.WriteFile(left, []byte("half"), 0o600); err != nil {
		t.Fatal(err)
	}
	e.tell("one")
	e.write()
	e.open()
	if _, err := os.Stat(left); !os.IsNotExist(err) {
		t.Errorf("it is there: %v", err)
	}
	if all, err := batches(e.dir); err != nil || len(all) != 1 {
		t.Errorf("what was whole is %v, %v", all, err)
	}
}

// Events for which there is no room are an alarm, which is an event itself.
func TestTooManyWait(t *testing.T) {
	e := newEnds(t)
	e.board.Watch(func(a health.Alarm, on bool) { e.spool.Tell(Alarm, time.Now(), Data{Alarm: a.Key, On: &on}) })
	for range inMemory + 5 {
		e.tell("x")
	}
	e.write()
	if a := e.board.Alarms(); len(a) != 1 || !strings.HasPrefix(a[0].Text, "5 events for webhooks were lost") {
		t.Errorf("alarms %+v", a)
	}
	c := Courier{Queue: e.dir, Key: e.key}
	all, err := batches(e.dir)
	if err != nil || len(all) == 0 {
		t.Fatalf("%v, %v", all, err)
	}
	events, err := c.read(all[len(all)-1])
	if err != nil || !slices.ContainsFunc(events, func(v event) bool { return v.Type == Alarm }) {
		t.Errorf("the alarm is not among the last of what waits: %v", err)
	}
}
