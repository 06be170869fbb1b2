package pri

import (
	"encoding/binary"
	"errors"
	"io"
	"os"
	"testing"
	"time"

	"linevault/hal/pri/pcap"
	"linevault/hal/pri/q921"
)

const (
	linkLAPD  = pcap.LAPD
	linkLinux = pcap.LinuxLAPD
)

// heard is a frame as a tap would be fed it.
type heard struct {
	at   time.Duration
	from q921.Side
	data []byte
}

// load reads a scenario's merged capture.
func load(t testing.TB, scenario string) (frames []heard) {
	t.Helper()
	f, err := os.Open("testdata/" + scenario + ".pcap")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	r, err := pcap.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	c := capture{name: scenario, reader: r}
	var first time.Time
	for {
		b, from, at, err := c.read()
		if errors.Is(err, io.EOF) {
			return frames
		} else if err != nil {
			t.Fatal(err)
		}
		if first.IsZero() {
			first = at
		}
		frames = append(frames, heard{at.Sub(first), from, append([]byte(nil), b...)})
	}
}

// write makes a capture of frames; of two link types only one tells the direction.
func write(t testing.TB, file string, link uint32, frames []heard) {
	t.Helper()
	le := binary.LittleEndian
	b := le.AppendUint32(nil, 0xA1B2C3D4)
	b = le.AppendUint32(b, 2|4<<16)
	b = append(b, make([]byte, 8)...)
	b = le.AppendUint32(b, 65535)
	b = le.AppendUint32(b, link)
	for _, f := range frames {
		data := f.data
		if link == linkLinux {
			head := make([]byte, sllHeader, sllHeader+len(data))
			head[15] = 0x30 // ETH_P_LAPD
			if f.from == q921.User {
				head[1] = 4
			}
			data = append(head, data...)
		}
		b = le.AppendUint32(b, uint32(f.at/time.Second))
		b = le.AppendUint32(b, uint32(f.at%time.Second/time.Microsecond))
		b = le.AppendUint32(b, uint32(len(data)))
		b = le.AppendUint32(b, uint32(len(data)))
		b = append(b, data...)
	}
	if err := os.WriteFile(file, b, 0o600); err != nil {
		t.Fatal(err)
	}
}

// run feeds frames and returns every call as it was last, in order, and the tap.
func run(frames []heard) ([]Call, []Event, *Tap) {
	tap := NewTap()
	var calls []Call
	var all []Event
	keep := func(events []Event) {
		all = append(all, events...)
		for _, e := range events {
			for uint64(len(calls)) < e.Call.ID {
				calls = append(calls, Call{})
			}
			if e.Call.ID > 0 {
				calls[e.Call.ID-1] = e.Call
			}
		}
	}
	for _, f := range frames {
		keep(tap.Feed(f.data, f.from, f.at))
	}
	keep(tap.Close())
	return calls, all, tap
}
