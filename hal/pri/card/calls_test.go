package card_test

import (
	"fmt"
	"maps"
	"strings"
	"testing"
	"time"

	"linevault/hal"
	"linevault/hal/haltest"
	"linevault/hal/pri/card/cardtest"
)

// play gives what each timeslot signals while a capture is played, and until that is what was wanted, or
// for long enough that nothing more can come.
func play(t *testing.T, name string, enough func(all map[int]string) bool) map[int]string {
	t.Helper()
	b := cardtest.New(cardtest.Labelled, 3, 4)
	k := open(t, b)
	done := make(chan struct{})
	go func() {
		defer close(done)
		b.Speak(t, capture(name), 3, 4)
	}()
	all := map[int]string{}
	checks := map[hal.Line]*haltest.Checker{}
	var blk hal.Block
	for end := time.Now().Add(patience); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		for _, s := range bearers {
			l := on(k, s)
			if checks[l] == nil {
				checks[l] = haltest.NewChecker(l)
			}
			if err := l.Read(&blk); err != nil {
				t.Fatal(err)
			}
			if err := checks[l].Step(&blk); err != nil {
				t.Fatal(err)
			}
			if words := brief(blk.Signals); len(words) > 0 {
				all[s] = strings.TrimSpace(all[s] + " " + strings.Join(words, " "))
			}
		}
		select {
		case <-done:
			if enough(all) {
				return all
			}
		default:
		}
	}
	return all
}

// Captures of libpri talking to itself, as lines of a card signal them.
func TestCallsOnTheirLines(t *testing.T) {
	t.Parallel()
	thirty := map[int]string{}
	for _, s := range bearers {
		thirty[s] = fmt.Sprintf("in far=16329601%02d called=20794601%02d closed open", s, s)
	}
	for name, want := range map[string]map[int]string{
		"answered_in":         {1: "in far=1632960001 called=442079460123 closed open"},
		"answered_out":        {2: "out far=01632960777 called=01632960777 closed open"},
		"withheld_restricted": {7: "in called=2079460123 closed open"},
		"glare":               {14: "in far=1632960012 called=2079460123 closed open"},
		"hold_retrieve": {
			20: "in far=1632960018 called=2079460123 closed open",
			21: "in far=1632960018 called=2079460123 closed open",
		},
		"channel_negotiated": {25: "out far=01632960021 called=01632960021 closed open"},
		"data_call":          {},
		"restart_one":        {15: "in far=1632960014 called=2079460123 closed open"},
		"dchan_blip_in_call": {18: "in far=1632960016 called=2079460123 closed open"},
		"thirty_calls":       thirty,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := play(t, name, func(all map[int]string) bool { return maps.Equal(all, want) })
			for _, s := range bearers {
				if got[s] != want[s] {
					t.Errorf("timeslot %d: %q, want %q", s, got[s], want[s])
				}
			}
		})
	}
}

// Digits that are dialled one by one are told as they come.
func TestOverlap(t *testing.T) {
	t.Parallel()
	const whole = "far=01632960888"
	over := func(all map[int]string) bool {
		for _, s := range all {
			if strings.HasSuffix(s, "open") {
				return true
			}
		}
		return false
	}
	for slot, s := range play(t, "overlap_out", over) {
		if !strings.Contains(s, whole) || !strings.HasSuffix(s, "open") {
			t.Errorf("timeslot %d: %q, want something with %s", slot, s, whole)
		}
	}
}

// A call that goes on while the card is lost is taken up again with its numbers; one that ended
// meanwhile is not.
func TestCallThroughALoss(t *testing.T) {
	t.Parallel()
	b := cardtest.New(cardtest.Labelled, 3, 4)
	l := on(open(t, b), 1)
	const setup = "\x02\x01\x00\x00\x08\x02\x00\x01\x05\x04\x03\x80\x90\xA3\x18\x03\xA9\x83\x81\x6C\x06\x21\x831234\x70\x05\x807000"
	say := func(span int, frame string) { b.Feed(span, []byte(frame)) }
	say(3, "\x02\x01\x7F")
	say(4, "\x02\x01\x73")
	say(3, setup)
	say(4, "\x00\x01\x00\x02\x08\x02\x80\x01\x07") // CONNECT
	var words []string
	broken := false
	watch(t, l, func(blk *hal.Block, c *haltest.Checker) bool {
		words = append(words, brief(blk.Signals)...)
		switch {
		case !broken && len(words) >= 4:
			broken = true
			b.Change(3, func(s *cardtest.Span) { s.Silent = true })
		case broken && c.Lost:
			b.Change(3, func(s *cardtest.Span) { s.Silent = false })
		}
		return c.Losses == 1 && strings.HasSuffix(strings.Join(words, " "), "open in far=1234 called=7000 closed")
	})
	if len(words) > 0 && !strings.HasPrefix(strings.Join(words, " "), "in far=1234 called=7000 closed span 3") {
		t.Errorf("%q", words)
	}
}
