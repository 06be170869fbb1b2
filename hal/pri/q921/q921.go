// Package q921 reads ISDN data link frames (ITU-T Q.921, 1997) as a passive tap hears them: it
// never answers, so it tells who sent a frame, what was repeated and what it missed.
package q921

import "fmt"

// Side is one end of the data link.
type Side uint8

// The ends of a link. Nobody stands for an end that cannot be told.
const (
	Nobody  Side = iota
	Network      // the exchange
	User         // the council's switchboard
)

// Other is the opposite end.
func (s Side) Other() Side {
	switch s {
	case Network:
		return User
	case User:
		return Network
	}
	return Nobody
}

func (s Side) String() string {
	switch s {
	case Network:
		return "network"
	case User:
		return "user"
	}
	return "nobody"
}

// Kind is a frame's function (Q.921 table 5).
type Kind uint8

// The kinds of frame.
const (
	Unknown Kind = iota
	I            // numbered information
	RR           // receive ready
	RNR          // receive not ready
	REJ          // reject: go back to NR
	SABME        // set up multiple frame operation
	DM           // disconnected
	UI           // unnumbered information
	DISC         // tear down
	UA           // acknowledges SABME and DISC
	FRMR         // frame reject
	XID          // exchange identification
)

var kindNames = [...]string{"unknown", "I", "RR", "RNR", "REJ", "SABME", "DM", "UI", "DISC", "UA", "FRMR", "XID"}

func (k Kind) String() string { return kindNames[k] }

// modifiers maps the control octet of an unnumbered frame, P/F bit cleared, to its kind.
var modifiers = map[byte]Kind{0x6F: SABME, 0x0F: DM, 0x03: UI, 0x43: DISC, 0x63: UA, 0x87: FRMR, 0xAF: XID}

// SignallingSAPI is the service access point of Q.931 (Q.921 3.3.3).
const SignallingSAPI = 0

// Frame is one data link frame, without flags and check sequence.
type Frame struct {
	SAPI uint8
	TEI  uint8
	CR   bool // the command/response bit as it lies in the address (Q.921 3.3.2)
	Kind Kind
	PF   bool   // poll or final
	NS   uint8  // of an I frame
	NR   uint8  // of I, RR, RNR and REJ frames
	Info []byte // the layer 3 message of I and UI frames; it shares the memory that was parsed
}

// FrameError says why octets are no frame.
type FrameError struct {
	Len int
	Why string
}

func (e *FrameError) Error() string {
	return fmt.Sprintf("link frame of %d octets: %s", e.Len, e.Why)
}

// Parse reads a frame with extended, modulo 128 control fields (Q.921 3.4), the only ones that a
// D channel uses. The frame borrows b.
func Parse(b []byte) (Frame, error) {
	if len(b) < 3 {
		return Frame{}, &FrameError{len(b), "too short"}
	}
	if b[0]&1 != 0 || b[1]&1 == 0 {
		return Frame{}, &FrameError{len(b), "address extension bits are wrong"}
	}
	f := Frame{SAPI: b[0] >> 2, CR: b[0]&2 != 0, TEI: b[1] >> 1}
	c := b[2]
	if c&3 == 3 {
		f.Kind, f.PF = modifiers[c&^0x10], c&0x10 != 0
		if f.Kind == Unknown {
			return Frame{}, &FrameError{len(b), fmt.Sprintf("control octet %#02x means nothing", c)}
		}
		if f.Kind == UI {
			f.Info = b[3:]
		}
		return f, nil
	}
	if len(b) < 4 {
		return Frame{}, &FrameError{len(b), "control field cut off"}
	}
	f.NR, f.PF = b[3]>>1, b[3]&1 != 0
	if c&1 == 0 {
		f.Kind, f.NS, f.Info = I, c>>1, b[4:]
		return f, nil
	}
	switch c {
	case 0x01:
		f.Kind = RR
	case 0x05:
		f.Kind = RNR
	case 0x09:
		f.Kind = REJ
	default:
		return Frame{}, &FrameError{len(b), fmt.Sprintf("control octet %#02x means nothing", c)}
	}
	return f, nil
}

// Sender tells who sent f from its C/R bit: the network sets it in commands, the user in
// responses (Q.921 table 1). Supervisory frames and XID may be either, so they name Nobody.
func (f Frame) Sender() Side {
	fromNetwork := f.CR
	switch f.Kind {
	case I, UI, SABME, DISC:
	case UA, DM, FRMR:
		fromNetwork = !fromNetwork
	default:
		return Nobody
	}
	if fromNetwork {
		return Network
	}
	return User
}

// Numbered reports whether f occurs only in multiple frame operation, that is, with the link up.
func (f Frame) Numbered() bool { return f.Kind >= I && f.Kind <= REJ }
