package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"
	"golang.org/x/sys/unix"
)

// errNotConfirmed is somebody who thought better of it.
var errNotConfirmed = errors.New("you did not answer y: nothing was done")

// yesFlag lets a person at a terminal not be asked.
func yesFlag(c *cobra.Command, yes *bool) {
	c.Flags().BoolVar(yes, "yes", false, "do not ask at a terminal whether to go on")
}

// confirm asks a person at a terminal whether to do what is said. A script, which has no
// terminal, is not asked.
func confirm(c *cobra.Command, yes bool, what string) error {
	if yes || !isTerminal(c.InOrStdin()) {
		return nil
	}
	fmt.Fprintf(c.ErrOrStderr(), "%s\nGo on? [y/N] ", what)
	answer, err := bufio.NewReader(c.InOrStdin()).ReadString('\n')
	if err != nil && err != io.EOF {
		return err
	}
	switch strings.ToLower(strings.TrimSpace(answer)) {
	case "y", "yes":
		return nil
	}
	return errNotConfirmed
}

// isTerminal reports whether somebody types what r gives.
func isTerminal(r io.Reader) bool {
	f, ok := r.(*os.File)
	if !ok {
		return false
	}
	_, err := unix.IoctlGetTermios(int(f.Fd()), unix.TCGETS)
	return err == nil
}
