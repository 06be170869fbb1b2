package storage

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// Reading is what the machine's clocks say at one instant.
type Reading struct {
	Wall   time.Time     `json:"wall"`
	Since  time.Duration `json:"since"` // the machine started, sleep included
	Boot   string        `json:"boot"`  // names that start
	Synced bool          `json:"synced"`
}

// ReadClock reads the machine's clocks. It counts as synchronised when the kernel says so.
func ReadClock() (Reading, error) {
	r := Reading{Wall: time.Now()}
	var mono unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_BOOTTIME, &mono); err != nil {
		return r, fmt.Errorf("read the clock: %w", err)
	}
	r.Since = time.Duration(mono.Nano())
	b, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	if err != nil {
		return r, fmt.Errorf("which start of the machine this is: %w", err)
	}
	r.Boot = strings.TrimSpace(string(b))
	var tx unix.Timex
	s, err := unix.Adjtimex(&tx)
	r.Synced = err == nil && s != unix.TIME_ERROR && tx.Status&unix.STA_UNSYNC == 0
	return r, nil
}

// The bounds of what a clock may have moved by between two readings.
const (
	maxStep = time.Hour          // wall time against time since the machine started
	maxOff  = 7 * 24 * time.Hour // the machine was off
)

// Follows says why r cannot come of the same clock as last, a moment that was read before; nil: it
// does.
func (r Reading) Follows(last Reading) error {
	if why := r.distrust(last); why != "" {
		why, _, _ = strings.Cut(why, ": ")
		return errors.New(why)
	}
	return nil
}

// held is the *HeldBackError of a reading that cannot be trusted, or nil.
func (r Reading) held(last Reading) error {
	why := r.distrust(last)
	switch {
	case why == "":
		return nil
	case !r.Synced:
		return &HeldBackError{why, NoTime}
	}
	return &HeldBackError{why, TimeMoved}
}

// distrust says why the wall time of r cannot be trusted, or nothing.
func (r Reading) distrust(last Reading) string {
	moved := r.Wall.Sub(last.Wall)
	switch {
	case !r.Synced:
		return "the time is not synchronised: see to NTP, or set storage.clock = \"trusted\" if the time is kept in another way"
	case last.Boot == r.Boot && (moved-(r.Since-last.Since)).Abs() > maxStep:
		return fmt.Sprintf("the time of day moved by %v while %v went by: set it right; "+
			"if it is right now, `linevault retention approve --clock` says so", moved, r.Since-last.Since)
	case last.Boot != r.Boot && (moved < -maxStep || moved-r.Since > maxOff):
		return fmt.Sprintf("the machine started again and the time of day is %v after what it was: "+
			"if it is right, `linevault retention approve --clock` says so", moved)
	}
	return ""
}
