// Package analogue is a card of analogue lines: a PortAudio input device, read by a process of
// its own, so that a driver that hangs, prints or crashes harms nothing but that one card.
package analogue

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"linevault/codec/pcm"
	"linevault/hal"
)

// Config is one card.
type Config struct {
	Name   string // of the card, for errors
	Device string // PortAudio's name of the device, or a part of it that no other has
	Rate   int    // samples per second; a whole number of them must last 20 ms
	Lines  []LineConfig
	// Helper is the command of the child, without the arguments that say what to capture;
	// this program with the argument "card" if empty.
	Helper []string
	// Absent lets Open succeed though the device cannot be opened: the lines begin with
	// Lost, and Back follows once it can. A misspelt name then only shows there.
	Absent bool
}

// LineConfig is one line of a card.
type LineConfig struct {
	ID       pcm.LineID
	Channels []int // of the device, from 1: one carries both parties mixed, two are near and far
}

// Card is a device being captured.
type Card struct {
	name  string
	lines []hal.Line
	ring  *ring
	stop  context.CancelFunc
	done  chan struct{} // closed when the last child is dead and no more audio will come
}

var _ hal.Card = (*Card)(nil)

// closeLimit is how long Close waits; what is not done by then ends by itself.
const closeLimit = 400 * time.Millisecond

// Open begins to capture. It returns a *hal.CardError when the device cannot be opened, with
// the devices there are.
func Open(c Config) (*Card, error) {
	channels, err := c.check()
	if err != nil {
		return nil, &hal.CardError{Card: c.Name, Err: err, Hint: "correct the card's settings"}
	}
	argv, err := helperArgs(c.Helper, CaptureOptions{Device: c.Device, Channels: channels, Rate: c.Rate})
	if err != nil {
		return nil, &hal.CardError{Card: c.Name, Err: err}
	}
	frames := c.Rate * int(recordLength/time.Millisecond) / 1000
	ctx, cancel := context.WithCancel(context.Background())
	card := &Card{
		name: c.Name, ring: newRing(c.Rate, channels, frames),
		stop: cancel, done: make(chan struct{}),
	}
	for _, l := range c.Lines {
		card.lines = append(card.lines, newLine(l, card.ring))
	}
	k := keeper{argv: argv, channels: channels, frames: frames, ring: card.ring, first: make(chan error, 1)}
	go func() {
		defer close(card.done)
		k.run(ctx)
	}()
	if err := <-k.first; err != nil && !c.Absent {
		_ = card.Close() // it never fails
		return nil, card.fault(err)
	}
	return card, nil
}

// fault is err as a person at the serial console can act on it.
func (c *Card) fault(err error) error {
	e := &hal.CardError{Card: c.name, Err: err, Hint: "check the card and its cable"}
	if f, ok := errors.AsType[*fault](err); ok {
		e.Hint = f.Hint
	}
	return e
}

// Lines are the card's lines, in the order of its configuration.
func (c *Card) Lines() []hal.Line { return c.lines }

// Close kills the child. The lines give what was captured, then io.EOF.
func (c *Card) Close() error {
	c.stop()
	select {
	case <-c.done:
	case <-time.After(closeLimit): // the kernel will not let go of the child yet
		c.ring.close()
	}
	return nil
}

// check returns how many channels the card must capture.
func (c *Config) check() (channels int, err error) {
	if c.Rate < 8000 || c.Rate > 192000 || c.Rate%50 != 0 {
		return 0, fmt.Errorf("rate %d: 20 ms must be a whole number of samples", c.Rate)
	}
	if len(c.Lines) == 0 {
		return 0, errors.New("it has no lines")
	}
	used := map[int]pcm.LineID{}
	for _, l := range c.Lines {
		if n := len(l.Channels); n < 1 || n > pcm.MaxLegs {
			return 0, fmt.Errorf("line %s has %d channels: it needs one, or two for near and far", l.ID, n)
		}
		for _, ch := range l.Channels {
			if ch < 1 || ch > maxChannels {
				return 0, fmt.Errorf("line %s asks for channel %d: they count from 1 to %d", l.ID, ch, maxChannels)
			}
			if other, taken := used[ch]; taken {
				return 0, fmt.Errorf("lines %s and %s both ask for channel %d", other, l.ID, ch)
			}
			used[ch] = l.ID
		}
		channels = max(channels, slices.Max(l.Channels))
	}
	return channels, nil
}

// maxChannels bounds what a misspelt configuration can make a child allocate.
const maxChannels = 256
