package main

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"os"
	"os/user"
	"strings"

	"github.com/spf13/cobra"
	"golang.org/x/sys/unix"

	"linevault/daemon/auth"
	"linevault/daemon/console"
	"linevault/daemon/control"
	"linevault/daemon/link"
)

func consoleVerb() *cobra.Command {
	var dir, serial string
	c := &cobra.Command{
		Use:         "console",
		Annotations: endsInOrder,
		Short:       "Look after the box from a serial line or any terminal",
		Long: `A menu for a serial line or any terminal: the box's state, its lines, pausing and resuming by
hand where the configuration permits it, how to test a line, addresses and the time. It
neither shows nor plays calls. With --serial it speaks on that device, at 115200 bits per second, 8N1.`,
		Args: usage(cobra.NoArgs),
		RunE: func(c *cobra.Command, _ []string) error {
			var in io.Reader = c.InOrStdin()
			out := c.OutOrStdout()
			_, err := unix.IoctlGetTermios(int(os.Stdin.Fd()), unix.TCGETS)
			paged := err == nil
			if serial != "" {
				f, err := console.OpenSerial(serial)
				if err != nil {
					return err
				}
				defer f.Close()
				in, out, paged = f, f, true
			}
			return atTheBox(dir, func(d *control.Desk, a control.Actor) error {
				k := console.Console{Desk: d, Actor: a, In: in, Out: out, Paged: paged}
				return k.Run(c.Context())
			})
		},
	}
	dataFlag(c, &dir)
	c.Flags().StringVar(&serial, "serial", "", "the serial `device`, such as /dev/ttyS0; otherwise this terminal")
	return c
}

func pauseVerb() *cobra.Command {
	var dir, reason string
	var resume bool
	c := &cobra.Command{
		Use:         "pause LINE",
		Annotations: endsInOrder,
		Short:       "Pause a line by hand, or resume it",
		Long: `Pause what is being recorded on a line until you resume or the call ends, where the line's
configuration has manual_pause. It returns once the recorder has confirmed it, and ends with
exit code 1 if it has not: take the line as being recorded then. With --resume, end your own pause.`,
		Args: usage(cobra.ExactArgs(1)),
		RunE: func(c *cobra.Command, args []string) error {
			if resume == (reason != "") {
				return coded{errors.New("give --reason TEXT to pause, or --resume"), exitUsage}
			}
			return atTheBox(dir, func(d *control.Desk, a control.Actor) error {
				ctx, line := c.Context(), strings.ToLower(args[0])
				if resume {
					s, err := d.ResumeLine(ctx, a, line)
					if err == nil {
						fmt.Fprintf(c.OutOrStdout(), "%s: resumed; the line is %s since %s\n", line, s.State, s.At.Local().Format("15:04:05.000"))
					}
					return err
				}
				s, err := d.PauseLine(ctx, a, line, reason)
				if !s.At.IsZero() {
					fmt.Fprintf(c.OutOrStdout(), "%s: paused; nothing said since %s is kept\n", line, s.At.Local().Format("15:04:05.000"))
				}
				return err
			})
		},
	}
	dataFlag(c, &dir)
	c.Flags().StringVar(&reason, "reason", "", "why, as `text` for people; no card number")
	c.Flags().BoolVar(&resume, "resume", false, "end your own pause")
	return c
}

// atTheBox is for who sits at the box itself, as a user of the machine who owns the data folder.
// They are given a ledger to write in and a recorder to ask, and nothing that opens a call.
func atTheBox(dir string, f func(*control.Desk, control.Actor) error) error {
	return withBooks(dir, func(b *books) error {
		who, err := user.Current()
		if err != nil {
			return err
		}
		return f(
			control.New(control.Config{Dir: dir, Ledger: b.book, Recorder: link.Dial(dir), Version: version}),
			control.Actor{
				Name: cmp.Or(os.Getenv("SUDO_USER"), who.Username), Roles: []auth.Role{auth.AtTheBox}, Address: control.Console,
			},
		)
	})
}
