package analogue

import (
	"context"
	"fmt"
	"os"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"linevault/codec/pcm"
	"linevault/hal"
	"linevault/hal/haltest"
	"linevault/hal/haltest/pulse"
)

// eight is a card of eight lines, one channel each.
func eight(device string) Config {
	c := Config{Name: device, Device: device, Rate: pulse.Rate}
	for i := range 8 {
		c.Lines = append(c.Lines, LineConfig{ID: pcm.LineID(device + "-" + string(rune('1'+i))), Channels: []int{i + 1}})
	}
	return c
}

// TestRealCapture is everything that needs real PortAudio, on a rack of two cards.
func TestRealCapture(t *testing.T) {
	rack := pulse.Start(t, pulse.Card{Name: "lines8a", Channels: 8}, pulse.Card{Name: "lines8b", Channels: 8})
	t.Run("devices", testDevices)
	t.Run("conformance", func(t *testing.T) {
		haltest.Run(t, func(t *testing.T) hal.Card { return open(t, eight("lines8a")) }, haltest.Options{For: time.Second})
	})
	t.Run("child", testChild)
	t.Run("speech", func(t *testing.T) { testSpeech(t, rack) })
	t.Run("unplug", func(t *testing.T) { testUnplug(t, rack) })
}

func testDevices(t *testing.T) {
	var names []string
	err := patiently(func() (err error) {
		names, err = Devices()
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	all := strings.Join(names, "\n")
	if !strings.Contains(all, `"lines8a" (`) || !strings.Contains(all, `"lines8b" (`) {
		t.Errorf("the devices are:\n%s", all)
	}
	for _, test := range []struct {
		name, want string
		change     func(c *Config)
	}{
		{"unknown", `there is no input device "lines9"; the devices there are: "lines8a" (32 channels)`, func(c *Config) { c.Device = "lines9" }},
		{"ambiguous", `2 devices have "LINES" in their name; name one of`, func(c *Config) { c.Device = "LINES" }},
		{"channel", `there is no channel 33 on device "lines8a"; it has channels 1 to 32`, func(c *Config) { c.Lines[7].Channels[0] = 33 }},
	} {
		t.Run(test.name, func(t *testing.T) {
			c := eight("lines8a")
			test.change(&c)
			err := patiently(func() error {
				card, err := Open(c)
				if err == nil {
					card.Close()
				}
				return err
			})
			if err == nil {
				t.Error("it opened")
			} else if !strings.Contains(err.Error(), test.want) {
				t.Errorf("%v\nwant %s", err, test.want)
			}
		})
	}
}

// tape keeps what a line gives.
type tape struct {
	mu    sync.Mutex // guards all below
	pcm   []int16
	check *haltest.Checker
	lost  pcm.Mono // when Lost was read
	why   string
	back  pcm.Mono
}

// reel reads all lines of a card until ctx ends.
func reel(ctx context.Context, t *testing.T, card *Card) []*tape {
	t.Helper()
	var tapes []*tape
	for _, l := range card.Lines() {
		tapes = append(tapes, &tape{check: haltest.NewChecker(l)})
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		var b hal.Block
		for ctx.Err() == nil {
			for i, l := range card.Lines() {
				if err := tapes[i].read(l, &b); err != nil {
					t.Error(err)
					return
				}
			}
			time.Sleep(20 * time.Millisecond)
		}
	}()
	t.Cleanup(func() { <-done })
	return tapes
}

func (p *tape) read(l hal.Line, b *hal.Block) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if err := l.Read(b); err != nil {
		return err
	}
	for _, s := range b.Signals {
		switch s.Kind {
		case hal.Lost:
			p.lost, p.why = hal.Now(), string(s.Data)
		case hal.Back:
			p.back = hal.Now()
		}
	}
	p.pcm = append(p.pcm, b.Frame.PCM...)
	return p.check.Step(b)
}

// wait waits until a tape is as it should be.
func (p *tape) wait(t *testing.T, what string, is func() bool) {
	t.Helper()
	for end := time.Now().Add(patience); time.Now().Before(end); time.Sleep(5 * time.Millisecond) {
		p.mu.Lock()
		ok := is()
		p.mu.Unlock()
		if ok {
			return
		}
	}
	t.Fatalf("waited %v for %s", patience, what)
}

func testSpeech(t *testing.T, rack *pulse.Rack) {
	prompts := pulse.Speech(t, 8, 2*pulse.Rate)
	// A machine that has too much to do loses sound on its way through the sound server: then
	// it is played again.
	for tries := 5; ; tries-- {
		var poor []string
		t.Run("try", func(t *testing.T) { poor = spokenInto(t, rack, prompts) })
		if len(poor) == 0 || t.Failed() {
			return
		}
		if tries == 1 {
			t.Fatalf("what was played did not come back: %q", poor)
		}
	}
}

// spokenInto plays prompts into the eight lines of a card, and tells of the lines on which they were
// not captured as they were.
func spokenInto(t *testing.T, rack *pulse.Rack, prompts [][]int16) (poor []string) {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	tapes := reel(ctx, t, open(t, eight("lines8a")))
	if err := rack.Play(ctx, "lines8a", prompts); err != nil {
		t.Fatal(err)
	}
	last := tapes[7]
	var end int
	last.wait(t, "the tape", func() bool {
		end = len(last.pcm) + pulse.Rate/2 // what is on its way
		return true
	})
	last.wait(t, "the end of the speech", func() bool { return len(last.pcm) > end })
	stop()
	for i, p := range tapes {
		p.mu.Lock()
		for k, prompt := range prompts {
			if k != i {
				if _, c := pulse.Match(prompt, p.pcm); c > 0.9 {
					t.Errorf("line %d: correlates %.4f with what was played into line %d", i+1, c, k+1)
				}
				continue
			}
			begins, c := pulse.Find(prompt, p.pcm, 0.99)
			same := 0
			for j, s := range prompt {
				if at := begins + j; at >= 0 && at < len(p.pcm) && p.pcm[at] == s {
					same++
				}
			}
			t.Logf("line %d: correlates %.4f, %d of %d samples are the same", i+1, c, same, len(prompt))
			if c < 0.99 {
				poor = append(poor, fmt.Sprintf("line %d: correlates %.4f with what was played into it", i+1, c))
			}
		}
		t.Logf("line %d: %d epochs", i+1, p.check.Epochs)
		p.mu.Unlock()
	}
	return poor
}

func testUnplug(t *testing.T, rack *pulse.Rack) {
	// On a machine that has too much to do the other card may be without audio for a second by
	// itself: then it is tried again.
	for tries := 5; ; tries-- {
		var disturbed []string
		t.Run("try", func(t *testing.T) { disturbed = unplugged(t, rack) })
		if len(disturbed) == 0 || t.Failed() {
			return
		}
		if tries == 1 {
			t.Fatalf("the other card was disturbed: %q", disturbed)
		}
	}
}

// unplugged takes a card away and brings it back, and tells of the lines of the other card that
// were disturbed.
func unplugged(t *testing.T, rack *pulse.Rack) (disturbed []string) {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	victim, other := open(t, eight("lines8a")), open(t, eight("lines8b"))
	a, b := reel(ctx, t, victim), reel(ctx, t, other)
	for _, p := range []*tape{a[0], b[0]} {
		p.wait(t, "audio", func() bool { return p.check.Audio > pulse.Rate/4 })
	}
	pulled := hal.Now()
	rack.Unplug(t, "lines8a")
	for _, p := range a {
		p.wait(t, "the loss", func() bool { return p.lost != 0 })
	}
	t.Logf("lost %v after the card was unplugged: %s", time.Duration(a[7].lost-pulled).Round(time.Millisecond), a[7].why)
	plugged := hal.Now()
	rack.Plug(t, "lines8a")
	for _, p := range a {
		p.wait(t, "the return", func() bool { return p.back != 0 })
	}
	t.Logf("back %v after the card was plugged in", time.Duration(a[7].back-plugged).Round(time.Millisecond))
	stop()
	for i := range b {
		b[i].mu.Lock()
		if c := b[i].check; c.Losses != 0 {
			disturbed = append(disturbed, fmt.Sprintf("line %d: %d losses, %d epochs: %s", i+1, c.Losses, c.Epochs, b[i].why))
		}
		b[i].mu.Unlock()
		a[i].mu.Lock()
		if c := a[i].check; c.Losses == 0 || c.Epochs < 2 {
			t.Errorf("line %d of the unplugged card: %d losses, %d epochs", i+1, c.Losses, c.Epochs)
		}
		a[i].mu.Unlock()
	}
	return disturbed
}

// A crash of a child must leave no audio on the disk, and what ends a service must not end
// the child before its parent wants it.
func testChild(t *testing.T) {
	l := open(t, eight("lines8a")).Lines()[0]
	pid := captor(t, "-device=lines8a")
	limits, err := os.ReadFile("/proc/" + pid + "/limits")
	if err != nil {
		t.Fatal(err)
	}
	if !regexp.MustCompile(`(?m)^Max core file size +0 +0 `).Match(limits) {
		t.Errorf("the limits of the child are:\n%s", limits)
	}
	n, err := strconv.Atoi(pid)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range []unix.Signal{unix.SIGHUP, unix.SIGINT, unix.SIGTERM} {
		if err := unix.Kill(n, s); err != nil {
			t.Fatal(err)
		}
	}
	var had pcm.Pos
	c := watch(t, l, func(_ *hal.Block, c *haltest.Checker) bool {
		if had == 0 {
			had = c.Audio
		}
		return had > 0 && c.Audio > had+pulse.Rate/2
	})
	if c.Epochs > 2 || c.Losses > 0 { // the first epoch is that of a line that has no audio yet
		t.Errorf("%d epochs and %d losses after signals", c.Epochs, c.Losses)
	}
}
