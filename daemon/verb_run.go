package main

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"linevault/daemon/auth"
	"linevault/daemon/config"
	"linevault/daemon/demo"
	"linevault/daemon/link"
	"linevault/storage"
	"linevault/storage/keys"
)

// boxOptions are what the box's verbs share.
type boxOptions struct {
	config, dir string
	supervised  bool
}

func (o *boxOptions) flags(c *cobra.Command) {
	dataFlag(c, &o.dir)
	c.Flags().StringVar(&o.config, "config", "", "the configuration `file`")
	c.Flags().BoolVar(&o.supervised, "supervised", false, "end when standard input does")
	_ = c.Flags().MarkHidden("supervised") // the flag exists
}

func runVerb() *cobra.Command {
	var o boxOptions
	var withDemo bool
	var sound string
	c := &cobra.Command{
		Use:         "run",
		Annotations: endsInOrder,
		Short:       "Run the box: the recorder and the desk",
		Long: `Run the box: the recorder, which captures and records, and the desk, which serves the
web. Each is a process of its own, started again when it ends. With --demo the box has
four lines on which scripted calls come and go.`,
		Args: usage(cobra.NoArgs),
		RunE: func(c *cobra.Command, _ []string) error {
			if withDemo == (o.config != "") {
				return coded{errors.New("give --config FILE or --demo, one of the two"), exitUsage}
			}
			token := ""
			if withDemo {
				var err error
				if token, err = writeDemo(&o, sound); err != nil {
					return err
				}
			}
			return run(c.Context(), o, token, sound)
		},
	}
	o.flags(c)
	c.Flags().BoolVar(&withDemo, "demo", false, "run the demonstration")
	c.Flags().StringVar(&sound, "demo-sound", "build/demo", "the `folder` with the demonstration's sound")
	return c
}

// writeDemo writes the demonstration's configuration beside its sound, since it names lines in
// the clear, with a token for its terminal that nobody else has.
func writeDemo(o *boxOptions, sound string) (token string, err error) {
	if _, err := demo.Calls(sound, demo.PaymentLine); err != nil {
		return "", err
	}
	if sound, err = filepath.Abs(sound); err != nil {
		return "", err
	}
	token = newToken()
	o.config = filepath.Join(sound, "linevault.toml")
	return token, os.WriteFile(o.config, demo.Config(sound, token), 0o600)
}

// run starts both processes and keeps them running until ctx ends.
func run(ctx context.Context, o boxOptions, token, sound string) error {
	cfg, err := config.Load(o.config)
	if err != nil {
		return coded{err, exitMustMend}
	}
	if err := prepare(o.dir, cfg); err != nil {
		return coded{err, exitMustMend}
	}
	ctx, fail := context.WithCancelCause(ctx)
	defer fail(nil)
	recorder := supervise(fail, "record", o)
	answers(ctx, o.dir) // before anybody is invited to look
	if ctx.Err() != nil {
		recorder.end()
		return ending(ctx)
	}
	desk := supervise(fail, "serve", o)
	if token != "" {
		go terminal(ctx, o.dir, cfg, token, sound)
	}
	<-ctx.Done()
	recorder.end() // first: what it recorded is committed while the desk can still show it
	desk.end()
	return ending(ctx)
}

// ending is what a box that ends says: nothing if it was told to, and otherwise what the
// process said that could not start.
func ending(ctx context.Context) error {
	if c := (coded{}); errors.As(context.Cause(ctx), &c) {
		return c
	}
	return nil
}

// answers waits until the recorder answers, or a while: the desk is of use without it, too.
func answers(ctx context.Context, dir string) {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	for c := link.Dial(dir); ctx.Err() == nil; {
		if _, err := c.Status(ctx); err == nil {
			return
		}
		select {
		case <-time.After(20 * time.Millisecond):
		case <-ctx.Done():
		}
	}
}

// terminal is the demonstration's payment terminal, which uses the box from outside as a real
// one does.
func terminal(ctx context.Context, dir string, cfg *config.Config, token, sound string) {
	log := slog.New(slog.NewTextHandler(os.Stderr, nil)).With("part", "demonstration terminal")
	calls, err := demo.Calls(sound, demo.PaymentLine)
	if err != nil {
		log.Error("no calls", "err", err)
		return
	}
	pem, err := os.ReadFile(filepath.Join(dir, "tls", "box.pem"))
	if err != nil {
		log.Error("no certificate", "err", err)
		return
	}
	ca := x509.NewCertPool()
	ca.AppendCertsFromPEM(pem)
	recorder := link.Dial(dir)
	demo.Terminal(ctx, demo.TerminalOptions{
		URL: "https://" + cfg.API.Listen, Token: token, CA: ca, Line: demo.PaymentLine, Calls: calls, Log: log,
		Caller: func(ctx context.Context) (string, error) {
			s, err := recorder.Status(ctx)
			for _, l := range s.Lines {
				if l.Line == demo.PaymentLine {
					return string(l.FarNumber), nil
				}
			}
			return "", err
		},
	})
}

// prepare makes the store and the certificate, and finds out what would keep either process
// from starting.
func prepare(dir string, cfg *config.Config) error {
	err := storage.CreateAs(dir, cfg.Classes(), cfg.Keys())
	if locked, ok := errors.AsType[*keys.LockedError](err); ok {
		fmt.Fprintf(os.Stderr, "linevault: the recordings are locked: %v\nlinevault: recording goes on meanwhile\n", locked)
	} else if err != nil {
		return err
	}
	if _, err := auth.OpenCertificate(dir); err != nil {
		return err
	}
	for _, s := range []struct{ table, listen string }{{"web", cfg.Web.Listen}, {"api", cfg.API.Listen}} {
		l, err := net.Listen("tcp", s.listen)
		if err != nil {
			return cannotListen(s.table, s.listen, err)
		}
		if err := l.Close(); err != nil {
			return err
		}
	}
	return nil
}

func cannotListen(table, address string, err error) error {
	if errors.Is(err, syscall.EADDRINUSE) {
		return fmt.Errorf("another program listens on %s already: end it, or set another address for listen in [%s]", address, table)
	}
	return fmt.Errorf("%s cannot be listened on: %w; set another address for listen in [%s]", address, err, table)
}
