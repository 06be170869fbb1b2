package gpio

import (
	"testing"

	"periph.io/x/conn/v3/gpio"
	"periph.io/x/conn/v3/gpio/gpiotest"
)

// An output is off when it is opened and when it is let go, whichever level that is.
func TestOutput(t *testing.T) {
	for _, low := range []bool{false, true} {
		on := gpio.Level(!low)
		pin := &gpiotest.Pin{N: "LAMP", L: on} // as somebody left it
		o, err := NewOutput(pin, OutputConfig{Pin: "LAMP", ActiveLow: low})
		if err != nil || pin.Read() == on {
			t.Errorf("active low %v: opened, it is %v, %v", low, pin.Read(), err)
		}
		if err := o.Set(true); err != nil || pin.Read() != on {
			t.Errorf("active low %v: on, it is %v, %v", low, pin.Read(), err)
		}
		if err := o.Set(false); err != nil || pin.Read() == on {
			t.Errorf("active low %v: off, it is %v, %v", low, pin.Read(), err)
		}
		if err := o.Set(true); err != nil {
			t.Error(err)
		}
		if err := o.Close(); err != nil || pin.Read() == on {
			t.Errorf("active low %v: let go, it is %v, %v", low, pin.Read(), err)
		}
	}
	if _, err := OpenOutput(OutputConfig{Pin: "no such pin"}); err == nil {
		t.Error("a pin that there is not was opened")
	}
}
