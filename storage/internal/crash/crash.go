// Package crash lets a test kill this program at a step of a procedure, as a power cut would.
package crash

import (
	"os"
	"strconv"
	"sync/atomic"

	"golang.org/x/sys/unix"
)

// Env names the environment variable with the number of the step, from 0, at which the
// process kills itself. Only a test sets it.
const Env = "LINEVAULT_CRASH_AT"

var (
	at    = atStep()
	steps atomic.Int64
)

func atStep() int64 {
	n, err := strconv.ParseInt(os.Getenv(Env), 10, 64)
	if err != nil {
		return -1
	}
	return n
}

// At is a step: what it names comes next. Without the environment variable it does nothing.
func At(string) {
	if at < 0 {
		return
	}
	if steps.Add(1)-1 == at {
		_ = unix.Kill(os.Getpid(), unix.SIGKILL) // a process may always kill itself
		select {}
	}
}

// Steps is how many steps there have been, where the environment variable is set.
func Steps() int64 { return steps.Load() }
