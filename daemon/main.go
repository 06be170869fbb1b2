// Linevault records telephone calls and proves that a published policy was kept.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/spf13/cobra"
	"golang.org/x/sys/unix"
)

// version is set by the build.
var version = "development"

// The exit codes, as DESIGN.md beside this file lists them.
const (
	exitOK        = 0
	exitFailed    = 1 // what was asked for could not be done; the last line of stderr says why
	exitUsage     = 2 // the command line is wrong
	exitUnsound   = 3 // check, verify, backup --verify or linetest found something wrong
	exitMustMend  = 4 // this cannot start until a person mends something: do not restart it
	exitForbidden = 5 // what is asked for needs the owner of the data folder

	exitInterrupted = 130 // stopped by Ctrl-C before it was done
)

// coded is an error with an exit code of its own.
type coded struct {
	error
	code int
}

func (c coded) Unwrap() error { return c.error }

func main() {
	// No audio or key may end up in a core file, nor in the memory of a debugger.
	_ = unix.Setrlimit(unix.RLIMIT_CORE, &unix.Rlimit{}) // the limit was lower already
	_ = unix.Prctl(unix.PR_SET_DUMPABLE, 0, 0, 0, 0)     // it cannot fail with these arguments
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	err := root().ExecuteContext(ctx)
	finished.Store(true)
	stop()
	os.Exit(exitCode(err))
}

func exitCode(err error) int {
	var c coded
	switch {
	case err == nil:
		return exitOK
	case errors.As(err, &c):
		if c.error != nil {
			fmt.Fprintln(os.Stderr, "linevault:", c.error)
		}
		return c.code
	case errors.Is(err, os.ErrPermission):
		fmt.Fprintf(os.Stderr, "linevault: %v; run this as the user who owns the data folder\n", err)
		return exitForbidden
	}
	fmt.Fprintf(os.Stderr, "linevault: %v%s\n", err, fullHint(err))
	return exitFailed
}

// fullHint says what to do about a disk that is full, where the error does not.
func fullHint(err error) string {
	if full := errors.Is(err, unix.ENOSPC) || errors.Is(err, unix.EDQUOT); !full || strings.Contains(err.Error(), "free space on that disk") {
		return ""
	}
	return "; nothing that was stored is lost: free space on that disk and run it again"
}

func root() *cobra.Command {
	c := &cobra.Command{
		Use:           "linevault",
		Short:         "Record telephone calls, and prove that a published policy was kept",
		Version:       version,
		SilenceUsage:  true,
		SilenceErrors: true,
		Args:          cobra.ArbitraryArgs,
		RunE: func(c *cobra.Command, args []string) error {
			if len(args) > 0 {
				return coded{fmt.Errorf("there is no command %q; `linevault --help` lists them", args[0]), exitUsage}
			}
			return c.Help()
		},
	}
	c.PersistentPreRunE = func(c *cobra.Command, _ []string) error {
		if err := c.ValidateRequiredFlags(); err != nil {
			return coded{fmt.Errorf("%w: %s; see `%s --help`", err, c.UseLine(), c.CommandPath()), exitUsage}
		}
		if err := c.ValidateFlagGroups(); err != nil {
			return coded{fmt.Errorf("%w; see `%s --help`", err, c.CommandPath()), exitUsage}
		}
		stopWhenInterrupted(c)
		return nil
	}
	c.SetFlagErrorFunc(func(c *cobra.Command, err error) error {
		return coded{fmt.Errorf("%w; see `%s --help`", err, c.CommandPath()), exitUsage}
	})
	c.CompletionOptions.HiddenDefaultCmd = true
	c.AddCommand(
		runVerb(), recordVerb(), serveVerb(), cardVerb(), outputVerb(), // the box
		callsVerb(), pausesVerb(), accountVerb(), exportVerb(), annotateVerb(), checkVerb(), replayVerb(), purgeVerb(), eraseVerb(), requestsVerb(), // its calls
		retentionVerb(), holdVerb(), certificatesVerb(), // and how long they stay
		ledgerVerb(), discloseVerb(), verifyVerb(), // what proves them
		backupVerb(), restoreVerb(), keysVerb(),
		consoleVerb(), pauseVerb(),
		tokenVerb(), demoVerb(), benchVerb(), priVerb(), analogueVerb(), lineTestVerb(),
	)
	return c
}

// usage says that the arguments are wrong.
func usage(n cobra.PositionalArgs) cobra.PositionalArgs {
	return func(c *cobra.Command, args []string) error {
		if err := n(c, args); err != nil {
			return coded{fmt.Errorf("%w; see `%s --help`", err, c.CommandPath()), exitUsage}
		}
		return nil
	}
}

// required marks flags as such.
func required(c *cobra.Command, names ...string) *cobra.Command {
	for _, name := range names {
		_ = c.MarkFlagRequired(name) // the flag exists
	}
	return c
}

// defaultData is where a box keeps everything.
const defaultData = "/var/lib/linevault"

func dataFlag(c *cobra.Command, dir *string) {
	c.Flags().StringVar(dir, "data", defaultData, "the data `folder`")
}
