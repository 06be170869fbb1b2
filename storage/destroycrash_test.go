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
	step := 1
	if testing.Short() {
		step = 7
	}
	old, fresh := 0, 0
	for n := 0; ; n += step {
		dir := storagetest.New(t)
		w, err := storage.OpenWriter(dir, storage.WriterOptions{})
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
