package main

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"linevault/daemon/config"
	"linevault/storage"
	"linevault/storage/ledger"
)

// How often the desk destroys what is past its term, and takes what was destroyed otherwise
// out of segments that were closed since.
const (
	retainEvery = 24 * time.Hour
	sweepEvery  = time.Minute
	// What was purged in a call that went on goes when it has ended.
	waitingEvery = 15 * time.Second
)

// keepTerms keeps what the configuration says of terms, until ctx ends. What a crash
// interrupted it finishes first.
func keepTerms(ctx context.Context, s *storage.Store, book *ledger.Ledger, cfg *config.Config, log *slog.Logger) {
	sweep, retain, waiting := time.NewTicker(sweepEvery), time.NewTicker(retainEvery), time.NewTicker(waitingEvery)
	defer waiting.Stop()
	defer sweep.Stop()
	defer retain.Stop()
	run := func() { retainOnce(s, book, cfg, log) }
	run()
	for {
		select {
		case <-sweep.C:
			if err := s.Finish(book); err != nil {
				log.Error("finish what was being destroyed", "err", err)
			}
		case <-waiting.C:
			if err := s.FinishWaiting(book); err != nil {
				log.Error("purge what was asked for in calls that have ended", "err", err)
			}
		case <-retain.C:
			run()
		case <-ctx.Done():
			return
		}
	}
}

// retainOnce is one run of retention.
func retainOnce(s *storage.Store, book *ledger.Ledger, cfg *config.Config, log *slog.Logger) {
	now, err := readClock(cfg)
	if err != nil {
		log.Error("retention", "err", err)
		return
	}
	plan, err := s.Retain(cfg.Policies(), now, book)
	var held *storage.HeldBackError
	switch {
	case errors.As(err, &held) && len(cfg.Class) == 0: // there is nothing to keep
	case errors.As(err, &held):
		log.Warn("retention", "err", err)
	case err != nil:
		log.Error("retention", "err", err)
	case len(plan.Calls) > 0:
		log.Info("retention", "destroyed", len(plan.Calls))
	}
}
