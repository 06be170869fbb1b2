package torture

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"sync"
	"testing"

	"linevault/storage/torture/watch"
)

// roleEnv in the environment makes the test binary one of the processes that are tortured, with
// the folder in dirEnv.
const (
	roleEnv = "LINEVAULT_TEST_ROLE"
	dirEnv  = "LINEVAULT_TEST_DIR"
	planEnv = "LINEVAULT_TEST_PLAN"
	// ackedEnv is a file with what a recorder said.
	ackedEnv = "LINEVAULT_TEST_ACKED"
)

// long is how long the long form is to be: 0 is the short one, which is part of all tests.
func long() int {
	n, err := strconv.Atoi(os.Getenv("LINEVAULT_TORTURE"))
	if err != nil || n < 0 {
		return 0
	}
	return n
}

// times is how often something is tried: so often, or in the long form its own number for each
// unit of the length; seldom with -short, which is for the race detector.
func times(often, inLong int) int {
	switch {
	case long() > 0:
		return inLong * long()
	case testing.Short():
		return often/50 + 1
	}
	return often
}

// table is printed after all tests, if there is something in it.
var table Table

func TestMain(m *testing.M) {
	watch.Enter()
	if role := os.Getenv(roleEnv); role != "" {
		if err := play(role, os.Getenv(dirEnv)); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	code := m.Run()
	if err := table.Print(os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}

func play(role, dir string) error {
	switch role {
	case "record":
		var p Plan
		if err := json.Unmarshal([]byte(os.Getenv(planEnv)), &p); err != nil {
			return err
		}
		return Record(dir, p, os.Stdout)
	case "desk":
		return Desk(dir)
	case "tell":
		return Tell(dir, os.Stdout)
	case "read":
		said, err := ReadAll(dir, os.Getenv(ackedEnv))
		fmt.Print(said)
		return err
	case "stall":
		var p stallPlan
		if err := json.Unmarshal([]byte(os.Getenv(planEnv)), &p); err != nil {
			return err
		}
		return Stall(dir, p.Lines, p.Seconds, p.Backlog, os.Stdout)
	}
	return fmt.Errorf("no role %q", role)
}

// recorderOf is a recorder in a process of its own.
func recorderOf(t *testing.T, dir string, p Plan) *exec.Cmd {
	t.Helper()
	plan, err := json.Marshal(p)
	if err != nil {
		t.Fatal(err)
	}
	return processOf(t, "record", dir, planEnv+"="+string(plan))
}

func processOf(t *testing.T, role, dir string, env ...string) *exec.Cmd {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0])
	// What is left of a process that ended is of no use, and a signal in a call begins it anew.
	cmd.Env = append(os.Environ(), roleEnv+"="+role, dirEnv+"="+dir, "GODEBUG=asyncpreemptoff=1")
	cmd.Env = append(cmd.Env, env...)
	return cmd
}

// folder is a new folder where fsync costs little, if there is one: what is tested is what the
// calls do, not the disk.
func folder(t *testing.T) string {
	t.Helper()
	if _, err := os.Stat("/dev/shm"); err != nil {
		return t.TempDir()
	}
	dir, err := os.MkdirTemp("/dev/shm", "linevault-torture")
	if err != nil {
		return t.TempDir()
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	return dir
}

// report fails the test if something was lost, and adds the row.
func report(t *testing.T, r Row) {
	t.Helper()
	table.Add(r)
	t.Logf("%s: %d tried, %d boxes acknowledged", r.Fault, r.Tried, r.Acked)
	if !r.None() {
		t.Errorf("%s: %d acknowledged boxes lost, %d wrong bytes, %d dead\n%s", r.Fault, r.Boxes, r.Bytes, r.Dead, r.summary())
	}
}

// each runs f for 0..n-1 on all processors and adds up the rows.
func each(t *testing.T, fault string, n int, f func(i int) (Row, error)) Row {
	t.Helper()
	sum := Row{Fault: fault}
	var mu sync.Mutex
	next := 0
	var wg sync.WaitGroup
	for range runtime.NumCPU() {
		wg.Go(func() {
			for {
				mu.Lock()
				i := next
				next++
				mu.Unlock()
				if i >= n || t.Failed() {
					return
				}
				r, err := f(i)
				if errors.Is(err, watch.ErrUnavailable) {
					t.Logf("%v", err)
					return
				}
				if err != nil {
					t.Errorf("%s, %d: %v", fault, i, err)
					return
				}
				mu.Lock()
				sum.Tried += r.Tried
				sum.Acked += r.Acked
				sum.add(r.Loss)
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	return sum
}
