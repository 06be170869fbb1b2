// Package card is a card of primary rate lines: two E1 receivers tapped onto one ISDN 30 circuit, one
// for each direction. The D-channel says which call is on which timeslot; each timeslot is a line.
package card

import (
	"context"
	"errors"
	"fmt"
	"time"

	"linevault/codec/pcm"
	"linevault/hal"
	"linevault/hal/pri"
	"linevault/hal/pri/dahdi"
	"linevault/hal/pri/q921"
)

// Config is one card.
type Config struct {
	Name string // of the card, for errors
	// Network and User are DAHDI's numbers of the spans that hear what the network sends and what the
	// switchboard sends. If they are the wrong way round the card finds out, says so, and records right.
	Network, User int
	Lines         []LineConfig
	// Absent lets Open succeed though a span cannot be opened: the lines begin with Lost, and Back
	// follows once it can.
	Absent bool
	// Tell is given what a person should know: about is what a fact is about, and a fact that is over
	// is told as an empty one. It is called by one goroutine at a time and must not wait. It may be nil.
	Tell func(about, fact string)
	// Over is given every call that the D-channel showed, once, when it is over. It is called by one
	// goroutine at a time and must not wait. It may be nil.
	Over func(Over)
	// Device is the driver, that of this machine if nil.
	Device Device
}

// LineConfig is one line of a card.
type LineConfig struct {
	ID       pcm.LineID
	Timeslot int // 1 to 31, but not 16, which is the D-channel
}

// Device is what a card needs of a driver.
type Device interface {
	Spans() ([]dahdi.Span, error)
	State(span int) (a dahdi.Alarms, c dahdi.Counters, gone bool, err error)
	Open(channel int, use dahdi.Use) (Channel, error)
	// Wait returns when one of the channels has something to read, or after limit.
	Wait(limit time.Duration, channels []Channel) error
}

// Channel is one timeslot of one direction. See dahdi.Channel.
type Channel interface {
	Read(b []byte) (int, error)
	Flush() error
	Close() error
}

// The timeslots of an E1 in use for ISDN.
const (
	dSlot = 16
	slots = pri.MaxSlots
)

// rate is that of every timeslot.
const rate = 8000

// Card is a tapped circuit being captured.
type Card struct {
	name  string
	lines []hal.Line
	ring  *ring
	read  *reader
	stop  context.CancelFunc
	done  chan struct{} // closed when the spans are let go and no more audio will come
}

var _ hal.Card = (*Card)(nil)

// closeLimit is how long Close waits; what is not done by then ends by itself.
const closeLimit = 400 * time.Millisecond

// Open begins to capture. It returns a *hal.CardError when a span cannot be had.
func Open(c Config) (*Card, error) {
	if err := c.check(); err != nil {
		return nil, &hal.CardError{Card: c.Name, Err: err, Hint: "correct the card's settings"}
	}
	if c.Device == nil {
		c.Device = kernel{}
	}
	if c.Tell == nil {
		c.Tell = func(string, string) {}
	}
	if c.Over == nil {
		c.Over = func(Over) {}
	}
	var timeslots []int
	for _, l := range c.Lines {
		timeslots = append(timeslots, l.Timeslot)
	}
	g := newRing(len(timeslots))
	card := &Card{name: c.Name, ring: g, read: newReader(c, g, timeslots), done: make(chan struct{})}
	for i, l := range c.Lines {
		card.lines = append(card.lines, &line{id: l.ID, index: i, ring: g})
	}
	if err := card.read.open(); err != nil && !c.Absent {
		card.read.close()
		return nil, fault(c.Name, err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	card.stop = cancel
	go func() {
		defer close(card.done)
		card.read.run(ctx)
	}()
	return card, nil
}

// fault is err as a person at the serial console can act on it.
func fault(name string, err error) error {
	if f, ok := errors.AsType[*dahdi.Fault](err); ok {
		return &hal.CardError{Card: name, Err: errors.New(f.Text), Hint: f.Hint}
	}
	return &hal.CardError{Card: name, Err: err, Hint: "check the card and its driver"}
}

// Lines are the card's lines, in the order of its configuration.
func (c *Card) Lines() []hal.Line { return c.lines }

// Close lets go of the spans. The lines give what was captured, then io.EOF.
func (c *Card) Close() error {
	c.stop()
	select {
	case <-c.done:
	case <-time.After(closeLimit): // the driver will not let go of the reader yet
		c.ring.close()
	}
	return nil
}

// Health is how the circuit is.
func (c *Card) Health() Health { return c.read.health() }

func (c *Config) check() error {
	switch {
	case c.Network < 1 || c.User < 1:
		return errors.New("it needs two spans, that of the network's direction and that of the switchboard's")
	case c.Network == c.User:
		return fmt.Errorf("span %d is named for both directions", c.User)
	case len(c.Lines) == 0:
		return errors.New("it has no lines")
	}
	used := map[int]pcm.LineID{}
	for _, l := range c.Lines {
		if l.Timeslot < 1 || l.Timeslot >= slots || l.Timeslot == dSlot {
			return fmt.Errorf("line %s asks for timeslot %d: they are 1 to 15 and 17 to 31", l.ID, l.Timeslot)
		}
		if other, taken := used[l.Timeslot]; taken {
			return fmt.Errorf("lines %s and %s both ask for timeslot %d", other, l.ID, l.Timeslot)
		}
		used[l.Timeslot] = l.ID
	}
	return nil
}

// side is who a span is said to hear, as an index.
type side int

const (
	network side = iota
	user
)

func (s side) label() q921.Side {
	if s == network {
		return q921.Network
	}
	return q921.User
}

func (s side) String() string {
	if s == network {
		return "the network's direction"
	}
	return "the switchboard's direction"
}
