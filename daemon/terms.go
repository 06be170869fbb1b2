package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"linevault/daemon/control"
	"linevault/daemon/health"
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
func keepTerms(ctx context.Context, s *storage.Store, book *ledger.Ledger, desk *control.Desk, alarms *health.Board, log *slog.Logger) {
	sweep, retain, waiting := time.NewTicker(sweepEvery), time.NewTicker(retainEvery), time.NewTicker(waitingEvery)
	defer sweep.Stop()
	defer retain.Stop()
	defer waiting.Stop()
	retainOnce(desk, log)
	watchSpace(ctx, desk, log)
	for {
		select {
		case <-sweep.C:
			if err := s.Finish(book); err != nil {
				log.Error("finish what was being destroyed", "err", err)
				alarms.Raise("destruction", "", fmt.Sprintf("what was being destroyed could not be finished: %v; it is tried again", err))
			} else {
				alarms.Clear("destruction")
			}
			watchSpace(ctx, desk, log)
		case <-waiting.C:
			if err := s.FinishWaiting(book); err != nil {
				log.Error("purge what was asked for in calls that have ended", "err", err)
			}
		case <-retain.C:
			retainOnce(desk, log)
		case <-ctx.Done():
			return
		}
	}
}

func watchSpace(ctx context.Context, desk *control.Desk, log *slog.Logger) {
	if err := desk.WatchSpace(ctx); err != nil {
		log.Error("how long the disk lasts", "err", err)
	}
}

// retainOnce is one run of retention.
func retainOnce(desk *control.Desk, log *slog.Logger) {
	err := desk.Retain()
	switch held, is := errors.AsType[*storage.HeldBackError](err); {
	case is && len(desk.Policies) == 0: // there is nothing to keep
	case is && (held.What == storage.FirstRun || held.What == storage.NotListed):
		log.Info("retention", "note", held.Why)
	case is:
		log.Warn("retention", "err", err)
	case err != nil:
		log.Error("retention", "err", err)
	}
}
