package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"linevault/codec/pcm"
	"linevault/daemon/config"
	"linevault/daemon/linetest"
	"linevault/daemon/link"
	"linevault/storage/keys"
	"linevault/storage/ledger"
)

func lineTestVerb() *cobra.Command {
	o := lineTestOptions{}
	c := &cobra.Command{
		Use:         "linetest LINE",
		Annotations: endsInOrder,
		Short:       "Test a line with a call, and certify what was seen",
		Long: `Lead one person at the telephone of a line and one who rings it through a test call: signal, caller's
number, both sides and their levels, which way round they are, pause, end, and whether another
line reacted. The box must be running. Steps tick themselves; type a letter and Enter in between:

    a          begin this step again
    s REASON   leave this step out
    f          go on: this step failed
    q          give the test up

Where nobody can type, a step that does not come in its time fails. It ends in a certificate that
the box signs and enters in its ledger. LINE is a line's name, or its ID.`,
		Args: usage(o.args),
		RunE: func(c *cobra.Command, args []string) error {
			o.in, o.out = c.InOrStdin(), c.OutOrStdout()
			switch {
			case o.verify != "":
				return o.verifyFile()
			case o.list:
				return o.listAll(strings.Join(args, " "))
			case o.show != "":
				return o.showOne(o.show)
			}
			return o.run(c.Context(), strings.Join(args, " "))
		},
	}
	dataFlag(c, &o.dir)
	f := c.Flags()
	f.BoolVar(&o.list, "list", false, "list the certificates there are, of LINE or of all lines")
	f.StringVar(&o.show, "show", "", "print the certificate with this `ID`")
	f.StringVar(&o.verify, "verify", "", "check a certificate in a `FILE`, as the web page gives it")
	f.StringVar(&o.number, "number", "", "the `NUMBER` that you ring from, to be compared and forgotten")
	f.StringVar(&o.by, "by", "", "who tests, for the certificate; without it, who is signed in to this machine")
	f.BoolVar(&o.json, "json", false, "print each change, and the certificate, as JSON")
	return c
}

type lineTestOptions struct {
	dir, show, verify, number, by string
	list, json                    bool
	in                            io.Reader
	out                           io.Writer
}

func (o *lineTestOptions) args(c *cobra.Command, args []string) error {
	switch {
	case o.show != "" || o.verify != "":
		return cobra.NoArgs(c, args)
	case o.list:
		return cobra.MaximumNArgs(1)(c, args)
	}
	return cobra.ExactArgs(1)(c, args)
}

// withArchive runs f with the certificates of the data folder.
func (o *lineTestOptions) withArchive(f func(*linetest.Archive) error) error {
	return withLedger(o.dir, func(ring *keys.Ring, book *ledger.Ledger) error {
		a, err := linetest.OpenArchive(o.dir, "", ring, book)
		if err != nil {
			return err
		}
		return f(a)
	})
}

func (o *lineTestOptions) listAll(line string) error {
	return o.withArchive(func(a *linetest.Archive) error {
		all, err := a.List("")
		for _, c := range all {
			if line != "" && c.Line != config.ID(line) {
				continue
			}
			if o.json {
				if err := json.NewEncoder(o.out).Encode(c); err != nil {
					return err
				}
				continue
			}
			fmt.Fprintf(o.out, "%s  %s  %-26s %s, by %s\n", c.ID, c.Done.Local().Format("2006-01-02 15:04"), c.Outcome, c.Name, c.By)
		}
		return err
	})
}

func (o *lineTestOptions) showOne(id string) error {
	return o.withArchive(func(a *linetest.Archive) error {
		c, err := a.Read(id)
		if errors.Is(err, linetest.ErrNone) {
			return fmt.Errorf("there is no certificate %s; `linevault linetest --list` lists them", id)
		}
		if err != nil {
			return err
		}
		if o.json {
			return json.NewEncoder(o.out).Encode(c)
		}
		signed, err := a.Signed(id)
		if err != nil {
			return err
		}
		_, err = fmt.Fprintf(o.out, "%s\nSigned by the box, key %s:\n\n%s", c.Text(time.Local), a.Fingerprint(), signed)
		return err
	})
}

func (o *lineTestOptions) verifyFile() error {
	b, err := os.ReadFile(o.verify)
	if err != nil {
		return err
	}
	return o.withArchive(func(a *linetest.Archive) error {
		c, err := linetest.Parse(b, a.PublicKey())
		if err != nil {
			return coded{fmt.Errorf("%s: %w", o.verify, err), exitUnsound}
		}
		_, err = fmt.Fprintf(o.out, "%s\nThis box signed it, key %s.\n", c.Text(time.Local), a.Fingerprint())
		return err
	})
}

// errGivenUp ends a test that the tester gave up.
var errGivenUp = coded{errors.New("the test was given up; nothing was certified"), exitFailed}

// run leads through one test.
func (o *lineTestOptions) run(ctx context.Context, name string) error {
	recorder := link.Dial(o.dir)
	s, err := recorder.Status(ctx)
	if errors.Is(err, link.ErrDown) {
		return fmt.Errorf("the recorder of %s does not answer: start the box with `linevault run`, then test", o.dir)
	}
	if err != nil {
		return err
	}
	line, err := findLine(s, name)
	if err != nil {
		return err
	}
	if o.by == "" {
		o.by = me()
	}
	g := &guide{lineTestOptions: o, test: linetest.New(linetest.Setup{Line: line, From: o.number}), typed: o.read(ctx)}
	if err := g.lead(ctx, recorder); err != nil {
		return err
	}
	c := g.test.Certify(hostname(), version, o.by)
	if err := o.withArchive(func(a *linetest.Archive) error { return a.Keep(c) }); err != nil {
		return err
	}
	if o.json {
		err = json.NewEncoder(o.out).Encode(c)
	} else {
		_, err = fmt.Fprintf(o.out, "\n%s\n`linevault linetest --show %s` prints it again.\n", c.Text(time.Local), c.ID)
	}
	if err == nil && c.Outcome == linetest.NotPassed {
		return coded{fmt.Errorf("line %s did not pass", c.Name), exitUnsound}
	}
	return err
}

func hostname() string {
	name, err := os.Hostname()
	if err != nil {
		return "this box"
	}
	return name
}

func findLine(s link.Status, name string) (pcm.LineID, error) {
	var names []string
	for _, l := range s.Lines {
		if string(l.Line) == name || strings.EqualFold(l.Name, name) {
			return l.Line, nil
		}
		names = append(names, l.Name)
	}
	return "", fmt.Errorf("there is no line %q; there are: %s", name, strings.Join(names, ", "))
}

// read gives what is typed, line by line; it is closed where nobody can type.
func (o *lineTestOptions) read(ctx context.Context) <-chan string {
	typed := make(chan string)
	go func() {
		defer close(typed)
		for lines := bufio.NewScanner(o.in); lines.Scan(); {
			select {
			case typed <- strings.TrimSpace(lines.Text()):
			case <-ctx.Done():
				return
			}
		}
	}()
	return typed
}
