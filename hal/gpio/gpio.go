// Package gpio is contacts: a closing or an opening wire on a GPIO pin, debounced, supervised,
// and taken for closed whenever it cannot be read.
package gpio

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"periph.io/x/conn/v3/gpio"
	"periph.io/x/conn/v3/gpio/gpioreg"
	"periph.io/x/host/v3"
	"periph.io/x/host/v3/gpioioctl"

	"linevault/codec/pcm"
	"linevault/hal"
)

// DefaultDebounce is how long a contact must stay open to count as open; relays bounce for
// some 10 ms.
const DefaultDebounce = 50 * time.Millisecond

// Config is one contact.
type Config struct {
	Pin string // its name or number
	// NormallyClosed is for a contact that opens to ask, so that a cut wire asks, too.
	NormallyClosed bool
	// ActiveHigh is for an input that reads high while current flows, as behind an
	// opto-coupler. Otherwise the pin is pulled up and the contact grounds it.
	ActiveHigh bool
	Debounce   time.Duration // DefaultDebounce if 0
}

const (
	// look is how often a pin is read though no edge came, in case that one was lost.
	look = 250 * time.Millisecond
	// again is how long a pin that cannot be read is left alone.
	again = time.Second
)

// Open finds a pin by its name and watches it. Where it is a line of a GPIO character device, as
// on any kernel of today, edges are stamped by the kernel.
func Open(c Config) (hal.Input, error) {
	if _, err := host.Init(); err != nil {
		return nil, c.fault(fmt.Errorf("looking for GPIO chips: %w", err), "check the kernel's GPIO drivers")
	}
	if p := gpioreg.ByName(c.Pin); p != nil {
		if chip, line, is := kernelLine(p); is {
			return watch(newKernelPin(chip, line, c.pull()), c, hal.Now), nil
		}
		return New(p, c), nil
	}
	return nil, c.fault(errNoPin, pinsThere())
}

var errNoPin = errors.New("there is no such pin")

// pinsThere is what to do about a pin that is not there.
func pinsThere() string {
	var names []string
	for _, p := range gpioreg.All() {
		names = append(names, p.Name())
	}
	if len(names) == 0 {
		return "no pin was found: check that there is a GPIO chip, and that this user may open it"
	}
	return "the pins there are: " + strings.Join(names, ", ")
}

func (c *Config) fault(err error, hint string) error {
	return &hal.CardError{Card: "contact " + c.Pin, Err: err, Hint: hint}
}

// New watches a pin. One that cannot be set up reads as closed, with an error, and is tried
// again every second.
func New(p gpio.PinIn, c Config) hal.Input {
	return watch(&anyPin{pin: p, pull: c.pull(), now: hal.Now}, c, hal.Now)
}

// kernelLine finds p among the lines of the kernel's chips.
func kernelLine(p gpio.PinIO) (chip string, line int, is bool) {
	if real, ok := p.(gpio.RealPin); ok {
		p = real.Real()
	}
	for _, chip := range gpioioctl.Chips {
		for _, l := range chip.Lines() {
			if gpio.PinIO(l) == p {
				return chip.Path(), l.Number(), true
			}
		}
	}
	return "", 0, false
}

func (c *Config) pull() gpio.Pull {
	if c.ActiveHigh {
		return gpio.PullDown
	}
	return gpio.PullUp
}

// contact is a pin being watched.
type contact struct {
	source source
	config Config
	now    func() pcm.Mono
	queue  queue
	stop   context.CancelFunc
	done   chan struct{}
}

func watch(src source, c Config, now func() pcm.Mono) *contact {
	if c.Debounce <= 0 {
		c.Debounce = DefaultDebounce
	}
	ctx, cancel := context.WithCancel(context.Background())
	k := &contact{source: src, config: c, now: now, queue: newQueue(), stop: cancel, done: make(chan struct{})}
	go func() {
		defer close(k.done)
		defer k.queue.close()
		defer src.letGo()
		k.keep(ctx)
	}()
	return k
}

// keep runs the pin, and sets it up anew each time that its driver fails.
func (k *contact) keep(ctx context.Context) {
	failed := false
	for {
		good, err := k.run(ctx, failed)
		if ctx.Err() != nil {
			return
		}
		if good || !failed { // else it was said before
			k.queue.put(hal.Edge{At: k.now(), Closed: true},
				k.config.fault(err, "it counts as closed until it can be read; check its wiring and its name"))
		}
		failed = true
		select {
		case <-ctx.Done():
			return
		case <-time.After(again):
		}
	}
}

// Wait returns the next edge, the first time the contact's state. With an error comes an edge
// to closed: the contact cannot be read, and its state follows once it can. After Close the
// error is io.EOF.
func (k *contact) Wait(ctx context.Context) (hal.Edge, error) { return k.queue.get(ctx) }

// Close stops watching and lets go of the pin. It takes a quarter of a second at the most.
func (k *contact) Close() error {
	k.stop()
	<-k.done
	return nil
}

// run watches the pin until ctx ends or the driver fails. After a failure nothing is believed
// before the driver has waited as it should once; good is true if it has.
func (k *contact) run(ctx context.Context, failed bool) (good bool, err error) {
	if err := k.source.setUp(); err != nil {
		return false, err
	}
	d := debounce{quiet: k.config.Debounce, closed: true}
	if !failed {
		l, err := k.source.level()
		if err != nil {
			return false, err
		}
		k.queue.put(d.begin(k.closed(l), k.now()), nil)
	}
	for ctx.Err() == nil {
		timeout := look
		if left, opens := d.left(k.now()); opens {
			timeout = min(look, max(left, time.Millisecond))
		}
		m, err := k.source.wait(timeout)
		if err != nil {
			return good, err
		}
		if failed && !good {
			k.queue.put(hal.Edge{At: m.at, Closed: true}, nil) // it can be read again
		}
		good = true
		if e, is := d.step(m, k.closed(m.level)); is {
			k.queue.put(e, nil)
		}
	}
	return good, nil
}

// closed reports whether the contact asks when its pin is at a level.
func (k *contact) closed(l gpio.Level) bool {
	flows := l == gpio.Level(k.config.ActiveHigh)
	return flows != k.config.NormallyClosed
}
