package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"time"

	"github.com/spf13/cobra"

	"linevault/daemon/account/clerk"
	"linevault/daemon/auth"
	"linevault/daemon/config"
	"linevault/daemon/control"
	"linevault/daemon/health"
	"linevault/daemon/linetest"
	"linevault/daemon/link"
	"linevault/daemon/remedy"
	"linevault/daemon/scrub"
	"linevault/daemon/web"
	"linevault/storage"
	"linevault/storage/keys"
	"linevault/storage/ledger"
)

func serveVerb() *cobra.Command {
	var o boxOptions
	c := &cobra.Command{
		Use:         "serve",
		Annotations: endsInOrder,
		Short:       "Run the desk alone: keys, calls, playback and the web",
		Long:        "Run the desk alone. `linevault run` does that, and starts it again when it ends.",
		Args:        usage(cobra.NoArgs),
		RunE: func(c *cobra.Command, _ []string) error {
			ctx, stop := o.lifetime(c.Context())
			defer stop()
			return serve(ctx, o)
		},
	}
	o.flags(c)
	return c
}

// snapshotEvery is how old the catalogue's snapshot becomes before it is written again.
const snapshotEvery = 5 * time.Minute

// serve runs the desk until ctx ends.
func serve(ctx context.Context, o boxOptions) error {
	cfg, err := config.Load(o.config)
	if err != nil {
		return coded{err, exitMustMend}
	}
	log := slog.New(slog.NewTextHandler(os.Stderr, nil)).With("process", "desk")
	alarms := health.NewBoard(log)
	stopTelling, err := tellAlarms(o.dir, cfg, alarms)
	if err != nil {
		return err
	}
	defer stopTelling()
	ring, arranged, err := openKeys(ctx, o, cfg, alarms, log)
	if err != nil || ring == nil {
		return err
	}
	if err := ring.Ensure(cfg.Classes(), time.Now()); err != nil {
		return err
	}
	recorder := link.Dial(o.dir)
	store, err := storage.OpenDesk(o.dir, recorder, snapshotEvery)
	if err != nil {
		return err
	}
	defer store.Close()
	book, err := ledger.Open(o.dir, ring.Derive("ledger"))
	if err != nil {
		return err
	}
	defer book.Close()
	if err := enterArranged(book, arranged); err != nil {
		return err
	}
	accounts, err := auth.Open(o.dir, ring.Derive("accounts"), auth.Options{Words: []string{cfg.Site.Name}})
	if err != nil {
		return err
	}
	cert, err := auth.OpenCertificate(o.dir)
	if err != nil {
		return coded{err, exitMustMend}
	}
	checkpoints, stopNotary, err := startNotary(ctx, o.dir, cfg, ring, store, book, alarms, log)
	if err != nil {
		return err
	}
	defer stopNotary()
	archive, err := linetest.OpenArchive(o.dir, cfg.Site.Name, ring, book)
	if err != nil {
		return err
	}
	if err := sendWebhooks(ctx, o.dir, cfg, ring, alarms, log); err != nil {
		return err
	}
	calls := clerk.New(o.dir, store, book, lineNames(cfg))
	_, stopBelow, err := room(o.dir, cfg)
	if err != nil {
		return err
	}
	desk := control.New(control.Config{
		Dir: o.dir, Accounts: accounts, Store: store, Ledger: book, Checkpoints: checkpoints, Clerk: calls,
		Recorder: recorder, Archive: archive, Health: alarms, Version: version, Log: log,
		Policies: cfg.Policies(), Clock: func() (storage.Reading, error) { return readClock(cfg) },
		StopBelow: stopBelow, WarnDays: cfg.Storage.WarnDays,
	})
	listener, err := net.Listen("tcp", cfg.Web.Listen)
	if err != nil {
		return cannotListen("web", cfg.Web.Listen, err)
	}
	go keepPeriods(ctx, ring, cfg.Classes(), log)
	go keepAccount(ctx, calls, log)
	go scrub.Run(ctx, scrub.Config{Store: store, Ledger: book, Health: alarms, Log: log, Days: cfg.Storage.ScrubDays})
	go remedy.Run(ctx, remedy.Config{Store: store, Ledger: book, Board: recorder, Log: log})
	go keepTerms(ctx, store, book, desk, alarms, log)
	go tellListing(ctx, store, desk, alarms, log)
	server := &http.Server{
		Handler: web.New(web.Config{
			Desk: desk, Version: version, Log: log,
			Branding: web.Branding{Council: cfg.Site.Name, Colour: cfg.Site.Colour, Contact: cfg.Site.Contact},
		}),
		TLSConfig: cert.Config(), ReadHeaderTimeout: 5 * time.Second, IdleTimeout: 2 * time.Minute,
		ErrorLog: slog.NewLogLogger(log.Handler(), slog.LevelDebug),
	}
	ended := make(chan error, 2)
	go func() { ended <- server.ServeTLS(listener, "", "") }()
	go watchKeys(ctx, ring, func(err error) { ended <- err })
	welcome(cfg, cert, accounts.SetUpNeeded())
	go accounts.RunSetUp(ctx, func(code string, until time.Time) {
		fmt.Printf("\n  Set up the first account at https://%s/setup with the code\n\n      %s\n\n  It is good until %s.\n\n",
			cfg.Web.Listen, code, until.Local().Format("15:04"))
	})
	select {
	case err := <-ended:
		return err
	case <-ctx.Done():
	}
	wait, cancel := context.WithTimeout(context.Background(), 2*time.Second)
	defer cancel()
	if err := server.Shutdown(wait); err != nil && !errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	return server.Close() // live pages never end by themselves
}

// welcome says where the pages are; on a new box the set-up code follows.
func welcome(cfg *config.Config, cert *auth.Certificate, fresh bool) {
	fmt.Printf(`
  %s: the recorder is at

      https://%s/

  Its certificate is its own; your browser will warn of it once. Compare the fingerprint:
  SHA-256 %s
`, cfg.Site.Name, cfg.Web.Listen, cert.Fingerprint())
	if !fresh {
		fmt.Print("\n  Sign in with an account that was made on it before.\n\n")
	}
}

// keepPeriods makes the keys of the days to come, a week ahead, so that the recorder never
// waits for the desk.
func keepPeriods(ctx context.Context, ring *keys.Ring, classes []string, log *slog.Logger) {
	t := time.NewTicker(time.Hour)
	defer t.Stop()
	for {
		select {
		case <-t.C:
		case <-ctx.Done():
			return
		}
		if err := ring.Ensure(classes, time.Now()); err != nil {
			log.Error("keys of the days to come", "err", err)
		}
	}
}
