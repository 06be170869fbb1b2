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
	// hasty is how often in a row a wait may end early before the driver counts as broken:
	// it has no other way to say so.
	hasty = 3
)

// Open finds a pin by its name and watches it.
func Open(c Config) (hal.Input, error) {
	if _, err := host.Init(); err != nil {
		return nil, c.fault(fmt.Errorf("looking for GPIO chips: %w", err), "check the kernel's GPIO drivers")
	}
	if p := gpioreg.ByName(c.Pin); p != nil {
		return New(p, c), nil
	}
	var names []string
	for _, p := range gpioreg.All() {
		names = append(names, p.Name())
	}
	hint := "no pin was found: check that there is a GPIO chip, and that this user may open it"
	if len(names) > 0 {
		hint = "the pins there are: " + strings.Join(names, ", ")
	}
	return nil, c.fault(errors.New("there is no such pin"), hint)
}

func (c *Config) fault(err error, hint string) error {
	return &hal.CardError{Card: "contact " + c.Pin, Err: err, Hint: hint}
}

// New watches a pin. One that cannot be set up reads as closed, with an error, and is tried
// again every second.
func New(p gpio.PinIn, c Config) hal.Input { return watch(p, c, hal.Now) }

// contact is a pin being watched.
type contact struct {
	pin    gpio.PinIn
	config Config
	now    func() pcm.Mono
	queue  queue
	stop   context.CancelFunc
	done   chan struct{}
}

func watch(p gpio.PinIn, c Config, now func() pcm.Mono) *contact {
	if c.Debounce <= 0 {
		c.Debounce = DefaultDebounce
	}
	ctx, cancel := context.WithCancel(context.Background())
	k := &contact{pin: p, config: c, now: now, queue: newQueue(), stop: cancel, done: make(chan struct{})}
	go func() {
		defer close(k.done)
		defer k.queue.close()
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

// Close stops watching and lets go of the pin.
func (k *contact) Close() error {
	k.stop()
	_ = k.pin.Halt() // only hastens the end of a wait, which comes within look in any case
	<-k.done
	if c, ok := k.pin.(interface{ Close() }); ok {
		c.Close()
	}
	return nil
}

// run watches the pin until ctx ends or the driver fails. After a failure nothing is believed
// before the driver has waited as it should once; good is true if it has.
func (k *contact) run(ctx context.Context, failed bool) (good bool, err error) {
	pull := gpio.PullUp
	if k.config.ActiveHigh {
		pull = gpio.PullDown
	}
	if err := k.pin.In(pull, gpio.BothEdges); err != nil {
		return false, fmt.Errorf("setting up the pin: %w", err)
	}
	d := debounce{quiet: k.config.Debounce, closed: true}
	if !failed {
		k.queue.put(d.begin(k.closed(), k.now()), nil)
	}
	for early := 0; ctx.Err() == nil; {
		began := k.now()
		timeout := look
		if left, opens := d.left(began); opens {
			timeout = min(look, max(left, time.Millisecond))
		}
		// Never without a timeout: drivers disagree on whether 0 or -1 means that.
		came := k.pin.WaitForEdge(timeout)
		at := k.now()
		if !came && time.Duration(at-began) < timeout/2 {
			if early++; early >= hasty {
				return good, errors.New("the driver does not wait for edges any more")
			}
			continue // what is read now may be no reading at all
		}
		early = 0
		if failed && !good {
			k.queue.put(hal.Edge{At: at, Closed: true}, nil) // it can be read again
		}
		good = true
		k.look(&d, came, at)
	}
	return good, nil
}

// look reads the pin, after an edge or without one.
func (k *contact) look(d *debounce, came bool, at pcm.Mono) {
	step := d.rest
	if came {
		step = d.edge
	}
	if e, is := step(k.closed(), at); is {
		k.queue.put(e, nil)
	}
}

// closed reports whether the contact asks.
func (k *contact) closed() bool {
	flows := k.pin.Read() == gpio.Level(k.config.ActiveHigh)
	return flows != k.config.NormallyClosed
}
