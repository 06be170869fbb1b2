package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"time"

	"linevault/daemon/auth"
	"linevault/daemon/config"
	"linevault/daemon/health"
	"linevault/daemon/link"
	"linevault/daemon/web"
	"linevault/storage"
	"linevault/storage/keys"
	"linevault/storage/ledger"
)

// openRing opens the keyring of a data folder, unless a newer version made that.
func openRing(dir string) (*keys.Ring, error) {
	if err := storage.CheckFormat(dir); err != nil {
		return nil, err
	}
	return keys.OpenRing(dir)
}

// openKeys opens the keyring and has the root key where the configuration wants it. While the
// keys are locked, it waits, and the pages say so; it returns no ring if ctx ends before they
// open. It returns also what it did to the root key, for the ledger.
func openKeys(ctx context.Context, o boxOptions, cfg *config.Config, alarms *health.Board, log *slog.Logger) (*keys.Ring, []string, error) {
	ring, err := openRing(o.dir)
	if _, locked := errors.AsType[*keys.LockedError](err); locked {
		if ring, err = waitUnlocked(ctx, o, cfg, alarms, log); ring == nil && err == nil {
			return nil, nil, nil
		}
	}
	if err != nil {
		return nil, nil, coded{err, exitMustMend}
	}
	arranged, err := ring.Arrange(cfg.Keys())
	if err != nil { // what is recorded can be played all the same
		log.Error("the root key is not where the configuration wants it", "err", err)
	}
	for _, did := range arranged {
		log.Warn("root key", "what", did)
	}
	return ring, arranged, nil
}

// enterArranged enters in the ledger what was done to the root key at the start.
func enterArranged(book *ledger.Ledger, arranged []string) error {
	for _, did := range arranged {
		if _, err := book.Append(ledger.Event{At: time.Now().UTC(), Kind: rootRotated, Who: "configuration", Text: did}); err != nil {
			return err
		}
	}
	return nil
}

// lookForKeys is how often a locked desk looks whether somebody brought the root key back.
const lookForKeys = time.Second

// lockedAlarm is on while the keys are locked. Whoever is told by webhook is told once they open: what
// is told is sealed, too.
const lockedAlarm = "keys locked"

// waitUnlocked serves a page that says why nothing can be played until the keys open.
func waitUnlocked(ctx context.Context, o boxOptions, cfg *config.Config, alarms *health.Board, log *slog.Logger) (*keys.Ring, error) {
	cert, err := auth.OpenCertificate(o.dir)
	if err != nil {
		return nil, err
	}
	listener, err := net.Listen("tcp", cfg.Web.Listen)
	if err != nil {
		return nil, cannotListen("web", cfg.Web.Listen, err)
	}
	recorder := link.Dial(o.dir)
	server := &http.Server{
		Handler: web.Locked(web.Config{
			Version: version, Log: log,
			Branding: web.Branding{Council: cfg.Site.Name, Colour: cfg.Site.Colour, Contact: cfg.Site.Contact},
		}, func(ctx context.Context) bool { return recording(ctx, recorder) }),
		TLSConfig: cert.Config(), ReadHeaderTimeout: 5 * time.Second, IdleTimeout: 2 * time.Minute,
		ErrorLog: slog.NewLogLogger(log.Handler(), slog.LevelDebug),
	}
	ended := make(chan error, 1)
	go func() { ended <- server.ServeTLS(listener, "", "") }()
	defer server.Close()
	said := ""
	for {
		ring, err := keys.OpenRing(o.dir)
		if _, locked := errors.AsType[*keys.LockedError](err); !locked {
			if err == nil {
				log.Info("the keys are open again")
				alarms.Clear(lockedAlarm)
			}
			return ring, err
		}
		if err.Error() != said {
			said = err.Error()
			log.Error("the recordings are locked: recording goes on, nothing can be played", "err", err)
			alarms.Raise(lockedAlarm, "", fmt.Sprintf("the recordings are locked: recording goes on, nothing can be played; %v", err))
		}
		select {
		case <-time.After(lookForKeys):
		case err := <-ended:
			return nil, err
		case <-ctx.Done():
			return nil, nil // told to end
		}
	}
}

// watchKeys ends the desk when the root key is lost or taken off while it runs, so that it
// starts again and waits.
func watchKeys(ctx context.Context, ring *keys.Ring, lost func(error)) {
	t := time.NewTicker(lookForKeys)
	defer t.Stop()
	for {
		select {
		case <-t.C:
		case <-ctx.Done():
			return
		}
		err := ring.Reload()
		if _, locked := errors.AsType[*keys.LockedError](err); locked {
			lost(err)
			return
		}
	}
}

// recording reports whether the recorder says that it is at work.
func recording(ctx context.Context, recorder *link.Client) bool {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	s, err := recorder.Status(ctx)
	return err == nil && len(s.Lines) > 0
}
