package card

import (
	"fmt"
	"maps"
	"strings"
	"testing"
	"time"

	"linevault/codec/pcm"
	"linevault/hal"
	"linevault/hal/haltest"
	"linevault/hal/pri/dahdi"
)

// brief is signals in a few words.
func brief(signals []hal.Signal) (words []string) {
	for _, s := range signals {
		switch s.Kind {
		case hal.Reference:
		case hal.LoopClosed:
			words = append(words, "closed")
		case hal.LoopOpen:
			words = append(words, "open")
		case hal.FarNumber:
			words = append(words, "far="+string(s.Data))
		case hal.CalledNumber:
			words = append(words, "called="+string(s.Data))
		default:
			words = append(words, strings.TrimSpace(string(s.Data)))
		}
	}
	return words
}

// play gives what each timeslot signals while a capture is played, and until that is what was wanted, or
// for long enough that nothing more can come.
func play(t *testing.T, name string, enough func(all map[int]string) bool) map[int]string {
	t.Helper()
	b := newBoard(3, 4)
	card := openFake(t, b)
	done := make(chan struct{})
	go func() {
		defer close(done)
		b.speak(t, name, 3, 4)
	}()
	all := map[int]string{}
	checks := map[hal.Line]*haltest.Checker{}
	var blk hal.Block
	for end := time.Now().Add(patience); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		for s := 1; s < slots; s++ {
			l := on(card, s)
			if l == nil {
				continue
			}
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
	for s := 1; s < slots; s++ {
		if s != dSlot {
			thirty[s] = fmt.Sprintf("in far=16329601%02d called=20794601%02d closed open", s, s)
		}
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
			for s := 1; s < slots; s++ {
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
	b := newBoard(3, 4)
	l := on(openFake(t, b), 1)
	const setup = "\x02\x01\x00\x00\x08\x02\x00\x01\x05\x04\x03\x80\x90\xA3\x18\x03\xA9\x83\x81\x6C\x06\x21\x831234\x70\x05\x807000"
	say := func(span int, frame string) {
		b.set(span, func(s *fakeSpan) { s.frames = append(s.frames, []byte(frame)) })
	}
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
			b.set(3, func(s *fakeSpan) { s.silent = true })
		case broken && c.Lost:
			b.set(3, func(s *fakeSpan) { s.silent = false })
		}
		return c.Losses == 1 && strings.HasSuffix(strings.Join(words, " "), "open in far=1234 called=7000 closed")
	})
	if len(words) > 0 && !strings.HasPrefix(strings.Join(words, " "), "in far=1234 called=7000 closed span 3") {
		t.Errorf("%q", words)
	}
}

// A D-channel on which nothing comes is told of, and so is one that is back.
func TestSilentLink(t *testing.T) {
	facts := map[string]string{}
	o := newOffice(newRing(1), []int{1}, func(about, fact string) { facts[about] = fact })
	o.feed([]byte("\x02\x01\x01\x01"), network, time.Second)
	o.feed([]byte("\x00\x01\x01\x01"), user, time.Second)
	o.notice(15 * time.Second)
	if f := facts["D-channel"]; f != "" {
		t.Errorf("after 14 s: %q", f)
	}
	o.feed([]byte("\x02\x01\x01\x01"), network, 16*time.Second)
	o.notice(25 * time.Second)
	if f := facts["D-channel"]; !strings.Contains(f, "silent") {
		t.Errorf("one direction silent for 24 s: %q", f)
	}
	o.feed([]byte("\x00\x01\x01\x01"), user, 26*time.Second)
	o.notice(27 * time.Second)
	if f := facts["D-channel"]; f != "" {
		t.Errorf("back: %q", f)
	}
}

// Whatever comes on the D-channels, a line signals off hook and on hook in turn, within its audio.
func FuzzFrames(f *testing.F) {
	f.Add([]byte("\x00\x03\x02\x01\x7F\x01\x03\x00\x01\x73\x00\x23\x02\x01\x00\x00\x08\x02\x00\x01\x05\x04\x03\x80\x90\xA3\x18\x03\xA9\x83\x81\x6C\x06\x21\x831234\x70\x05\x807000\x01\x09\x00\x01\x00\x02\x08\x02\x80\x01\x07"))
	f.Add([]byte("\x02\x00\x04\x00"))
	f.Fuzz(func(t *testing.T, script []byte) {
		g := newRing(2)
		o := newOffice(g, []int{1, 2}, func(string, string) {})
		lines := []*line{{index: 0, ring: g}, {index: 1, ring: g}}
		checks := []*haltest.Checker{haltest.NewChecker(lines[0]), haltest.NewChecker(lines[1])}
		octets := make([]byte, dahdi.Block)
		now := hal.Now()
		var b hal.Block
		for at := time.Duration(0); len(script) >= 2; at += 40 * time.Millisecond {
			what, n := script[0], min(int(script[1]), len(script)-2)
			frame := script[2 : 2+n]
			script = script[2+n:]
			switch what % 4 {
			case 0, 1:
				o.feed(frame, side(what%4), at)
			case 2:
				if g.lose("a test", now+pcm.Mono(at)) {
					o.lost()
				}
			case 3:
				at += time.Second * time.Duration(n)
			}
			o.pass(at)
			if what < 0x80 {
				g.add(dahdi.Block, now+pcm.Mono(at), o.swapped(), func(int, side) []byte { return octets })
				o.back(at)
			}
			o.signal(now)
			o.notice(at)
			for i, l := range lines {
				if err := l.Read(&b); err != nil {
					t.Fatal(err)
				}
				if err := checks[i].Step(&b); err != nil {
					t.Fatal(err)
				}
			}
		}
	})
}
