package main

import (
	"context"
	"fmt"
	"os"
	"strings"
	"sync/atomic"

	"github.com/spf13/cobra"
)

// endsInOrder marks a verb that stops by itself, in good order, when it is interrupted.
var endsInOrder = map[string]string{"interrupt": "in order"}

// leave is called before an interrupted verb ends, such as to have the terminal show again what
// is typed.
var leave atomic.Pointer[func()]

// finished says that the verb is done, and that only the process is left to end.
var finished atomic.Bool

// stopWhenInterrupted lets Ctrl-C end a verb that does not look at its context at once. Whatever
// it was doing is sound after a kill at any moment, as the tests of storage prove.
func stopWhenInterrupted(c *cobra.Command) {
	if c.Hidden || c.Annotations["interrupt"] != "" {
		return
	}
	context.AfterFunc(c.Context(), func() {
		if finished.Load() {
			return
		}
		if f := leave.Load(); f != nil {
			(*f)()
		}
		fmt.Fprintf(os.Stderr, "\nlinevault: %s was stopped before it was done; what is stored is sound, and to run it again does the rest\n",
			strings.TrimPrefix(c.CommandPath(), "linevault "))
		os.Exit(exitInterrupted)
	})
}
