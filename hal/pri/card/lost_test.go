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
			"no sound", ": no sound for 1",
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
			watch(t, l, func(blk *hal.Block, c *haltest.Checker) bool {
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
			watch(t, other.Lines()[0], func(blk *hal.Block, c *haltest.Checker) bool {
				if c.Losses > 0 || c.Epochs > 1 {
					t.Fatal("the other card's line was disturbed")
				}
				return blk.Frame.Len() == 0 // all of the time since is read
			})
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
					off := time.Duration(zero - began)
					t.Logf("the line's clock is off by %v", off)
					if off.Abs() > missing/2 {
						t.Errorf("%v were dropped, and the line's clock is off by %v", missing, off)
					}
					return true
				}
				if !dropped && c.Audio > 3*rate {
					dropped = true
					b.Change(3, drop)
					b.Change(4, drop)
				}
				return false
			})
		})
	}
}
