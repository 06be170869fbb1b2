package analogue

import (
	"errors"
	"os"
	"strings"
	"testing"
	"time"

	"linevault/codec/pcm"
	"linevault/hal"
	"linevault/hal/haltest"
)

func open(t *testing.T, c Config) *Card {
	t.Helper()
	var card *Card
	err := patiently(func() (err error) {
		card, err = Open(c)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { card.Close() })
	return card
}

// patiently tries again what was given up after startLimit: on a machine that is busy with other tests it
// takes longer than that to open every device there is, which PortAudio does.
func patiently(try func() error) error {
	for end := time.Now().Add(20 * startLimit); ; {
		err := try()
		if err == nil || time.Now().After(end) ||
			!strings.Contains(err.Error(), "no audio for "+startLimit.String()) && !strings.Contains(err.Error(), "signal: killed") {
			return err
		}
	}
}

func TestConformanceOfFake(t *testing.T) {
	t.Parallel()
	haltest.Run(t, func(t *testing.T) hal.Card { return open(t, fakeConfig(t, "1000")) }, haltest.Options{For: time.Second})
}

// patience is for machines that have better things to do; a test that passes needs little of it.
const patience = 2 * time.Minute

// watch reads a line until done says so, checking every block.
func watch(t *testing.T, l hal.Line, done func(b *hal.Block, c *haltest.Checker) bool) *haltest.Checker {
	t.Helper()
	c := haltest.NewChecker(l)
	var b hal.Block
	for end := time.Now().Add(patience); time.Now().Before(end); time.Sleep(10 * time.Millisecond) {
		if err := l.Read(&b); err != nil {
			t.Fatal(err)
		}
		if err := c.Step(&b); err != nil {
			t.Fatal(err)
		}
		if done(&b, c) {
			return c
		}
	}
	t.Fatalf("line %s: what was waited for did not come within %v", l.ID(), patience)
	return nil
}

// Every sample of every epoch must be the one that was captured at that position, on the
// right channel: positions advance over a loss, samples start anew with the child.
func TestSamplesAreTheirOwn(t *testing.T) {
	t.Parallel()
	card := open(t, fakeConfig(t, "25,crash"))
	for _, l := range card.Lines() {
		first := map[pcm.Epoch]pcm.Pos{}
		watch(t, l, func(b *hal.Block, c *haltest.Checker) bool {
			f := b.Frame
			if _, known := first[f.Epoch]; !known && f.Len() > 0 {
				first[f.Epoch] = f.Pos
			}
			for i, got := range f.PCM {
				n := int(f.Pos-first[f.Epoch]) + i/f.Format.Legs
				channel := 1
				if f.Format.Legs == 2 {
					channel = 2 * (i % 2)
				}
				if want := fakeSample(n, channel); got != want {
					t.Fatalf("line %s, epoch %d, sample %d, leg %d: %d, want %d", l.ID(), f.Epoch, n, i%f.Format.Legs, got, want)
				}
			}
			return c.Losses == 2
		})
	}
}

func TestLostAndBack(t *testing.T) {
	for _, test := range []struct{ name, script, reason string }{
		{"crash", "10,crash", "the last words"},
		{"stall", "10,stall", "no audio for 1s"},
		{"garbage", "10,garbage,stall", "not a record"},
		{"fault", "10,fault", "the devices there are"},
		{"end", "10", "crashed"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			l := open(t, fakeConfig(t, test.script)).Lines()[0]
			var lastAudio, lostAt pcm.Mono
			var ended pcm.Pos
			var begins pcm.Pos
			watch(t, l, func(b *hal.Block, c *haltest.Checker) bool {
				for _, s := range b.Signals {
					switch s.Kind {
					case hal.Lost:
						lostAt, ended = hal.Now(), s.At
						// On a machine that is busy enough the watchdog may be first.
						if !strings.Contains(string(s.Data), test.reason) && !strings.Contains(string(s.Data), "no audio for 1s") {
							t.Errorf("lost because %q, want something with %q", s.Data, test.reason)
						}
					case hal.Back:
						begins = s.At
					}
				}
				if b.Frame.Len() > 0 && !c.Lost && lostAt == 0 {
					lastAudio = b.Captured
				}
				return c.Epochs >= 2 && lostAt > 0 && !c.Lost
			})
			t.Logf("lost %v after the last audio", time.Duration(lostAt-lastAudio).Round(time.Millisecond))
			if lost := l.Format().Duration(begins - ended); lost < firstWait {
				t.Errorf("%v went by between the epochs, and the child was away for longer", lost)
			}
		})
	}
}

// What the driver dropped advances the position, whether it said so or not.
func TestDroppedAudio(t *testing.T) {
	for _, test := range []struct{ name, script string }{
		{"overflow", "50,overflow,1000"},
		{"slip", "100,slip,1000"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			l := open(t, fakeConfig(t, test.script)).Lines()[0]
			var end pcm.Pos
			var epoch pcm.Epoch
			watch(t, l, func(b *hal.Block, _ *haltest.Checker) bool {
				f := b.Frame
				if end > 0 && f.Epoch > epoch {
					gap := l.Format().Duration(f.Pos - end)
					t.Logf("500 ms were dropped, taken for %v", gap)
					if gap < 400*time.Millisecond || gap > 5*time.Second {
						t.Errorf("500 ms were dropped, and the position advanced by %v", gap)
					}
					return true
				}
				epoch, end = f.Epoch, f.Span().To
				return false
			})
		})
	}
}

func TestOpenSaysWhatIsWrong(t *testing.T) {
	for _, test := range []struct {
		name   string
		change func(c *Config)
		want   string
	}{
		{"no device", func(c *Config) { c.Helper[2] = "fault" }, `card fake0: there is no input device "x"; the devices there are: "y" (8 channels)`},
		{"crash", func(c *Config) { c.Helper[2] = "crash" }, `the last words`},
		{"no helper", func(c *Config) { c.Helper = []string{"/nonexistent"} }, `starting the process that captures`},
		{"no lines", func(c *Config) { c.Lines = nil }, `no lines`},
		{"channel 0", func(c *Config) { c.Lines[0].Channels[0] = 0 }, `line one asks for channel 0`},
		{"three channels", func(c *Config) { c.Lines[0].Channels = []int{1, 2, 3} }, `line one has 3 channels`},
		{"taken", func(c *Config) { c.Lines[0].Channels[0] = 3 }, `lines one and two both ask for channel 3`},
		{"rate", func(c *Config) { c.Rate = 8001 }, `rate 8001`},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			c := fakeConfig(t, "10")
			test.change(&c)
			card, err := Open(c)
			if err == nil {
				card.Close()
				t.Fatal("it opened")
			}
			bad, is := errors.AsType[*hal.CardError](err)
			if !is || bad.Hint == "" || !strings.Contains(err.Error(), test.want) {
				t.Errorf("%v\nwant a *hal.CardError with a hint, and with %q", err, test.want)
			}
		})
	}
}

// A card whose device is not there yet begins lost, if it may, and its clock runs from then.
func TestAbsent(t *testing.T) {
	t.Parallel()
	c := fakeConfig(t, "")
	flag := t.TempDir() + "/plugged"
	c.Helper = []string{"/bin/sh", "-c", `if [ -e "$0" ]; then exec "$1" fake 1000; else exec "$1" fake fault; fi`, flag, c.Helper[0]}
	c.Absent = true
	l := open(t, c).Lines()[0]
	watch(t, l, func(_ *hal.Block, c *haltest.Checker) bool { return c.Lost })
	if err := os.WriteFile(flag, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	var b hal.Block
	for end := time.Now().Add(patience); b.Frame.Len() == 0; time.Sleep(20 * time.Millisecond) {
		if err := l.Read(&b); err != nil || time.Now().After(end) {
			t.Fatal("the card did not come back", err)
		}
	}
	if len(b.Signals) != 1 || b.Signals[0].Kind != hal.Back || l.Format().Duration(b.Frame.Pos) < firstWait/2 {
		t.Errorf("first audio at %d with signals %v, want it after the wait, with Back", b.Frame.Pos, b.Signals)
	}
}

// Close does not wait for a child that ignores the world.
func TestCloseIsQuick(t *testing.T) {
	t.Parallel()
	card := open(t, fakeConfig(t, "3,stall"))
	began := time.Now()
	if err := card.Close(); err != nil {
		t.Fatal(err)
	}
	if d := time.Since(began); d > 20*closeLimit {
		t.Errorf("closing took %v", d)
	}
	if err := card.lines[0].Read(new(hal.Block)); err != nil {
		t.Errorf("what was captured is gone: %v", err)
	}
}
