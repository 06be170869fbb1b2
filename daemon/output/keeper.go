package output

import (
	"bufio"
	"fmt"
	"io"
	"strings"
	"time"
)

// Pin is one output's pin. hal/gpio.Output is one.
type Pin interface{ Set(on bool) error }

// Open opens an output's pin, which is off then.
type Open func() (Pin, error)

const (
	// patience is how long the keeper believes what it was told last: six messages.
	patience = 3 * time.Second
	// again is how long a pin that cannot be opened or set is left alone.
	again = time.Second
)

// held is a pin as the keeper has it.
type held struct {
	open  Open
	pin   Pin // nil while it cannot be opened
	on    bool
	fault string
	tried time.Time
}

// Keep sets pins as it is told by in, and says on out which cannot be set and why. It returns
// when in ends, and has then switched them off.
func Keep(in io.Reader, out io.Writer, opens []Open) error { return keep(in, out, opens, patience) }

func keep(in io.Reader, out io.Writer, opens []Open, patience time.Duration) error {
	pins := make([]held, len(opens))
	for i, o := range opens {
		pins[i].open = o
	}
	told := make(chan string)
	go func() {
		defer close(told)
		for s := bufio.NewScanner(in); s.Scan(); {
			told <- s.Text()
		}
	}()
	off := strings.Repeat("0", len(pins))
	want := off
	for {
		for i := range pins {
			if fault, changed := pins[i].set(want[i] == '1', time.Now()); changed {
				if _, err := fmt.Fprintf(out, "%d %s\n", i, fault); err != nil {
					want = off // nobody listens any more; in will end
				}
			}
		}
		select {
		case text, more := <-told:
			if !more {
				for i := range pins {
					pins[i].set(false, time.Now())
				}
				return nil
			}
			if want = off; len(text) == len(pins) {
				want = text
			}
		case <-time.After(patience):
			want = off
		}
	}
}

// set sets the pin. It reports a fault that is new, or that one is over: then it is empty.
func (h *held) set(on bool, now time.Time) (fault string, changed bool) {
	if h.pin != nil && h.fault == "" && h.on == on {
		return "", false
	}
	if h.fault != "" && now.Sub(h.tried) < again {
		return "", false
	}
	h.tried = now
	err := error(nil)
	if h.pin == nil {
		h.pin, err = h.open()
	}
	if err == nil {
		if err = h.pin.Set(on); err == nil {
			h.on = on
		}
	} else {
		h.pin = nil
	}
	if err != nil {
		fault = strings.ReplaceAll(err.Error(), "\n", " ")
	}
	changed = fault != h.fault
	h.fault = fault
	return fault, changed
}
