package capture

import (
	"context"
	"log/slog"
	"testing"
	"testing/synctest"
	"time"

	"linevault/daemon/health"
	"linevault/hal"
)

// wire is a contact that a test closes and opens.
type wire chan bool

func (w wire) Wait(ctx context.Context) (hal.Edge, error) {
	select {
	case closed := <-w:
		return hal.Edge{Closed: closed}, nil
	case <-ctx.Done():
		return hal.Edge{}, ctx.Err()
	}
}

func (wire) Close() error { return nil }

// A contact that asks for too long raises one alarm, which is over when it opens.
func TestStuckContact(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		board := health.NewBoard(slog.New(slog.DiscardHandler))
		r := &Recorder{Health: board}
		w := make(wire)
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		go r.Watch(ctx, Contact{Name: "till", Input: w, Stuck: 10 * time.Minute})
		alarms := func(want int, when string) {
			t.Helper()
			synctest.Wait()
			if n := len(board.Alarms()); n != want {
				t.Errorf("%s: %d alarms, want %d", when, n, want)
			}
		}
		w <- true
		time.Sleep(9 * time.Minute)
		w <- true // it says again that it is closed
		alarms(0, "after 9 minutes")
		time.Sleep(2 * time.Minute)
		alarms(1, "after 11 minutes")
		w <- false
		alarms(0, "opened")
		time.Sleep(time.Hour)
		alarms(0, "an hour later")
		w <- true
		time.Sleep(11 * time.Minute)
		alarms(1, "stuck again")
	})
}
