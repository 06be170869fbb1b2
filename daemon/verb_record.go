package main

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"linevault/codec/pcm"
	"linevault/daemon/api"
	"linevault/daemon/auth"
	"linevault/daemon/capture"
	"linevault/daemon/config"
	"linevault/daemon/health"
	"linevault/daemon/link"
	"linevault/storage"
)

func recordVerb() *cobra.Command {
	var o boxOptions
	c := &cobra.Command{
		Use:   "record",
		Short: "Run the recorder alone: cards, pauses and the active segments",
		Long:  "Run the recorder alone. `linevault run` does that, and starts it again when it ends.",
		Args:  usage(cobra.NoArgs),
		RunE: func(c *cobra.Command, _ []string) error {
			ctx, stop := o.lifetime(c.Context())
			defer stop()
			return record(ctx, o)
		},
	}
	o.flags(c)
	return c
}

// record runs the recorder until ctx ends.
func record(ctx context.Context, o boxOptions) error {
	cfg, err := config.Load(o.config)
	if err != nil {
		return coded{err, exitMustMend}
	}
	log := slog.New(slog.NewTextHandler(os.Stderr, nil)).With("process", "recorder")
	board := health.NewBoard(log)
	w, err := storage.OpenWriter(o.dir, storage.WriterOptions{
		OnProblem: func(err error) { board.Raise("storage fault", "", err.Error()) },
	})
	if err != nil {
		return err
	}
	defer w.Close()
	cards, err := openCards(cfg)
	if err != nil {
		return coded{err, exitMustMend}
	}
	defer closeCards(cards, log)
	lines, err := makeLines(cfg, cards, w, board)
	if err != nil {
		return err
	}
	contacts, err := openContacts(cfg)
	if err != nil {
		return coded{err, exitMustMend}
	}
	for _, c := range contacts {
		c.Arm(lines)
	}
	r := &capture.Recorder{Writer: w, Health: board, Log: log, Commit: time.Duration(cfg.Storage.Commit)}
	r.Start(lines)
	stopServers, err := startServers(o.dir, cfg, r, w, log)
	if err != nil {
		return err
	}
	watching, unwatch := context.WithCancel(context.Background())
	var watchers sync.WaitGroup
	for _, c := range contacts {
		watchers.Go(func() { r.Watch(watching, c) })
	}
	log.Info("recording", "lines", len(lines), "cards", len(cards))
	<-ctx.Done()
	closeCards(cards, log) // lines reach their end; the gates drain in their own time
	r.Wait()               // everything recorded is committed; pauses are still taken meanwhile
	unwatch()              // no audio is left for a contact to cut
	watchers.Wait()
	for _, c := range contacts {
		if err := c.Input.Close(); err != nil {
			log.Error("contact closed", "contact", c.Name, "err", err)
		}
	}
	stopServers() // last: until here every pause was answered
	return nil
}

// startServers opens the link to the desk and the API for terminals.
func startServers(dir string, cfg *config.Config, r *capture.Recorder, w *storage.Writer, log *slog.Logger) (stop func(), err error) {
	socket, err := link.Listen(dir)
	if err != nil {
		return nil, fmt.Errorf("the socket to the desk: %w", err)
	}
	cert, err := auth.OpenCertificate(dir)
	if err != nil {
		return nil, coded{err, exitMustMend}
	}
	listener, err := net.Listen("tcp", cfg.API.Listen)
	if err != nil {
		return nil, cannotListen("api", cfg.API.Listen, err)
	}
	terminals, err := terminalsOf(cfg)
	if err != nil {
		return nil, err
	}
	toDesk := link.Server(r, w)
	toTerminals := &http.Server{
		Handler:   (&api.API{Recorder: r, Terminals: terminals, Log: log}).Handler(),
		TLSConfig: cert.Config(), ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 10 * time.Second,
		IdleTimeout: 2 * time.Minute, ErrorLog: slog.NewLogLogger(log.Handler(), slog.LevelDebug),
	}
	serve := func(name string, f func() error) {
		if err := f(); !errors.Is(err, http.ErrServerClosed) {
			log.Error("server ended", "server", name, "err", err)
		}
	}
	go serve("desk", func() error { return toDesk.Serve(socket) })
	go serve("api", func() error { return toTerminals.ServeTLS(listener, "", "") })
	return func() { _, _ = toTerminals.Close(), toDesk.Close() }, nil // nothing waits for an answer now
}

func terminalsOf(cfg *config.Config) ([]api.Terminal, error) {
	var all []api.Terminal
	for _, t := range cfg.Terminal {
		k := api.Terminal{Name: t.Name, Lines: ids(t.Lines)}
		if _, err := hex.Decode(k.Token[:], []byte(t.TokenSHA256)); err != nil {
			return nil, fmt.Errorf("terminal %s: %w", t.Name, err)
		}
		all = append(all, k)
	}
	return all, nil
}

func ids(names []string) []pcm.LineID {
	var all []pcm.LineID
	for _, n := range names {
		all = append(all, config.ID(n))
	}
	return all
}
