package q931

import "fmt"

// Cause is a Q.850 cause value.
type Cause uint8

// The causes that a tap has a use for.
const (
	DestinationOut Cause = 27 // destination out of order: what a lost D channel clears with
	InvalidCallRef Cause = 81
)

// causeNames are those of Q.850 table 1 that clear calls in practice.
var causeNames = map[Cause]string{
	1: "unallocated number", 2: "no route to network", 3: "no route to destination", 6: "channel unacceptable",
	16: "normal clearing", 17: "user busy", 18: "no user responding", 19: "no answer from user",
	20: "subscriber absent", 21: "call rejected", 22: "number changed", 26: "non-selected user clearing",
	27: "destination out of order", 28: "invalid number format", 29: "facility rejected",
	31: "normal, unspecified", 34: "no channel available", 38: "network out of order",
	41: "temporary failure", 42: "congestion", 43: "access information discarded",
	44: "requested channel not available", 47: "resource unavailable", 57: "bearer capability not authorised",
	58: "bearer capability not available", 63: "service not available", 65: "bearer capability not implemented",
	81: "invalid call reference", 88: "incompatible destination", 96: "mandatory element missing",
	97: "message type non-existent", 98: "message not compatible with call state",
	100: "invalid element contents", 101: "message not compatible with call state",
	102: "recovery on timer expiry", 111: "protocol error", 127: "interworking",
}

func (c Cause) String() string {
	if s, ok := causeNames[c]; ok {
		return fmt.Sprintf("%d %s", uint8(c), s)
	}
	return fmt.Sprintf("%d", uint8(c))
}

// Cause is the message's cause (Q.850 2.1), false if it gives none that can be read.
func (m *Message) Cause() (Cause, bool) {
	b, ok := m.Find(CauseElement)
	if !ok {
		return 0, false
	}
	_, b = group(b)
	if len(b) == 0 {
		return 0, false
	}
	return Cause(b[0] & 0x7F), true
}
