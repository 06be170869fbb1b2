package main

import (
	"context"
	"log/slog"
	"time"

	"linevault/daemon/control"
	"linevault/daemon/health"
	"linevault/storage"
)

// listAlarm is the key of the alarm that is on while the list of calls is being made anew.
const listAlarm = "list of calls"

// How often the desk tells how far the list of calls has come: on the Status page, and in the log.
const (
	listEvery    = 5 * time.Second
	listLogEvery = time.Minute
)

// tellListing tells how far the list of calls is while it is being made anew, until ctx ends. A
// run of retention that waited for it is made once it is whole.
func tellListing(ctx context.Context, s *storage.Store, desk *control.Desk, alarms *health.Board, log *slog.Logger) {
	t := time.NewTicker(listEvery)
	defer t.Stop()
	var began, said time.Time
	for {
		p := s.Progress()
		switch {
		case !p.Whole:
			alarms.Raise(listAlarm, "", control.ListingWords(p))
			if began.IsZero() {
				began = time.Now()
			}
			if time.Since(said) >= listLogEvery {
				said = time.Now()
				log.Info("the list of calls is being made anew", "files", p.Files, "read", p.Read)
			}
		case !began.IsZero():
			alarms.Clear(listAlarm)
			log.Info("every call is listed again", "files", p.Files, "took", time.Since(began).Round(time.Second))
			began, said = time.Time{}, time.Time{}
			if desk.RetentionWaits() {
				retainOnce(desk, log)
			}
		}
		select {
		case <-t.C:
		case <-ctx.Done():
			return
		}
	}
}
