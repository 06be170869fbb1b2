package card_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"linevault/hal"
	"linevault/hal/haltest"
	"linevault/hal/pri/card"
	"linevault/hal/pri/card/cardtest"
	"linevault/hal/pri/dahdi"
)

func TestConformance(t *testing.T) {
	t.Parallel()
	haltest.Run(t, func(t *testing.T) hal.Card { return open(t, cardtest.New(cardtest.Labelled, 3, 4)) }, haltest.Options{For: 2 * time.Second})
}

// Every sample of every timeslot is there once, on its own line and leg, and sample n of the one leg was
// on the circuit when sample n of the other was, give or take a tick of the driver.
func TestInvariantLegsAligned(t *testing.T) {
	t.Parallel()
	k := open(t, cardtest.New(cardtest.Labelled, 3, 4))
	for _, slot := range []int{1, 15, 17, 31} {
		t.Run(fmt.Sprintf("timeslot %d", slot), func(t *testing.T) {
			t.Parallel() // none waits for so long that it loses sound
			samples, last, repeats := 0, byte(0), 0
			watch(t, on(k, slot), func(b *hal.Block, c *haltest.Checker) bool {
				near, far := legs(b)
				for i := range near {
					heard := near[i] ^ cardtest.Labelled(0, slot, 4)
					other := far[i] ^ cardtest.Labelled(0, slot, 3)
					if apart := int8(heard - other); apart < -1 || apart > 1 {
						t.Fatalf("sample %d: the legs are %d ms apart", samples, apart)
					}
					switch {
					case samples == 0 || heard == last:
						repeats++
					case heard == last+1 && repeats == 8:
						repeats = 1
					default:
						t.Fatalf("sample %d: tick %d after %d repeats of %d", samples, heard, repeats, last)
					}
					last = heard
					samples++
				}
				if c.Epochs > 1 {
					t.Fatal("a break in sound that had none")
				}
				return samples > rate
			})
		})
	}
}

// The span that is configured as the network's hears the switchboard: the legs are right all the same,
// and it is told.
func TestSwappedSpans(t *testing.T) {
	t.Parallel()
	b := cardtest.New(cardtest.Labelled, 3, 4)
	facts := make(chan string, 100)
	k := open(t, b, func(c *card.Config) {
		c.Network, c.User = 4, 3
		c.Tell = func(about, fact string) { facts <- about + ": " + fact }
	})
	go b.Speak(t, capture("answered_in"), 3, 4)
	const slot = 1
	var signals []string
	watch(t, on(k, slot), func(b *hal.Block, _ *haltest.Checker) bool {
		signals = append(signals, brief(b.Signals)...)
		if len(signals) == 0 {
			return false
		}
		near, far := legs(b)
		for i := range near {
			if apart := int8((near[i] ^ cardtest.Labelled(0, slot, 4)) - (far[i] ^ cardtest.Labelled(0, slot, 3))); apart < -1 || apart > 1 {
				t.Fatalf("legs %d apart: near is not what the switchboard sends", apart)
			}
		}
		return len(signals) >= 5
	})
	if got, want := strings.Join(signals, " "), "in far=1632960001 called=442079460123 closed open"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
	for {
		select {
		case f := <-facts:
			if strings.Contains(f, "the wrong way round") {
				return
			}
		case <-time.After(patience):
			t.Fatal("nobody was told")
		}
	}
}

func TestOpenSaysWhatIsWrong(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name   string
		change func(c *card.Config, b *cardtest.Board)
		want   string
	}{
		{"wrong span", func(c *card.Config, _ *cardtest.Board) { c.User = 7 }, "there is no span 7; there are 3 (FAKE, 31 timeslots), 4 (FAKE, 31 timeslots); name one of them"},
		{"no spans", func(_ *card.Config, b *cardtest.Board) { b.Clear() }, "there is no span 3, nor any other; load the card's driver"},
		{"busy", func(_ *card.Config, b *cardtest.Board) { b.Take(31*3 + 16) }, "card pri: channel in use; stop the other program"},
		{"no D-channel", func(_ *card.Config, b *cardtest.Board) {
			b.Change(4, func(s *cardtest.Span) { s.Kinds[16] = dahdi.BChan })
		}, "put dchan=109 into"},
		{"no B-channel", func(_ *card.Config, b *cardtest.Board) {
			b.Change(3, func(s *cardtest.Span) { s.Kinds[5] = dahdi.Unset })
		}, "put bchan=67 into"},
		{"same span", func(c *card.Config, _ *cardtest.Board) { c.User = 3 }, "span 3 is named for both directions"},
		{"no span given", func(c *card.Config, _ *cardtest.Board) { c.User = 0 }, "it needs two spans"},
		{"timeslot 16", func(c *card.Config, _ *cardtest.Board) { c.Lines[0].Timeslot = 16 }, "line ts1 asks for timeslot 16"},
		{"taken", func(c *card.Config, _ *cardtest.Board) { c.Lines[1].Timeslot = 1 }, "lines ts1 and ts2 both ask for timeslot 1"},
		{"no lines", func(c *card.Config, _ *cardtest.Board) { c.Lines = nil }, "it has no lines"},
	} {
		t.Run(test.name, func(t *testing.T) {
			b := cardtest.New(cardtest.Labelled, 3, 4)
			c := card.Config{Name: "pri", Network: 3, User: 4, Device: b}
			for s := 1; s < 6; s++ {
				c.Lines = append(c.Lines, card.LineConfig{ID: lineID(s), Timeslot: s})
			}
			test.change(&c, b)
			k, err := card.Open(c)
			if err == nil {
				k.Close()
				t.Fatal("it opened")
			}
			if e, is := errors.AsType[*hal.CardError](err); !is || e.Hint == "" || !strings.Contains(err.Error(), test.want) {
				t.Errorf("%v\nwant a *hal.CardError with a hint, and with %q", err, test.want)
			}
			if b.Opened() != 0 {
				t.Errorf("%d channels are still open", b.Opened())
			}
		})
	}
}

func TestCloseIsQuick(t *testing.T) {
	t.Parallel()
	k := open(t, cardtest.New(cardtest.Labelled, 3, 4))
	time.Sleep(100 * time.Millisecond)
	began := time.Now()
	if err := k.Close(); err != nil {
		t.Fatal(err)
	}
	if d := time.Since(began); d > 20*400*time.Millisecond { // 20 times what it may take
		t.Errorf("closing took %v", d)
	}
}

// A card whose spans are not there yet begins lost, if it may.
func TestAbsent(t *testing.T) {
	t.Parallel()
	b := cardtest.New(cardtest.Labelled, 3)
	l := open(t, b, func(c *card.Config) { c.Absent = true }).Lines()[0]
	mended := false
	watch(t, l, func(_ *hal.Block, c *haltest.Checker) bool {
		if c.Lost && !mended {
			mended = true
			b.Add(4)
		}
		return mended && !c.Lost && c.Audio > 0
	})
}
