package gpio

import (
	"errors"
	"fmt"
	"time"

	"periph.io/x/conn/v3/gpio"

	"linevault/codec/pcm"
)

// source is a pin as a contact needs it.
type source interface {
	setUp() error // at first, and after each failure
	level() (gpio.Level, error)
	// wait waits for the next edge, or until the timeout.
	wait(timeout time.Duration) (move, error)
	letGo()
}

// move is an edge of a pin, or that none came.
type move struct {
	came  bool
	at    pcm.Mono
	level gpio.Level // after it
	lost  int        // edges before it that nobody saw
}

// hasty is how often in a row a driver may wait for less time than it was asked to before it
// counts as broken: periph's interface has no other way to say so.
const hasty = 3

// anyPin is a pin of any of periph's drivers. Its edges are stamped when the driver tells them.
type anyPin struct {
	pin  gpio.PinIn
	pull gpio.Pull
	now  func() pcm.Mono
}

func (p *anyPin) setUp() error {
	if err := p.pin.In(p.pull, gpio.BothEdges); err != nil {
		return fmt.Errorf("setting up the pin: %w", err)
	}
	return nil
}

func (p *anyPin) level() (gpio.Level, error) { return p.pin.Read(), nil }

func (p *anyPin) wait(timeout time.Duration) (move, error) {
	for range hasty {
		began := p.now()
		// Never without a timeout: drivers disagree on whether 0 or -1 means that.
		came := p.pin.WaitForEdge(timeout)
		at := p.now()
		if came || time.Duration(at-began) >= timeout/2 {
			return move{came: came, at: at, level: p.pin.Read()}, nil
		}
	}
	return move{}, errors.New("the driver does not wait for edges any more")
}

func (p *anyPin) letGo() {
	if c, ok := p.pin.(interface{ Close() }); ok {
		c.Close()
	}
}
