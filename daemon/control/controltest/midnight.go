package controltest

import (
	"testing"
	"time"

	"linevault/daemon/schedule"
)

// OneDay waits, where a day is about to end, until it has: what a test does from now on is of one
// day, as reports, accounts and keys have days.
func OneDay(t testing.TB) {
	t.Helper()
	const enough = 5 * time.Minute
	for _, zone := range []*time.Location{time.UTC, time.Local, schedule.Zone} {
		now := time.Now().In(zone)
		next := time.Date(now.Year(), now.Month(), now.Day()+1, 0, 0, 1, 0, zone)
		if left := next.Sub(now); left < enough {
			t.Logf("the day ends in %v: waiting for that", left)
			time.Sleep(left)
		}
	}
}
