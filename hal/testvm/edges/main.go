// Edges closes and opens a contact on the kernel's simulated GPIO chip, with bounce, thousands of times, and checks what
// hal/gpio makes of it. It runs in the virtual machine, whose clock waits for nobody outside.
package main

import (
	"context"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"time"

	"linevault/codec/pcm"
	"linevault/hal"
	"linevault/hal/gpio"
)

const (
	debounce = 50 * time.Millisecond
	guard    = 500 * time.Millisecond // before a pause, as lines have it unless they say otherwise
	line     = 3
	lampLine = 5
)

func main() {
	n := flag.Int("n", 10000, "how many edges: half of them close the contact")
	flag.Parse()
	if err := run(*n); err != nil {
		fmt.Fprintln(os.Stderr, "edges:", err)
		os.Exit(1)
	}
}

func run(n int) error {
	c, err := newChip()
	if err != nil {
		return fmt.Errorf("make a simulated chip: %w", err)
	}
	if err := lamps(); err != nil {
		return err
	}
	in, err := gpio.Open(gpio.Config{Pin: "PAUSE_A", Debounce: debounce})
	if err != nil {
		return err
	}
	defer in.Close()
	w := &watcher{in: in, rand: rand.New(rand.NewPCG(1, 2)), chip: c}
	if e, err := in.Wait(context.Background()); err != nil || e.Closed {
		return fmt.Errorf("at first the contact is %+v, %w", e, err)
	}
	for range n / 2 {
		if err := w.press(); err != nil {
			return fmt.Errorf("edge %d: %w", w.edges, err)
		}
	}
	fmt.Printf("%d edges, %d bounces among them; none missed, none told twice, each stamped while it happened; the latest was told %v after it began\n",
		w.edges, w.bounces, time.Duration(w.latest))
	if time.Duration(w.latest) > guard {
		return fmt.Errorf("an edge was told %v after it began, which is more than the guard", time.Duration(w.latest))
	}
	return nil
}

// watcher presses the contact and watches what is told of it.
type watcher struct {
	in      hal.Input
	rand    *rand.Rand
	chip    *chip
	edges   int
	bounces int
	latest  pcm.Mono // the most that a closing was told after it began
}

// press closes the contact and opens it, both with bounce, and checks the two edges.
func (w *watcher) press() error {
	began := hal.Now()
	if err := w.bounce(closed); err != nil {
		return err
	}
	e, err := w.next()
	if err != nil {
		return err
	}
	w.latest = max(w.latest, hal.Now()-began)
	if !e.Closed || e.Lost > 0 || e.At < began || e.At > hal.Now() {
		return fmt.Errorf("closed from %v on, and told %+v", began, e)
	}
	time.Sleep(time.Duration(w.rand.IntN(40)) * time.Millisecond)
	began = hal.Now()
	if err := w.bounce(open); err != nil {
		return err
	}
	ended := hal.Now()
	if e, err = w.next(); err != nil {
		return err
	}
	if e.Closed || e.Lost > 0 || e.At < began || e.At > ended {
		return fmt.Errorf("opened between %v and %v, and told %+v", began, ended, e)
	}
	w.edges += 2
	time.Sleep(time.Duration(w.rand.IntN(20)) * time.Millisecond)
	return nil
}

// next is the next edge, which must come.
func (w *watcher) next() (hal.Edge, error) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	return w.in.Wait(ctx)
}

// bounce moves the contact to a state by way of up to 8 bounces, each shorter than the debounce.
func (w *watcher) bounce(to string) error {
	other := map[string]string{closed: open, open: closed}[to]
	for range w.rand.IntN(9) {
		w.bounces++
		if err := w.chip.pull(to); err != nil {
			return err
		}
		time.Sleep(time.Duration(w.rand.IntN(2000)) * time.Microsecond)
		if err := w.chip.pull(other); err != nil {
			return err
		}
		time.Sleep(time.Duration(w.rand.IntN(2000)) * time.Microsecond)
	}
	return w.chip.pull(to)
}

// A contact grounds its pin.
const (
	closed = "pull-down"
	open   = "pull-up"
)

// chip is the kernel's simulated one (Documentation/admin-guide/gpio/gpio-sim.rst).
type chip struct{ control *os.File }

func newChip() (*chip, error) {
	bank := "/sys/kernel/config/gpio-sim/box/bank0"
	pin, lamp := filepath.Join(bank, fmt.Sprintf("line%d", line)), filepath.Join(bank, fmt.Sprintf("line%d", lampLine))
	for _, folder := range []string{pin, lamp} {
		if err := os.MkdirAll(folder, 0o755); err != nil {
			return nil, err
		}
	}
	for name, text := range map[string]string{
		filepath.Join(bank, "num_lines"): "8", filepath.Join(pin, "name"): "PAUSE_A", filepath.Join(lamp, "name"): "LAMP_A",
	} {
		if err := os.WriteFile(name, []byte(text), 0); err != nil {
			return nil, err
		}
	}
	if err := os.WriteFile("/sys/kernel/config/gpio-sim/box/live", []byte("1"), 0); err != nil {
		return nil, err
	}
	found, err := filepath.Glob(fmt.Sprintf("/sys/devices/platform/gpio-sim.*/gpiochip*/sim_gpio%d/pull", line))
	if err != nil || len(found) != 1 {
		return nil, fmt.Errorf("its control is not there: %v, %w", found, err)
	}
	f, err := os.OpenFile(found[0], os.O_WRONLY, 0)
	if err != nil {
		return nil, err
	}
	c := &chip{f}
	return c, c.pull(open)
}

func (c *chip) pull(to string) error {
	_, err := c.control.WriteAt([]byte(to), 0)
	return err
}
