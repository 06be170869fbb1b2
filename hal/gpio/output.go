package gpio

import (
	"fmt"
	"unsafe"

	"golang.org/x/sys/unix"
	"periph.io/x/conn/v3/gpio"
	"periph.io/x/conn/v3/gpio/gpioreg"
	"periph.io/x/host/v3"

	"linevault/hal"
)

// OutputConfig is one output.
type OutputConfig struct {
	Pin       string // its name or number
	ActiveLow bool   // it is on while the pin is low
}

// Output is a pin that drives a lamp or a relay. It is off when it is opened, and when it is let
// go. One goroutine at a time may use it.
type Output struct {
	config OutputConfig
	pin    gpio.PinOut // nil if it is a line of the kernel's
	file   int         // of the kernel's line
}

// OpenOutput finds a pin by its name and switches it off.
func OpenOutput(c OutputConfig) (*Output, error) {
	if _, err := host.Init(); err != nil {
		return nil, c.fault(fmt.Errorf("looking for GPIO chips: %w", err), "check the kernel's GPIO drivers")
	}
	p := gpioreg.ByName(c.Pin)
	if p == nil {
		return nil, c.fault(errNoPin, pinsThere())
	}
	chip, line, is := kernelLine(p)
	if !is {
		return NewOutput(p, c)
	}
	r := lineRequest{flags: flagOutput, lines: 1} // without a value it is off from the start
	if c.ActiveLow {
		r.flags |= flagLow
	}
	fd, err := r.ask(chip, uint32(line))
	if err != nil {
		return nil, c.fault(err, "check that nothing else uses this pin")
	}
	return &Output{config: c, file: fd}, nil
}

// NewOutput drives a pin of any driver, and switches it off.
func NewOutput(p gpio.PinOut, c OutputConfig) (*Output, error) {
	o := &Output{config: c, pin: p, file: -1}
	return o, o.Set(false)
}

func (c *OutputConfig) fault(err error, hint string) error {
	return &hal.CardError{Card: "output " + c.Pin, Err: err, Hint: hint}
}

// Set switches the output on or off.
func (o *Output) Set(on bool) error {
	if o.pin != nil {
		if err := o.pin.Out(gpio.Level(on != o.config.ActiveLow)); err != nil {
			return o.config.fault(err, "check its wiring and its name")
		}
		return nil
	}
	v := lineValues{mask: 1}
	if on {
		v.bits = 1 // the kernel knows what is active
	}
	if err := ioctl(o.file, ioctlSet, unsafe.Pointer(&v)); err != nil {
		return o.config.fault(err, "check that its chip is still there")
	}
	return nil
}

// Close switches the output off and lets the pin go.
func (o *Output) Close() error {
	err := o.Set(false)
	if o.file >= 0 && o.pin == nil {
		_ = unix.Close(o.file) // what was set is set
	}
	return err
}
