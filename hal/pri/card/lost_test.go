package card_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"linevault/codec/pcm"
	"linevault/hal"
	"linevault/hal/haltest"
	"linevault/hal/pri/card"
	"linevault/hal/pri/card/cardtest"
	"linevault/hal/pri/dahdi"
)

// A span that fails costs its own card only, and comes back by itself, in a new epoch.
func TestLostAndBack(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name, reason string
		fail, mend   func(s *cardtest.Span)
	}{
		{
			"red alarm", "span 4 (the switchboard's direction) has an alarm: red",
			func(s *cardtest.Span) { s.Alarms = dahdi.Red }, func(s *cardtest.Span) { s.Alarms = 0 },
		},
		{
			"AIS", "has an alarm: AIS",
			func(s *cardtest.Span) { s.Alarms = dahdi.Blue }, func(s *cardtest.Span) { s.Alarms = 0 },
		},
		{
			"read error", "span 4 (the switchboard's direction): no such device",
			func(s *cardtest.Span) { s.Broken = errors.New("no such device") }, func(s *cardtest.Span) { s.Broken = nil },
		},
		{
			"no sound", ": no sound for ",
			func(s *cardtest.Span) { s.Silent = true }, func(s *cardtest.Span) { s.Silent = false },
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			b := cardtest.New(cardtest.Labelled, 1, 2, 3, 4)
			other := open(t, b, func(c *card.Config) { c.Network, c.User = 1, 2 })
			k := open(t, b)
			l := k.Lines()[0]
			stage, began := 0, time.Now()
			var ended pcm.Pos
			calm := haltest.NewChecker(other.Lines()[0])
			var aside hal.Block
			watch(t, l, func(blk *hal.Block, c *haltest.Checker) bool {
				if err := other.Lines()[0].Read(&aside); err != nil {
					t.Fatal(err)
				}
				if err := calm.Step(&aside); err != nil {
					t.Fatal(err)
				}
				switch {
				case stage == 0 && c.Audio > rate/4:
					stage, began = 1, time.Now()
					b.Change(4, test.fail)
				case stage == 1 && c.Lost:
					stage = 2
					t.Logf("lost after %v", time.Since(began).Round(10*time.Millisecond))
					reason := blk.Signals[len(blk.Signals)-1]
					if !strings.Contains(string(reason.Data), test.reason) {
						t.Errorf("lost because %q, want something with %q", reason.Data, test.reason)
					}
					ended, began = reason.At, time.Now()
					b.Change(4, test.mend)
				case stage == 2 && c.Losses == 1 && !c.Lost:
					t.Logf("back after %v", time.Since(began).Round(10*time.Millisecond))
					if blk.Frame.Pos <= ended {
						t.Errorf("back at %d, lost at %d", blk.Frame.Pos, ended)
					}
					return true
				}
				return false
			})
			if h := k.Health().Spans[0]; h.Restarts > 0 || h.Fault != "" {
				t.Errorf("the other span was disturbed: %+v", h)
			}
			if calm.Losses > 0 || calm.Epochs > 1 {
				t.Errorf("the other card's line was disturbed: %d losses, %d epochs", calm.Losses, calm.Epochs)
			}
		})
	}
}

// Sound that the driver dropped begins a new epoch, whether it was told or not, and positions go on at the
// pace of this machine's clock.
func TestDroppedSound(t *testing.T) {
	t.Parallel()
	const missing = 500 * time.Millisecond
	for name, drop := range map[string]func(s *cardtest.Span){
		"told":   func(s *cardtest.Span) { s.Dropped, s.Skipped = s.Dropped+1, missing },
		"untold": func(s *cardtest.Span) { s.Skipped = missing },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			// A machine that keeps the reader waiting at that moment proves nothing: it is tried again.
			for tries := 5; ; tries-- {
				off := offAfter(t, drop)
				t.Logf("the line's clock is off by %v", off)
				if off.Abs() <= missing/2 {
					return
				}
				if tries == 1 {
					t.Fatalf("%v were dropped, and the line's clock is off by %v", missing, off)
				}
			}
		})
	}
}

// offAfter is by how much the clock of a line is off once sound was dropped.
func offAfter(t *testing.T, drop func(s *cardtest.Span)) (off time.Duration) {
	t.Helper()
	b := cardtest.New(cardtest.Labelled, 3, 4)
	l := open(t, b).Lines()[0]
	dropped := false
	var began pcm.Mono
	watch(t, l, func(blk *hal.Block, c *haltest.Checker) bool {
		zero := blk.Captured - pcm.Mono(l.Format().Duration(blk.Frame.Span().To))
		if began == 0 && blk.Frame.Len() > 0 {
			began = zero
		}
		if c.Epochs == 2 {
			off = time.Duration(zero - began)
			return true
		}
		if !dropped && c.Audio > 3*rate {
			dropped = true
			b.Change(3, drop)
			b.Change(4, drop)
		}
		return false
	})
	return off
}
