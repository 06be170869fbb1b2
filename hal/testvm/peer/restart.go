package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"linevault/codec/pcm"
	"linevault/hal"
	"linevault/hal/haltest"
	"linevault/hal/pri/card"
)

// spanDevices is where the driver shows its spans.
const spanDevices = "/sys/bus/dahdi_spans/devices"

// restart takes one span away from under a card that reads it, by the driver, and gives it back. The lines
// must say that they are lost and back, the other span must never be let go of, and everything must be
// exact again afterwards.
func restart(said speech) error {
	const slot = 1
	tap, err := card.Open(card.Config{
		Name: "tap", Network: networkTap, User: switchboardTap, Lines: []card.LineConfig{{ID: "one", Timeslot: slot}},
		Tell: func(about, fact string) { fmt.Printf("TOLD %s: %s\n", about, fact) },
	})
	if err != nil {
		return err
	}
	defer tap.Close()
	device, err := filepath.EvalSymlinks(filepath.Join(spanDevices, fmt.Sprintf("span-%d", networkTap)))
	if err != nil {
		return err
	}
	device = filepath.Dir(device)
	w := &watch{line: tap.Lines()[0]}
	w.check = haltest.NewChecker(w.line)
	if err := w.until("sound", func() bool { return len(w.heard[0]) > rate }); err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(device, "unassign_span"), []byte("1\n"), 0); err != nil {
		return fmt.Errorf("take span %d away: %w", networkTap, err)
	}
	if err := w.until("the loss", func() bool { return w.lost > 0 }); err != nil {
		return err
	}
	fmt.Println("LOST:", w.why)
	if err := w.until("a second without it", func() bool { return true }, time.Second); err != nil {
		return err
	}
	place := fmt.Sprintf("1:%d:%d\n", networkTap, 31*(networkTap-1)+1)
	if err := os.WriteFile(filepath.Join(device, "assign_span"), []byte(place), 0); err != nil {
		return fmt.Errorf("give span %d back: %w", networkTap, err)
	}
	if out, err := exec.Command("/test/dahdi_cfg", "-C", fmt.Sprintf("%d-%d", 31*(networkTap-1)+1, 31*networkTap)).CombinedOutput(); err != nil {
		return fmt.Errorf("configure span %d: %w: %s", networkTap, err, out)
	}
	if err := w.until("the return", func() bool { return w.back > 0 }); err != nil {
		return err
	}
	w.heard = [2][]byte{}
	if err := w.until("sound afterwards", func() bool { return len(w.heard[0]) > 4*rate }); err != nil {
		return err
	}
	h := tap.Health()
	fmt.Printf("RESTARTED span %d was let go of %d times, span %d %d times\n", networkTap, h.Spans[0].Restarts, switchboardTap, h.Spans[1].Restarts)
	switch {
	case h.Spans[0].Restarts == 0:
		return errors.New("the span that was taken away was not opened again")
	case h.Spans[1].Restarts != 0:
		return errors.New("the other span was let go of")
	}
	return compare(said, map[int][2][]byte{slot: w.heard}, rate)
}

// watch reads one line.
type watch struct {
	line       hal.Line
	check      *haltest.Checker
	heard      [2][]byte
	lost, back int
	why        string
}

// until reads until so, and at least for a while.
func (w *watch) until(what string, so func() bool, least ...time.Duration) error {
	began := time.Now()
	var b hal.Block
	for deadline := began.Add(60 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			return fmt.Errorf("waited in vain for %s", what)
		}
		if err := w.line.Read(&b); err != nil {
			return err
		}
		if err := w.check.Step(&b); err != nil {
			return err
		}
		for _, s := range b.Signals {
			switch s.Kind {
			case hal.Lost:
				w.lost, w.why = w.lost+1, string(s.Data)
			case hal.Back:
				w.back++
			}
		}
		for leg := range pcm.Leg(pcm.MaxLegs) {
			w.heard[leg] = appendLeg(w.heard[leg], b.Frame.PCM, int(leg))
		}
		if so() && (len(least) == 0 || time.Since(began) > least[0]) {
			return nil
		}
	}
}
