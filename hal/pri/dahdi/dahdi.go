// Package dahdi listens on spans of the DAHDI driver: sound of B-channels, frames of D-channels,
// alarms and error counts. It is plain system calls on /dev/dahdi, and it has no way to send.
package dahdi

import (
	"errors"
	"fmt"
	"path/filepath"
	"time"

	"golang.org/x/sys/unix"
)

// Device is the driver. The zero value is the one of this machine.
type Device struct {
	Dir  string // /dev/dahdi if empty
	Proc string // /proc if empty: where the programs are that may hold a channel
}

// Use is what a channel is opened for.
type Use uint8

// The uses.
const (
	Sound  Use = iota // the octets of a timeslot, as they come
	Frames            // one HDLC frame a read, with its two octets of check sequence
)

// How the driver's buffers are laid out: it holds what comes for as long as nobody reads.
const (
	Block  = 320 // octets of sound in one read: 40 ms
	blocks = 32  // the most that the driver has; 1.28 s of sound
	// longestFrame is more than N201 (Q.921 5.9.3) with address, control and check sequence.
	longestFrame = 1024
)

// Channel is one open timeslot.
type Channel struct {
	fd     int
	number int
}

// ErrEmpty says that there is nothing to read yet.
var ErrEmpty = errors.New("nothing to read yet")

// Event is something that happened on a channel, which Read returns in place of data.
type Event int32

// The events that matter to a listener (dahdi/user.h).
const (
	AlarmOn     Event = 4
	AlarmOff    Event = 5
	Abort       Event = 6 // of a frame
	Overrun     Event = 7 // of a frame: longer than the buffer
	BadFCS      Event = 8
	Removed     Event = 20
	ReadOverrun Event = 29 // the driver had no room for sound and dropped some
)

var eventNames = map[Event]string{
	AlarmOn: "alarm", AlarmOff: "alarm over", Abort: "frame aborted", Overrun: "frame too long", BadFCS: "bad check sequence",
	Removed: "channel removed", ReadOverrun: "sound dropped by the driver",
}

func (e Event) Error() string {
	if name := eventNames[e]; name != "" {
		return name
	}
	return fmt.Sprintf("DAHDI event %d", int32(e))
}

// Open opens a channel by its number. The error says what to do.
func (d Device) Open(number int, use Use) (*Channel, error) {
	path := filepath.Join(d.dir(), "channel")
	fd, err := unix.Open(path, unix.O_RDWR|unix.O_NONBLOCK|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, d.noDriver(path, err)
	}
	c := &Channel{fd: fd, number: number}
	if err := c.setUp(use); err != nil {
		_ = c.Close() // nothing was written
		return nil, d.noChannel(number, err)
	}
	return c, nil
}

// setUp asks for the channel and for its data as they come, in large blocks.
func (c *Channel) setUp(use Use) error {
	if err := set(c.fd, reqSpecify, c.number); err != nil {
		return err
	}
	size := int32(longestFrame)
	if use == Sound {
		size = Block
		if err := set(c.fd, reqAudioMode, 0); err != nil {
			return fmt.Errorf("clear-channel mode: %w", err)
		}
	}
	if err := control(c.fd, reqSetBufInfo, &bufferInfo{Count: blocks, Size: size}); err != nil {
		return fmt.Errorf("buffers: %w", err)
	}
	// An older driver does not know of these events; sound that it drops shows by the clock, too.
	if err := set(c.fd, reqBufferEvents, 1); err != nil && !errors.Is(err, unix.ENOTTY) {
		return fmt.Errorf("buffer events: %w", err)
	}
	return nil
}

// Read takes what the driver holds: one block of sound at the most, or one frame. It never waits.
// It returns ErrEmpty if there is nothing, and an Event where one comes before the next data.
func (c *Channel) Read(b []byte) (int, error) {
	n, err := unix.Read(c.fd, b)
	switch {
	case err == nil:
		return n, nil
	case errors.Is(err, unix.EAGAIN), errors.Is(err, unix.EINTR):
		return 0, ErrEmpty
	case errors.Is(err, errEvent):
		var e int32
		if err := control(c.fd, reqGetEvent, &e); err != nil {
			return 0, fmt.Errorf("event of channel %d: %w", c.number, err)
		}
		if e == 0 {
			return 0, ErrEmpty
		}
		return 0, Event(e)
	}
	return 0, fmt.Errorf("reading channel %d: %w", c.number, err)
}

// Flush drops what the driver holds, so that the next block begins now.
func (c *Channel) Flush() error {
	const readSide, events = 1, 4
	if err := set(c.fd, reqFlush, readSide|events); err != nil {
		return fmt.Errorf("emptying channel %d: %w", c.number, err)
	}
	return nil
}

// Close lets go of the channel.
func (c *Channel) Close() error {
	if err := unix.Close(c.fd); err != nil {
		return fmt.Errorf("closing channel %d: %w", c.number, err)
	}
	return nil
}

// Wait returns when one of the channels has something, or after limit.
func Wait(limit time.Duration, channels ...*Channel) error {
	fds := make([]unix.PollFd, len(channels))
	for i, c := range channels {
		fds[i] = unix.PollFd{Fd: int32(c.fd), Events: unix.POLLIN | unix.POLLPRI}
	}
	if _, err := unix.Poll(fds, int(limit/time.Millisecond)); err != nil && !errors.Is(err, unix.EINTR) {
		return fmt.Errorf("waiting for DAHDI: %w", err)
	}
	return nil
}

func (d Device) dir() string {
	if d.Dir == "" {
		return "/dev/dahdi"
	}
	return d.Dir
}
