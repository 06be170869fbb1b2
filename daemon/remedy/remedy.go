// Package remedy is the desk's work on sound that should not have been kept: what a pause
// reached too late it destroys as soon as the call has ended, what may be card data it keeps an alarm
// on until somebody has destroyed or released it. An alarm ends when its cause does, and
// outlasts a recorder that is started again.
package remedy

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"linevault/daemon/link"
	"linevault/storage"
	"linevault/storage/ledger"
)

// Board is where alarms are seen and turned on and off; link.Client is one.
type Board interface {
	Status(ctx context.Context) (link.Status, error)
	Notice(ctx context.Context, n link.Notice) error
}

// Config is what it works on.
type Config struct {
	Store  *storage.Store
	Ledger *ledger.Ledger
	Board  Board
	Log    *slog.Logger
	Look   time.Duration // how often it looks; zero is 5 s
}

// look is how often it looks: a late pause is to be mended within a minute of its call's end.
const look = 5 * time.Second

// byBox is who destroys what a late pause was for.
const byBox = "the box"

// Run works until ctx ends.
func Run(ctx context.Context, c Config) {
	r := remedy{Config: c}
	t := time.NewTicker(cmp.Or(c.Look, look))
	defer t.Stop()
	for ctx.Err() == nil {
		if err := r.look(ctx); err != nil && err.Error() != r.said {
			r.said = err.Error()
			c.Log.Error("what should not have been kept could not all be mended; it is not played meanwhile", "err", err)
		} else if err == nil {
			r.said = ""
		}
		select {
		case <-t.C:
		case <-ctx.Done():
		}
	}
}

type remedy struct {
	Config
	said string // what was said last, so that it is said once
}

// look does once what there is to do.
func (r *remedy) look(ctx context.Context) error {
	if err := r.Store.Refresh(); err != nil {
		return err
	}
	err := r.purge()
	open, err2 := r.open()
	if err2 != nil {
		return errors.Join(err, err2)
	}
	return errors.Join(err, r.tell(ctx, open))
}

// purge destroys what late pauses were for, in calls that have ended.
func (r *remedy) purge() error {
	var errs []error
	err := r.each(storage.Withheld, func(row storage.Row) {
		if row.Live {
			return
		}
		done, err := r.Store.PurgeLate(row.ID, byBox, r.Ledger)
		if err != nil && !errors.Is(err, storage.ErrStillLive) && !errors.Is(err, storage.ErrUnlisted) {
			errs = append(errs, fmt.Errorf("call %s: %w", row.ID, err))
		}
		if len(done) > 0 {
			r.Log.Info("what a late pause was for is destroyed", "call", row.ID, "certificate", done[0].ID)
		}
	})
	return errors.Join(append(errs, err)...)
}

// open is what is still to be dealt with, as alarms.
func (r *remedy) open() ([]link.Notice, error) {
	var open []link.Notice
	for _, cause := range []storage.Cause{storage.Withheld, storage.Quarantined} {
		err := r.each(cause, func(row storage.Row) {
			for _, g := range row.Gaps {
				if g.Cause == cause {
					open = append(open, notice(row, g))
					return
				}
			}
		})
		if err != nil {
			return nil, err
		}
	}
	return open, nil
}

// The alarms that are this package's, as the recorder calls them when it raises one first.
const (
	latePause  = "late pause "
	cardDigits = "card digits "
	noPause    = "no pause "
)

func notice(row storage.Row, g storage.Gap) link.Notice {
	n := link.Notice{Line: row.Line}
	name := cmp.Or(row.Name, string(row.Line))
	switch {
	case g.Cause == storage.Withheld:
		n.Key = latePause + string(row.ID)
		n.Text = fmt.Sprintf("%s paused %s too late: what had been recorded is withheld from playback, until it is destroyed when the call has ended; raise hold_back on this line", link.Unnamed(g.By), name)
	case g.By == strings.TrimSpace(cardDigits):
		n.Key = cardDigits + string(row.ID)
		n.Text = fmt.Sprintf("digits of the length of a card number were keyed on %s and nobody had paused it: that time is in quarantine; purge or release it on the call's page, and look why the terminal did not pause", name)
	default:
		n.Key = noPause + string(row.ID)
		n.Text = fmt.Sprintf("%s took a payment on %s and nobody paused it: that time is in quarantine; purge or release it on the call's page, and look why there was no pause", link.Unnamed(g.By), name)
	}
	return n
}

// tell turns on the alarms of what is open, if the recorder was started again since, and off
// those of what has been dealt with.
func (r *remedy) tell(ctx context.Context, open []link.Notice) error {
	s, err := r.Board.Status(ctx)
	if err != nil {
		return nil // without a recorder there is no board; it is told when it is back
	}
	on, wanted := map[string]bool{}, map[string]bool{}
	for _, a := range s.Alarms {
		on[a.Key] = true
	}
	var errs []error
	for _, n := range open {
		if wanted[n.Key] = true; !on[n.Key] {
			errs = append(errs, r.Board.Notice(ctx, n))
		}
	}
	for _, a := range s.Alarms {
		if id, ours := callOf(a.Key); ours && !wanted[a.Key] && r.over(id, a.Since) {
			errs = append(errs, r.Board.Notice(ctx, link.Notice{Key: a.Key}))
		}
	}
	return errors.Join(errs...)
}

// callOf is the call that one of our alarms is about.
func callOf(key string) (storage.CallID, bool) {
	for _, prefix := range []string{latePause, cardDigits, noPause} {
		if id, is := strings.CutPrefix(key, prefix); is {
			return storage.CallID(id), true
		}
	}
	return "", false
}

// over reports whether an alarm about a call, of which nothing is open, is over: not while the
// call goes on, and not at once where it is not known, because it may not be on disk yet.
func (r *remedy) over(id storage.CallID, since time.Time) bool {
	row, err := r.Store.Find(id)
	if err != nil {
		return errors.Is(err, storage.ErrNoCall) && time.Since(since) > time.Hour
	}
	return !row.Live
}

// each calls f for every call that has a gap of a cause.
func (r *remedy) each(cause storage.Cause, f func(storage.Row)) error {
	q := storage.Query{Cause: cause, Limit: 100, NoTotal: true}
	for {
		page, err := r.Store.Calls(q)
		if err != nil {
			return err
		}
		for _, row := range page.Rows {
			f(row)
		}
		if q.Before = page.Next; page.Next == "" {
			return nil
		}
	}
}
