package storage_test

import (
	"testing"
	"time"

	"linevault/codec/pcm"
	"linevault/storage"
)

// Who purges much of a call destroys the call, which takes two people, also where it is done
// bit by bit.
func TestTakesTwo(t *testing.T) {
	const second = 8000
	gap := func(from, to pcm.Pos, cause storage.Cause) storage.Gap {
		return storage.Gap{Span: pcm.Span{From: 100 + from*second, To: 100 + to*second}, Cause: cause}
	}
	row := func(length time.Duration, gaps ...storage.Gap) storage.Row {
		return storage.Row{Call: storage.Call{Format: pcm.Format{Rate: second, Legs: 1}, From: 100}, Length: length * time.Second, Gaps: gaps}
	}
	live := row(60)
	live.Live = true
	for _, c := range []struct {
		row      storage.Row
		from, to time.Duration
		want     bool
	}{
		{row(60), 0, 30, false},
		{row(60), 0, 31, true},
		{row(60), 25, 61, true},
		{row(60, gap(0, 20, storage.Purged)), 20, 30, false},
		{row(60, gap(0, 20, storage.Purged)), 20, 31, true},
		{row(60, gap(0, 20, storage.Purged)), 10, 30, false}, // what is gone is counted once
		{row(60, gap(0, 20, storage.Paused)), 20, 40, false},
		{row(60, gap(0, 60, storage.Quarantined)), 0, 60, false},
		{row(3600), 0, 600, false},
		{row(3600), 0, 601, true},
		{row(3600, gap(0, 600, storage.Purged)), 600, 1200, false},
		{live, 0, 30, false},
		{live, 0, 31, true},
		{live, 50, 90, true},
	} {
		if got := c.row.TakesTwo(c.from*time.Second, c.to*time.Second); got != c.want {
			t.Errorf("%d to %d s of %v with %v: %v", c.from, c.to, c.row.Length, c.row.Gaps, got)
		}
	}
}
