package gpio

import (
	"context"
	"os"
	"path/filepath"
	"testing"
	"time"

	"linevault/codec/pcm"
	"linevault/hal"
)

// The kernel's simulated chip (gpio-sim): a line that is called PAUSE_A, and what takes the
// chip away.
const (
	simPull = "/sys/devices/platform/gpio-sim.*/gpiochip*/sim_gpio5/pull"
	simLive = "/sys/kernel/config/gpio-sim/*/live"
	simPin  = "PAUSE_A"
)

// chip is a simulated chip's line 5.
type chip struct {
	t          *testing.T
	pull, live string
}

func findChip(t *testing.T) chip {
	t.Helper()
	pull, _ := filepath.Glob(simPull) // the patterns are good
	live, _ := filepath.Glob(simLive)
	if len(pull) != 1 || len(live) != 1 {
		t.Skip("SKIPPED: NO REAL GPIO DRIVER WAS TESTED: this kernel has no gpio-sim chip whose line 5 is called " + simPin)
	}
	return chip{t, pull[0], live[0]}
}

// close closes the contact, or opens it, and says when that had happened.
func (c chip) close(closed bool) pcm.Mono {
	c.t.Helper()
	level := "pull-down"
	if closed {
		level = "pull-up"
	}
	if err := os.WriteFile(c.pull, []byte(level), 0); err != nil {
		c.t.Fatal(err)
	}
	return hal.Now()
}

func (c chip) wait(in hal.Input) (hal.Edge, error) {
	c.t.Helper()
	ctx, cancel := context.WithTimeout(c.t.Context(), 10*time.Second)
	defer cancel()
	e, err := in.Wait(ctx)
	if ctx.Err() != nil {
		c.t.Fatal("no edge came within 10 s")
	}
	return e, err
}

func (c chip) want(in hal.Input, closed bool) hal.Edge {
	c.t.Helper()
	e, err := c.wait(in)
	if err != nil || e.Closed != closed || e.Lost != 0 {
		c.t.Fatalf("%+v, %v, want closed %v and nothing lost", e, err, closed)
	}
	return e
}

// TestRealChip is everything that a real driver must do, the kernel's included: it runs where
// there is a simulated chip, and takes that away in the end.
func TestRealChip(t *testing.T) {
	c := findChip(t)
	c.close(false)
	config := Config{Pin: simPin, ActiveHigh: true}
	for range 2 { // a pin that was let go can be had again
		in, err := Open(config)
		if err != nil {
			t.Fatal(err)
		}
		c.want(in, false)
		var sum, worst time.Duration
		const n = 50
		for range n {
			for _, closed := range []bool{true, false} {
				before := hal.Now()
				after := c.close(closed)
				e := c.want(in, closed)
				if e.At < before {
					t.Fatalf("an edge is stamped %v before the pin was moved", time.Duration(before-e.At))
				}
				late := max(0, time.Duration(e.At-after))
				sum, worst = sum+late, max(worst, late)
			}
		}
		t.Logf("%d edges: stamped %v after the pin had been moved on average, %v at the worst", 2*n, sum/(2*n), worst)
		bounce(c, in)
		if err := in.Close(); err != nil {
			t.Error(err)
		}
	}
	vanish(c, config)
}

// bounce opens a contact as a relay does.
func bounce(c chip, in hal.Input) {
	c.t.Helper()
	c.close(true)
	c.want(in, true)
	var last pcm.Mono
	for i := range 11 {
		before := hal.Now()
		c.close(i%2 == 1)
		last = before
	}
	if e := c.want(in, false); e.At < last {
		c.t.Errorf("open since %v, and it bounced until %v", e.At, last)
	}
}

// vanish takes the chip away under an open contact.
func vanish(c chip, config Config) {
	c.t.Helper()
	in, err := Open(config)
	if err != nil {
		c.t.Fatal(err)
	}
	defer in.Close()
	c.want(in, false)
	gone := hal.Now()
	if err := os.WriteFile(c.live, []byte("0"), 0); err != nil {
		c.t.Fatal(err)
	}
	for {
		e, err := c.wait(in)
		if !e.Closed {
			c.t.Fatalf("a chip that is gone was read as open: %+v, %v", e, err)
		}
		if err != nil {
			c.t.Logf("%v after the chip had gone: %v", time.Duration(hal.Now()-gone).Round(time.Millisecond), err)
			return
		}
	}
}
