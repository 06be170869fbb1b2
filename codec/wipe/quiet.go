package wipe

import (
	"fmt"
	"os"
	"slices"
	"strings"

	"golang.org/x/sys/unix"
)

// quiet is what Go's runtime is asked for in a process that works on sound. It does not
// interrupt goroutines by signals, for which it would save their registers in places of its
// own, and it leaves stacks where they are. Both can only be said before it starts.
var quiet = []string{"asyncpreemptoff=1", "gcshrinkstackoff=1"}

// Environment is env with which a process starts whose runtime keeps no copies.
func Environment(env []string) []string {
	const name = "GODEBUG="
	said := ""
	env = slices.DeleteFunc(slices.Clone(env), func(v string) bool {
		text, is := strings.CutPrefix(v, name)
		if is {
			said = text + ","
		}
		return is
	})
	return append(env, name+said+strings.Join(quiet, ","))
}

// Process starts this program anew, as the same process, unless its runtime keeps no copies
// already. It is called before anything else is.
func Process() error {
	said := strings.Split(os.Getenv("GODEBUG"), ",")
	if !slices.ContainsFunc(quiet, func(q string) bool { return !slices.Contains(said, q) }) {
		return nil
	}
	self, err := os.Executable()
	if err == nil {
		err = unix.Exec(self, os.Args, Environment(os.Environ()))
	}
	return fmt.Errorf("starting anew with a runtime that keeps no copies of sound: %w", err)
}
