package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"linevault/hal/gpio"
)

// lamps switches an output of the simulated chip on and off, either way round, and sees at the
// chip what became of it. It is off from the first instant, and when it is let go.
func lamps() error {
	found, err := filepath.Glob(fmt.Sprintf("/sys/devices/platform/gpio-sim.*/gpiochip*/sim_gpio%d/value", lampLine))
	if err != nil || len(found) != 1 {
		return fmt.Errorf("the lamp's value is not there: %v, %w", found, err)
	}
	for _, low := range []bool{false, true} {
		is := func(what string, on bool) error {
			b, err := os.ReadFile(found[0])
			if want := map[bool]string{true: "1", false: "0"}[on != low]; err != nil || strings.TrimSpace(string(b)) != want {
				return fmt.Errorf("a lamp that is on when low %v: %s, the pin is %q, want %s, %w", low, what, b, want, err)
			}
			return nil
		}
		o, err := gpio.OpenOutput(gpio.OutputConfig{Pin: "LAMP_A", ActiveLow: low})
		if err != nil {
			return err
		}
		if err := is("opened", false); err != nil {
			return err
		}
		for _, on := range []bool{true, false, true} {
			if err := o.Set(on); err != nil {
				return err
			}
			if err := is("set", on); err != nil {
				return err
			}
		}
		if _, err := gpio.OpenOutput(gpio.OutputConfig{Pin: "LAMP_A"}); err == nil || !strings.Contains(err.Error(), "nothing else uses this pin") {
			return fmt.Errorf("a pin that is in use was given to another: %w", err)
		}
		if err := o.Set(false); err != nil {
			return err
		}
		if err := o.Close(); err != nil {
			return err
		}
	}
	fmt.Println("a lamp on the simulated chip did as it was told, either way round")
	return nil
}
