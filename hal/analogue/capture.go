package analogue

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"time"

	"github.com/gordonklaus/portaudio"
	"golang.org/x/sys/unix"

	"linevault/hal"
)

// recordLength is how much audio one record holds, and how stale a stamp may be.
const recordLength = 20 * time.Millisecond

// CaptureOptions says what a child captures.
type CaptureOptions struct {
	Device   string // a device's name, or a part of it that no other has
	Channels int
	Rate     int
	List     bool     // print the devices there are, one a line, in place of capturing
	Out      *os.File // where records go; standard output if nil
}

// Child is the whole child process: it takes the arguments of `linevault card`, which only a
// Card of this package gives, and captures until its parent is gone. It is deaf to the signals
// that end a service, which reach all its processes at once: there is audio to be captured
// until the parent has had enough and kills it.
func Child(ctx context.Context, args []string) error {
	signal.Ignore(unix.SIGINT, unix.SIGTERM, unix.SIGHUP)
	var o CaptureOptions
	f := flag.NewFlagSet("card", flag.ContinueOnError)
	f.SetOutput(io.Discard)
	f.StringVar(&o.Device, "device", "", "")
	f.IntVar(&o.Channels, "channels", 1, "")
	f.IntVar(&o.Rate, "rate", 8000, "")
	f.BoolVar(&o.List, "list", false, "")
	if err := f.Parse(args); err != nil {
		return err
	}
	return Capture(ctx, o)
}

// childArgs is how a parent asks for what o says.
func childArgs(o CaptureOptions) []string {
	if o.List {
		return []string{"-list"}
	}
	return []string{
		"-device=" + o.Device, fmt.Sprintf("-channels=%d", o.Channels), fmt.Sprintf("-rate=%d", o.Rate),
	}
}

// Capture reads a device and writes records to o.Out until the reader of those is gone, the
// device fails or ctx ends between two reads. It belongs in a process of its own, which its
// parent may kill at any time: it takes over that process's standard output, where some
// drivers print, and forbids core dumps, which would hold audio.
func Capture(ctx context.Context, o CaptureOptions) error {
	if err := noCoreDump(); err != nil {
		return err
	}
	out, err := takeOutput(o.Out)
	if err != nil {
		return err
	}
	defer out.Close()
	if err := portaudio.Initialize(); err != nil {
		f := notStarted(o.Device, err)
		if o.List {
			return f.inFull() // people read it
		}
		return giveUp(out, f)
	}
	// No Terminate: on a device that has vanished it hangs for most of a minute, and the end
	// of this process does its work.
	if o.List {
		return printDevices(out)
	}
	s, buf, bad := openStream(o)
	if bad != nil {
		return giveUp(out, bad)
	}
	var wire []byte
	r := record{PCM: buf}
	for ctx.Err() == nil {
		err := s.Read()
		r.Mono, r.Overflow = hal.Now(), errors.Is(err, portaudio.InputOverflowed)
		if err != nil && !r.Overflow {
			return giveUp(out, &fault{Text: "the device gives no more audio" + aside(err), Hint: "check the card and its cable"})
		}
		wire = appendRecord(wire[:0], o.Channels, &r)
		if _, err := out.Write(wire); err != nil {
			return nil // the parent is gone, which is how a child is meant to end
		}
	}
	return nil
}

// aside is err in brackets, or nothing: a driver's own error is often without words.
func aside(err error) string {
	if err.Error() == "" {
		return ""
	}
	return fmt.Sprintf(" (%v)", err)
}

// giveUp tells the parent why, and returns it for whoever ran this by hand.
func giveUp(out io.Writer, f *fault) error {
	_, err := out.Write(appendRecord(nil, 0, &record{Fault: f}))
	return errors.Join(f, err)
}

// takeOutput keeps standard output for records alone: what C code prints there from now on
// goes to standard error.
func takeOutput(out *os.File) (*os.File, error) {
	if out != nil {
		return out, nil
	}
	fd, err := unix.FcntlInt(1, unix.F_DUPFD_CLOEXEC, 3)
	if err != nil {
		return nil, fmt.Errorf("keeping standard output: %w", err)
	}
	if err := unix.Dup3(2, 1, 0); err != nil {
		return nil, fmt.Errorf("redirecting standard output: %w", err)
	}
	return os.NewFile(uintptr(fd), "records"), nil
}

// noCoreDump sees to it that a crash leaves no audio on the disk. The limit alone does not
// stop a dump that the kernel pipes to a program.
func noCoreDump() error {
	if err := unix.Setrlimit(unix.RLIMIT_CORE, &unix.Rlimit{}); err != nil {
		return fmt.Errorf("forbidding core dumps: %w", err)
	}
	if err := unix.Prctl(unix.PR_SET_DUMPABLE, 0, 0, 0, 0); err != nil {
		return fmt.Errorf("forbidding core dumps: %w", err)
	}
	return nil
}

// openStream starts a blocking stream and returns the buffer that each Read fills.
func openStream(o CaptureOptions) (*portaudio.Stream, []int16, *fault) {
	all, err := portaudio.Devices()
	if err != nil {
		return nil, nil, &fault{Text: "listing devices: " + spoken(err), Hint: "check the sound drivers with `arecord -l`"}
	}
	d, bad := find(inputs(all), o.Device)
	if bad != nil {
		return nil, nil, bad
	}
	if o.Channels > d.MaxInputChannels {
		return nil, nil, &fault{
			Text: fmt.Sprintf("there is no channel %d on device %q", o.Channels, d.Name),
			Hint: fmt.Sprintf("it has channels 1 to %d", d.MaxInputChannels),
		}
	}
	frames := int(time.Duration(o.Rate) * recordLength / time.Second)
	buf := make([]int16, frames*o.Channels)
	s, err := portaudio.OpenStream(portaudio.StreamParameters{
		Input: portaudio.StreamDeviceParameters{
			Device: d, Channels: o.Channels, Latency: max(d.DefaultHighInputLatency, 5*recordLength),
		},
		SampleRate:      float64(o.Rate),
		FramesPerBuffer: frames,
		Flags:           portaudio.ClipOff | portaudio.DitherOff,
	}, buf)
	if errors.Is(err, portaudio.InvalidSampleRate) {
		return nil, nil, &fault{
			Text: fmt.Sprintf("device %q does not run at %d Hz", d.Name, o.Rate),
			Hint: fmt.Sprintf("set the card's rate to %.0f, or name an ALSA plug device for it", d.DefaultSampleRate),
		}
	}
	if err == nil {
		err = s.Start()
	}
	if err != nil {
		return nil, nil, &fault{
			Text: fmt.Sprintf("opening device %q: %s", d.Name, spoken(err)),
			Hint: "check that nothing else is using it, and with `linevault card --list` that it is the one that is meant",
		}
	}
	return s, buf, nil
}
