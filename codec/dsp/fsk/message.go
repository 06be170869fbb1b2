package fsk

import (
	"errors"
	"fmt"
	"log/slog"
	"strings"
)

// Number is a telephone number as sent. It never prints whole in a log.
type Number string

// LogValue keeps the last two digits.
func (n Number) LogValue() slog.Value {
	if len(n) <= 2 {
		return slog.StringValue("**")
	}
	return slog.StringValue("…" + string(n[len(n)-2:]))
}

// Presentation says whether the caller's number may be shown.
type Presentation string

// The presentations. A network that sends no number says which of the last two it is.
const (
	Allowed     Presentation = "allowed"
	Withheld    Presentation = "withheld"    // the caller asked for it: "P"
	Unavailable Presentation = "unavailable" // the network does not know it: "O", or nothing said
)

// MessageWaiting is the call type of a message that announces voice mail and no call.
const MessageWaiting = 0x81

// Caller is what the network said of a call.
type Caller struct {
	Number       Number
	Name         string
	Presentation Presentation
	When         string // month, day, hour, minute: MMDDhhmm; empty if not sent
	CallType     byte   // EN 300 659-3 5.4.5: 1 voice call, 2 ring back; 0 if not sent
}

const (
	overhead   = 3              // type, length and checksum
	maxMessage = 255 + overhead // bytes

	single   = 0x04 // single data message format
	multiple = 0x80 // multiple data message format, call setup
)

// Parameters of the multiple data message format, EN 300 659-3 5.4.
const (
	dateTime     = 0x01
	number       = 0x02
	numberAbsent = 0x04
	name         = 0x07
	nameAbsent   = 0x08
	callType     = 0x11
)

// known reports whether a message about a caller may begin with b.
func known(b byte) bool { return b == single || b == multiple }

var (
	errShort    = errors.New("caller identity: message ends too soon")
	errChecksum = errors.New("caller identity: checksum is wrong")
	// A checksum of one byte lets one damaged message in 256 through; it is seldom damaged
	// so that date and number still look right.
	errDate   = errors.New("caller identity: date and time are not eight digits")
	errNumber = errors.New("caller identity: number holds what cannot be dialled")
)

// Parse reads a whole message: type, length, content, checksum.
func Parse(m []byte) (Caller, error) {
	if len(m) < overhead || len(m) < int(m[1])+overhead {
		return Caller{}, errShort
	}
	m = m[:int(m[1])+overhead]
	var sum byte
	for _, b := range m {
		sum += b
	}
	if sum != 0 {
		return Caller{}, errChecksum
	}
	content := m[2 : len(m)-1]
	switch m[0] {
	case single:
		return parseSingle(content)
	case multiple:
		return parseMultiple(content)
	}
	return Caller{}, fmt.Errorf("caller identity: message type %#02x is not about a call", m[0])
}

// parseSingle reads date and time, then the number or why there is none.
func parseSingle(b []byte) (Caller, error) {
	const date = 8
	if len(b) < date {
		return Caller{}, errShort
	}
	c := Caller{When: string(b[:date])}
	if !isDate(b[:date]) {
		return Caller{}, errDate
	}
	b = b[date:]
	if len(b) == 1 && (b[0] == 'P' || b[0] == 'O') {
		c.present(b)
		return c, nil
	}
	var err error
	if c.Number, err = digits(b); err != nil {
		return Caller{}, err
	}
	c.present(nil)
	return c, nil
}

func parseMultiple(b []byte) (Caller, error) {
	var c Caller
	var reason []byte
	for len(b) > 0 {
		if len(b) < 2 || len(b) < 2+int(b[1]) {
			return Caller{}, errShort
		}
		v := b[2 : 2+int(b[1])]
		switch b[0] {
		case dateTime:
			if !isDate(v) {
				return Caller{}, errDate
			}
			c.When = string(v)
		case number:
			var err error
			if c.Number, err = digits(v); err != nil {
				return Caller{}, err
			}
		case numberAbsent:
			reason = v
		case name:
			c.Name = text(v)
		case nameAbsent:
			c.Name = ""
		case callType:
			if len(v) > 0 {
				c.CallType = v[0]
			}
		}
		b = b[2+len(v):]
	}
	c.present(reason)
	return c, nil
}

// present settles the presentation, given why there is no number, if that was said.
func (c *Caller) present(reason []byte) {
	switch {
	case len(reason) > 0 && reason[0] == 'P':
		c.Presentation = Withheld
	case c.Number == "":
		c.Presentation = Unavailable
	default:
		c.Presentation = Allowed
	}
}

func isDate(b []byte) bool {
	for _, v := range b {
		if v < '0' || v > '9' {
			return false
		}
	}
	return len(b) == 8
}

// digits drops what numbers are written with for people to read.
func digits(b []byte) (Number, error) {
	n := make([]byte, 0, len(b))
	for _, v := range b {
		switch {
		case v >= '0' && v <= '9', v == '+', v == '*', v == '#':
			n = append(n, v)
		case strings.IndexByte(" -./()", v) < 0:
			return "", errNumber
		}
	}
	return Number(n), nil
}

// text makes of an ISO 8859-1 text one that is safe to show: without control characters and
// without spaces about it.
func text(b []byte) string {
	r := make([]rune, 0, len(b))
	for _, v := range b {
		if v >= 0x20 && v < 0x7F || v >= 0xA1 && v != 0xAD {
			r = append(r, rune(v))
		}
	}
	for len(r) > 0 && r[len(r)-1] == ' ' {
		r = r[:len(r)-1]
	}
	for len(r) > 0 && r[0] == ' ' {
		r = r[1:]
	}
	return string(r)
}
