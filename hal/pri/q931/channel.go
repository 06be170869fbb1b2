package q931

import "math/bits"

// Timeslots of an E1 that can carry a call: 1 to 31, of which 16 is the D channel.
const (
	maxTimeslot = 31
	dTimeslot   = 16
)

// Channel is a channel identification (Q.931 4.5.13).
type Channel struct {
	Slots     uint32 // bit n set: timeslot n
	Exclusive bool   // no other will do
	Any       bool   // the other side may choose
	OtherSpan bool   // it names an interface explicitly, which need not be this one
}

// Slot is the lowest timeslot that c names, 0 if none.
func (c Channel) Slot() int {
	if c.Slots == 0 {
		return 0
	}
	return bits.TrailingZeros32(c.Slots)
}

// Has reports whether c names that timeslot.
func (c Channel) Has(slot int) bool { return slot > 0 && c.Slots&(1<<slot) != 0 }

// Values of octet 3 (Q.931 figure 4-18).
const (
	interfaceGiven  = 0x40
	primaryRate     = 0x20
	exclusive       = 0x08
	dChannelOnly    = 0x04
	selection       = 0x03
	selectNone      = 0
	selectIndicated = 1
	selectAny       = 3
	byMap           = 0x10
	unitTypeBits    = 0x0F
	bChannelUnits   = 3
	slotMapOctetsE1 = 4
)

// ParseChannel reads a channel identification of an E1. A channel that is not a timeslot for calls
// is left out.
func ParseChannel(b []byte) (Channel, bool) {
	if len(b) == 0 {
		return Channel{}, false
	}
	o := b[0]
	c := Channel{Exclusive: o&exclusive != 0, OtherSpan: o&interfaceGiven != 0}
	if o&dChannelOnly != 0 {
		return c, true
	}
	if o&primaryRate == 0 { // basic rate: B1 and B2 (figure 4-18, octet 3)
		c.Any = o&selection == selectAny
		if s := o & selection; s == 1 || s == 2 {
			c.Slots = 1 << s
		}
		return c, true
	}
	switch o & selection {
	case selectAny:
		c.Any = true
		return c, true
	case selectIndicated:
	case selectNone:
		return c, true
	default:
		return c, false
	}
	b = b[1:]
	if c.OtherSpan {
		_, b = group(b)
	}
	if len(b) == 0 {
		return c, false
	}
	units := b[0]
	_, b = group(b)
	if units&unitTypeBits != bChannelUnits {
		return c, true // H0, H11, H12: no calls to record
	}
	if units&byMap != 0 {
		c.Slots = slotMap(b)
	} else {
		c.Slots = slotNumbers(b)
	}
	return c, true
}

// slotMap reads a map, highest timeslot first (figure 4-20).
func slotMap(b []byte) (s uint32) {
	if len(b) < slotMapOctetsE1 {
		return 0
	}
	for _, o := range b[:slotMapOctetsE1] {
		s = s<<8 | uint32(o)
	}
	return s &^ (1<<0 | 1<<dTimeslot)
}

// slotNumbers reads a list of channel numbers, of which bit 8 marks the last. For 2048 kbit/s they
// are timeslots (4.5.13, note to figure 4-20).
func slotNumbers(b []byte) (s uint32) {
	for _, o := range b {
		if n := o & 0x7F; n >= 1 && n <= maxTimeslot && n != dTimeslot {
			s |= 1 << n
		}
		if o&0x80 != 0 {
			break
		}
	}
	return s
}

// Channel is the message's channel identification.
func (m *Message) Channel() (Channel, bool) {
	b, ok := m.Find(ChannelID)
	if !ok {
		return Channel{}, false
	}
	return ParseChannel(b)
}
