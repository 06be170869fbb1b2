package dahdi

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/sys/unix"
)

// maxChannels is how many channels the driver can have.
const maxChannels = 1024

// Span is one E1 of the driver.
type Span struct {
	Number   int
	Name     string
	Slots    []Slot // those that it has, in order
	Alarms   Alarms
	Counters Counters
}

// Slot is one timeslot of a span.
type Slot struct {
	Channel  int // the driver's number
	Position int // in the span, from 1
	Kind     SlotKind
}

// SlotKind is what a timeslot was set up as.
type SlotKind uint8

// The kinds of timeslot.
const (
	Unset  SlotKind = iota // by nothing in /etc/dahdi/system.conf
	BChan                  // bchan
	DChan                  // dchan
	Other                  // something that a tap has no use for
	HardDC                 // hardhdlc: the card itself does the framing
)

// kind reads a signalling type of dahdi/user.h.
func kind(signalling int32) SlotKind {
	const clearChannel, frames, hard = 1 << 7, 0x380, 1<<19 | 1<<7
	switch signalling {
	case 0:
		return Unset
	case clearChannel:
		return BChan
	case frames:
		return DChan
	case hard:
		return HardDC
	}
	return Other
}

// Alarms are those that are on, as the driver has them.
type Alarms uint32

// The alarms.
const (
	Recovering Alarms = 1 << 0
	Loopback   Alarms = 1 << 1
	Yellow     Alarms = 1 << 2 // RAI: the sender of this span hears nothing itself
	Red        Alarms = 1 << 3 // no signal, or no framing in it
	Blue       Alarms = 1 << 4 // AIS: all ones in place of a signal
	NotOpen    Alarms = 1 << 5
	NoSignal   Alarms = 1 << 8
	NoFraming  Alarms = 1 << 9
	NoMulti    Alarms = 1 << 10 // no multiframe alignment
)

var alarmNames = []struct {
	alarm Alarms
	name  string
}{
	{Red, "red"},
	{NoSignal, "no signal"},
	{NoFraming, "no framing"},
	{NoMulti, "no multiframe"},
	{Blue, "AIS"},
	{Yellow, "yellow"},
	{Recovering, "recovering"},
	{Loopback, "loopback"},
	{NotOpen, "not open"},
}

// Deaf reports whether nothing that is heard is the line's own sound.
func (a Alarms) Deaf() bool { return a&(Red|Blue|NoSignal|NoFraming|Recovering) != 0 }

func (a Alarms) String() string {
	var on []string
	for _, n := range alarmNames {
		if a&n.alarm != 0 {
			on = append(on, n.name)
		}
	}
	if len(on) == 0 {
		return "none"
	}
	return strings.Join(on, ", ")
}

// Counters are what the card has counted since the driver was loaded. A card that does not count
// something leaves it 0.
type Counters struct {
	Bipolar, CRC4, EBit, FAS    uint32 // line code violations, checksum errors, the far end's, framing words
	Framing, Code, Bits, Second uint32 // framing errors, code violations, bit errors, errored seconds
	Interrupts                  uint32 // missed: sound was dropped or heard twice
}

// Errors is how many faults of transmission there were in all.
func (c Counters) Errors() uint32 {
	return c.Bipolar + c.CRC4 + c.EBit + c.FAS + c.Framing + c.Code + c.Bits
}

// Spans lists the spans that there are, by number.
func (d Device) Spans() ([]Span, error) {
	path := filepath.Join(d.dir(), "ctl")
	fd, err := unix.Open(path, unix.O_RDWR|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, d.noDriver(path, err)
	}
	defer unix.Close(fd) // nothing was written
	found := map[int]*Span{}
	for n := 1; n < maxChannels; n++ {
		p := params{Channel: int32(n)}
		if err := control(fd, reqGetParams, &p); err != nil {
			continue // there is no such channel
		}
		if p.Span == 0 {
			continue
		}
		s := found[int(p.Span)]
		if s == nil {
			s = &Span{Number: int(p.Span)}
			found[s.Number] = s
		}
		s.Slots = append(s.Slots, Slot{Channel: n, Position: int(p.Position), Kind: kind(p.Signalling)})
	}
	var spans []Span
	for _, s := range found {
		if err := s.stat(fd); err != nil {
			return nil, err
		}
		slices.SortFunc(s.Slots, func(a, b Slot) int { return cmp.Compare(a.Position, b.Position) })
		spans = append(spans, *s)
	}
	slices.SortFunc(spans, func(a, b Span) int { return cmp.Compare(a.Number, b.Number) })
	return spans, nil
}

// State is the alarms and counters of one span. gone is true when there is no such span any more.
func (d Device) State(span int) (a Alarms, c Counters, gone bool, err error) {
	path := filepath.Join(d.dir(), "ctl")
	fd, err := unix.Open(path, unix.O_RDWR|unix.O_CLOEXEC, 0)
	if err != nil {
		return 0, c, true, d.noDriver(path, err)
	}
	defer unix.Close(fd) // nothing was written
	s := Span{Number: span}
	if err := s.stat(fd); err != nil {
		return 0, c, errors.Is(err, unix.EINVAL), err
	}
	return s.Alarms, s.Counters, false, nil
}

// stat fills in what the driver says of the span itself.
func (s *Span) stat(fd int) error {
	var b [spanInfoSize]byte
	binary.NativeEndian.PutUint32(b[:], uint32(s.Number))
	if err := control(fd, reqSpanStat, &b); err != nil {
		return fmt.Errorf("state of span %d: %w", s.Number, err)
	}
	s.parse(b[:])
	return nil
}

// parse reads struct dahdi_spaninfo, which is packed.
func (s *Span) parse(b []byte) {
	at := func(i int) uint32 { return binary.NativeEndian.Uint32(b[i:]) }
	name, _, _ := bytes.Cut(b[4:24], []byte{0})
	s.Name = string(name)
	s.Alarms = Alarms(at(64))
	s.Counters = Counters{
		Bipolar: at(76), CRC4: at(80), EBit: at(84), FAS: at(88),
		Framing: at(92), Code: at(96), Bits: at(100), Second: at(108), Interrupts: at(112),
	}
}
