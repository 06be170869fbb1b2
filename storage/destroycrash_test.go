package storage_test

import (
	"errors"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"linevault/storage"
	"linevault/storage/internal/crash"
	"linevault/storage/keys"
	"linevault/storage/ledger"
	"linevault/storage/storagetest"
)

// destroyEnv in the environment makes the test that it names do its destruction, in a process
// of its own that package crash kills at a step.
const destroyEnv = "LINEVAULT_TEST_DESTROY"

// everyStep in the environment kills at every step, not at some.
const everyStep = "LINEVAULT_TEST_EVERY_STEP"

// killedAt runs the named test in another process that dies at step n, and reports whether
// it came to its end instead.
func killedAt(t *testing.T, name, what string, n int) (ended bool) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^"+name+"$")
	cmd.Env = append(os.Environ(), destroyEnv+"="+what, crash.Env+"="+strconv.Itoa(n))
	out, err := cmd.CombinedOutput()
	if err == nil {
		return true
	}
	exit, ok := errors.AsType[*exec.ExitError](err)
	if !ok || exit.Sys().(syscall.WaitStatus).Signal() != syscall.SIGKILL {
		t.Fatalf("step %d: %v\n%s", n, err, out)
	}
	return false
}

// reopened opens store and ledger of a process that may die.
func reopened(t *testing.T, dir string) (*storage.Store, *ledger.Ledger) {
	t.Helper()
	s, err := storage.Open(dir, nil)
	must(t, err)
	ring, err := keys.OpenRing(dir)
	must(t, err)
	l, err := ledger.Open(dir, ring.Derive("ledger"))
	must(t, err)
	return s, l
}

// TestPurgeKilled kills a purge at each of its steps. Whatever the step, the call is as it was
// or without the span, the other call plays, the check finds nothing wrong; and the next start
// finishes what was begun, with one certificate and one entry in the ledger.
func TestPurgeKilled(t *testing.T) {
	if what := os.Getenv(destroyEnv); what != "" {
		dir, id, _ := strings.Cut(what, " ")
		s, l := reopened(t, dir)
		_, err := s.PurgeSpan(storage.CallID(id), time.Second, 2*time.Second, "ann", "card", l)
		must(t, err)
		return
	}
	step := 4
	switch {
	case os.Getenv(everyStep) != "":
		step = 1
	case testing.Short():
		step = 9
	}
	old, fresh := 0, 0
	for n := 0; ; n += step {
		dir := storagetest.New(t)
		w, err := storage.OpenWriter(dir, storage.WriterOptions{Now: storagetest.Clock()})
		must(t, err)
		one, k1 := record(t, w, 1, 2)
		two, k2 := record(t, w, 2, 4)
		must(t, w.Close())
		ended := killedAt(t, "TestPurgeKilled", dir+" "+string(two), n)
		storagetest.Check(t, dir, nil)
		s, l := reopened(t, dir)
		compare(t, s, one, k1)
		left := k2.without(span(2, time.Second, 2*time.Second))
		row, err := s.Find(two)
		must(t, err)
		begun := ended
		if len(row.Gaps) > 1 {
			compare(t, s, two, left)
			fresh, begun = fresh+1, true
		} else {
			compare(t, s, two, k2)
			old++
		}
		must(t, s.Finish(l))
		all, err := storage.Certificates(dir, storage.CertificateKey(mustRing(t, dir)))
		must(t, err)
		entries := 0
		events, err := l.Events(0, l.Len())
		must(t, err)
		for _, e := range events {
			if e.Kind == "destruction" {
				entries++
			}
		}
		if len(all) > 1 || entries != len(all) || (begun && entries != 1) {
			t.Errorf("killed at step %d: %d certificates, %d entries", n, len(all), entries)
		}
		if entries == 1 {
			compare(t, s, two, left)
		}
		compare(t, s, one, k1)
		s.Close()
		must(t, l.Close())
		if t.Failed() {
			t.Fatalf("killed at step %d", n)
		}
		if ended {
			t.Logf("%d kills: %d times the old state, %d times the new one", n/step, old, fresh)
			return
		}
	}
}

func mustRing(t *testing.T, dir string) *keys.Ring {
	t.Helper()
	ring, err := keys.OpenRing(dir)
	must(t, err)
	return ring
}

// TestRetainKilled kills a run of retention at each of its steps: what is past its term is
// there or gone, whole, one call under legal hold and all others play, the check finds
// nothing wrong, and the next start finishes what was begun.
func TestRetainKilled(t *testing.T) {
	if dir := os.Getenv(destroyEnv); dir != "" {
		s, l := reopened(t, dir)
		_, err := s.Retain(twoWeeks, at(15*day), l)
		must(t, err)
		return
	}
	step := 5
	switch {
	case os.Getenv(everyStep) != "":
		step = 1
	case testing.Short():
		step = 11
	}
	kills := 0
	for n := 0; ; n += step {
		a := past(t, 2, 2)
		ring := mustRing(t, a.dir)
		must(t, ring.Ensure([]string{storagetest.Class}, firstDay.AddDate(0, 0, 15)))
		s, l := reopened(t, a.dir)
		must(t, s.SetHold(a.calls[1][0], "ann", "claim", firstDay.AddDate(1, 0, 0), l))
		a.retain(t, s, l, at(2*day))
		s.Close()
		must(t, l.Close())
		ended := killedAt(t, "TestRetainKilled", a.dir, n)
		storagetest.Check(t, a.dir, nil)
		s, l = reopened(t, a.dir)
		before := a.count(t, s)
		if before != 4 && before != 3 && before != 2 {
			t.Errorf("%d calls", before)
		}
		must(t, s.Finish(l))
		storagetest.Check(t, a.dir, nil)
		if why := a.retain(t, s, l, at(17*day)); why != "" {
			t.Error(why)
		}
		if _, err := s.Find(a.calls[1][0]); err != nil || a.count(t, s) != 1 {
			t.Errorf("%d calls left, %v", a.count(t, s), err)
		}
		s.Close()
		must(t, l.Close())
		if t.Failed() {
			t.Fatalf("killed at step %d", n)
		}
		if ended {
			t.Logf("%d kills", kills)
			return
		}
		kills++
	}
}
