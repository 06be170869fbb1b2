package dahdi

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// Fault is something about the driver that a person can mend.
type Fault struct {
	Text string
	Hint string // what to do
	Err  error
}

func (f *Fault) Error() string { return f.Text + "; " + f.Hint }
func (f *Fault) Unwrap() error { return f.Err }

// noDriver is why a device file cannot be opened.
func (d Device) noDriver(path string, err error) error {
	switch {
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, unix.ENXIO), errors.Is(err, unix.ENODEV):
		return &Fault{
			Text: "there is no " + path + ": the DAHDI driver is not loaded", Err: err,
			Hint: "load it with modprobe dahdi auto_assign_spans=1 and the module of the card, then run dahdi_cfg",
		}
	case errors.Is(err, fs.ErrPermission):
		return &Fault{
			Text: "this user may not open " + path, Err: err,
			Hint: "make the recorder's user a member of the group that owns it",
		}
	}
	return fmt.Errorf("opening %s: %w", path, err)
}

// noChannel is why a channel cannot be had.
func (d Device) noChannel(number int, err error) error {
	switch {
	case errors.Is(err, unix.EBUSY):
		f := &Fault{
			Text: fmt.Sprintf("channel %d is in use by another program", number), Err: err,
			Hint: "stop that program: a channel has one reader only",
		}
		if who := d.holders(); len(who) > 0 {
			f.Text = fmt.Sprintf("channel %d is in use; DAHDI is held by %s", number, strings.Join(who, ", "))
			f.Hint = "stop it: a channel has one reader only"
		}
		return f
	case errors.Is(err, unix.EINVAL):
		return &Fault{
			Text: fmt.Sprintf("there is no channel %d", number), Err: err,
			Hint: "load the card's driver with modprobe dahdi auto_assign_spans=1, or correct the span's number",
		}
	case errors.Is(err, unix.ENXIO):
		return &Fault{
			Text: fmt.Sprintf("channel %d is not set up", number), Err: err,
			Hint: "name it in /etc/dahdi/system.conf as bchan or dchan and run dahdi_cfg",
		}
	}
	return fmt.Errorf("opening channel %d: %w", number, err)
}

// holders are the other programs that have files of the driver open, as "name (process 12)", or this
// one if there is none. What another user's process has open is not told.
func (d Device) holders() []string {
	proc := d.Proc
	if proc == "" {
		proc = "/proc"
	}
	files, err := filepath.Glob(filepath.Join(proc, "[0-9]*", "fd", "*"))
	if err != nil {
		return nil
	}
	var who []string
	we := false
	for _, f := range files {
		target, err := os.Readlink(f)
		if err != nil || !strings.HasPrefix(target, d.dir()+"/") {
			continue
		}
		dir := filepath.Dir(filepath.Dir(f))
		process := filepath.Base(dir)
		if process == strconv.Itoa(os.Getpid()) {
			we = true
			continue
		}
		b, err := os.ReadFile(filepath.Join(dir, "comm"))
		if err != nil {
			continue
		}
		name := fmt.Sprintf("%s (process %s)", strings.TrimSpace(string(b)), process)
		if !slices.Contains(who, name) {
			who = append(who, name)
		}
	}
	if len(who) == 0 && we {
		who = []string{"this program, by another card"}
	}
	return who
}
