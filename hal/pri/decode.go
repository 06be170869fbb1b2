package pri

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"linevault/hal/pri/q921"
	"linevault/hal/pri/q931"
)

// Decode prints the calls of a captured D channel, one a line, in the order in which they began.
// files are the network's side and the user's side of a tap, or one capture of both. What it
// notices besides, such as swapped files, goes to standard error.
func Decode(w io.Writer, asJSON bool, files ...string) error {
	return Decoder{Out: w, Notes: os.Stderr, JSON: asJSON}.Decode(files...)
}

// Decoder prints the calls of a captured D channel.
type Decoder struct {
	Out   io.Writer
	Notes io.Writer // one sentence a line
	JSON  bool
}

// Decode reads the files. What could be read before an error is printed.
func (d Decoder) Decode(files ...string) error {
	if len(files) < 1 || len(files) > 2 {
		return fmt.Errorf("%d captures given: name the network's and the user's, or one of both", len(files))
	}
	var captures []*capture
	for _, name := range files {
		c, err := openCapture(name)
		if err != nil {
			return err
		}
		defer c.close()
		captures = append(captures, c)
	}
	if len(captures) == 2 {
		captures[0].label, captures[1].label = q921.Network, q921.User
	}
	tap := NewTap()
	calls, err := replay(tap, captures)
	for i := range calls {
		c := &calls[i]
		if c.ID == 0 {
			continue
		}
		c.Direction = tap.direction(c.origin)
		if err := d.print(c); err != nil {
			return fmt.Errorf("print calls: %w", err)
		}
	}
	d.note(tap, captures)
	return err
}

// replay feeds the captures in the order of time and keeps each call as it was last. A call's
// place is its ID less one.
func replay(tap *Tap, captures []*capture) (calls []Call, err error) {
	keep := func(events []Event) {
		for i := range events {
			c := &events[i].Call
			for uint64(len(calls)) < c.ID {
				calls = append(calls, Call{})
			}
			if c.ID > 0 {
				calls[c.ID-1] = *c
			}
		}
	}
	for _, c := range captures {
		if e := c.fill(); e != nil && err == nil {
			err = e
		}
	}
	first := time.Time{}
	for c := earliest(captures); c != nil; c = earliest(captures) {
		if first.IsZero() {
			first = c.head.at
		}
		keep(tap.Feed(c.head.data, c.head.from, c.head.at.Sub(first)))
		if e := c.fill(); e != nil && err == nil {
			err = e
		}
	}
	keep(tap.Close())
	return calls, err
}

// earliest is the capture with the next frame, nil at the end.
func earliest(captures []*capture) (next *capture) {
	for _, c := range captures {
		if c.head != nil && (next == nil || c.head.at.Before(next.head.at)) {
			next = c
		}
	}
	return next
}

// note says what else the captures show.
func (d Decoder) note(tap *Tap, captures []*capture) {
	names := make([]string, len(captures))
	for i, c := range captures {
		names[i] = c.name
	}
	say := func(format string, args ...any) {
		_, _ = fmt.Fprintf(d.Notes, format+"\n", args...) // there is nobody else to tell
	}
	switch w := tap.Wiring(); {
	case w == Swapped && len(names) == 2:
		say("spans swapped: %s is the user's side and %s the network's", names[0], names[1])
	case w == Swapped:
		say("spans swapped: the directions in %s are the wrong way round", names[0])
	case w == SameSide:
		say("both receivers hear the same side in %s: one is on the wrong pair", strings.Join(names, " and "))
	case len(names) == 1 && !tap.heardBoth() && tap.Health().Frames > 0:
		say("%s holds one direction only", names[0])
	}
	for _, c := range captures {
		if c.short > 0 {
			say("frames that %s has only the beginning of: %d", c.name, c.short/2) // it is read twice
		}
	}
	if h := tap.Health(); h.Missed > 0 {
		say("frames that were sent and are not in the capture: %d", h.Missed)
	}
	if h := tap.Health(); h.Bad > 0 {
		say("frames that cannot be read: %d", h.Bad)
	}
}

// row is a call in JSON. What was not seen is null; a number that was not given is empty.
type row struct {
	Start        *float64 `json:"start"`
	Answer       *float64 `json:"answer"`
	End          *float64 `json:"end"`
	Direction    string   `json:"direction"`
	Calling      string   `json:"calling"`
	Called       string   `json:"called"`
	Presentation string   `json:"presentation"`
	Connected    string   `json:"connected"`
	Redirecting  string   `json:"redirecting"`
	Channel      *int     `json:"channel"`
	Channels     []int    `json:"channels"`
	Cause        *int     `json:"cause"`
	Media        *string  `json:"media"`
	Transferred  bool     `json:"transferred"`
}

func (d Decoder) print(c *Call) error {
	if !d.JSON {
		_, err := fmt.Fprintln(d.Out, line(c))
		return err
	}
	r := row{
		Start: seconds(c.Start), Answer: seconds(c.Answer), End: seconds(c.End),
		Direction: string(c.Direction), Calling: c.Calling.Digits, Called: c.Called,
		Presentation: c.Calling.Presentation.String(), Connected: c.Connected.Digits,
		Redirecting: c.Redirecting.Digits, Channels: c.Channels, Transferred: c.Transferred,
	}
	if r.Channels == nil {
		r.Channels = []int{}
	} else {
		r.Channel = &c.Channel
	}
	if c.Cause != 0 {
		r.Cause = new(int(c.Cause))
	}
	if c.Bearer.Media != q931.MediaUnknown {
		r.Media = new(c.Bearer.Media.String())
	}
	e := json.NewEncoder(d.Out)
	e.SetEscapeHTML(false)
	return e.Encode(r)
}

// seconds is w as JSON has it, to the microsecond.
func seconds(w When) *float64 {
	if !w.Seen {
		return nil
	}
	return new(float64(w.At.Microseconds()) / 1e6)
}
