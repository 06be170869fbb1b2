// Package q931 reads ISDN call control messages (ITU-T Q.931, 05/98, with the hold functions of
// Q.932 and the diversion and transfer components of EN 300 207 and EN 300 369). It is made for a
// tap: what cannot be read is left out and counted, and the rest of the message still stands.
package q931

import (
	"errors"
	"fmt"
)

// Discriminator is the first octet of a call control message (Q.931 4.2).
const Discriminator = 0x08

// MaxElements is how many information elements of one message are kept.
const MaxElements = 64

// ErrOtherProtocol means that a message is not call control, which is no fault.
var ErrOtherProtocol = errors.New("not call control")

// Type is a message's type (Q.931 4.4, Q.932 8.2).
type Type uint8

// The types of message.
const (
	Alerting        Type = 0x01
	CallProceeding  Type = 0x02
	Progress        Type = 0x03
	Setup           Type = 0x05
	Connect         Type = 0x07
	SetupAck        Type = 0x0D
	ConnectAck      Type = 0x0F
	UserInformation Type = 0x20
	SuspendReject   Type = 0x21
	ResumeReject    Type = 0x22
	Hold            Type = 0x24
	Suspend         Type = 0x25
	Resume          Type = 0x26
	HoldAck         Type = 0x28
	SuspendAck      Type = 0x2D
	ResumeAck       Type = 0x2E
	HoldReject      Type = 0x30
	Retrieve        Type = 0x31
	RetrieveAck     Type = 0x33
	RetrieveReject  Type = 0x37
	Disconnect      Type = 0x45
	Restart         Type = 0x46
	Release         Type = 0x4D
	RestartAck      Type = 0x4E
	ReleaseComplete Type = 0x5A
	Segment         Type = 0x60
	Facility        Type = 0x62
	Register        Type = 0x64
	Notify          Type = 0x6E
	StatusEnquiry   Type = 0x75
	CongestionCtrl  Type = 0x79
	Information     Type = 0x7B
	Status          Type = 0x7D
)

var typeNames = map[Type]string{
	Alerting: "ALERTING", CallProceeding: "CALL PROCEEDING", Progress: "PROGRESS", Setup: "SETUP",
	Connect: "CONNECT", SetupAck: "SETUP ACKNOWLEDGE", ConnectAck: "CONNECT ACKNOWLEDGE",
	UserInformation: "USER INFORMATION", SuspendReject: "SUSPEND REJECT",
	ResumeReject: "RESUME REJECT", Hold: "HOLD", Suspend: "SUSPEND", Resume: "RESUME",
	HoldAck: "HOLD ACKNOWLEDGE", SuspendAck: "SUSPEND ACKNOWLEDGE",
	ResumeAck: "RESUME ACKNOWLEDGE", HoldReject: "HOLD REJECT", Retrieve: "RETRIEVE",
	RetrieveAck: "RETRIEVE ACKNOWLEDGE", RetrieveReject: "RETRIEVE REJECT",
	Disconnect: "DISCONNECT", Restart: "RESTART", Release: "RELEASE",
	RestartAck: "RESTART ACKNOWLEDGE", ReleaseComplete: "RELEASE COMPLETE", Segment: "SEGMENT",
	Facility: "FACILITY", Register: "REGISTER", Notify: "NOTIFY", StatusEnquiry: "STATUS ENQUIRY",
	CongestionCtrl: "CONGESTION CONTROL", Information: "INFORMATION", Status: "STATUS",
}

func (t Type) String() string {
	if s, ok := typeNames[t]; ok {
		return s
	}
	return fmt.Sprintf("message %#02x", uint8(t))
}

// Message is one call control message. Its elements share the memory that was parsed.
type Message struct {
	Ref     uint16 // call reference value; 0 is the global one (Q.931 4.3)
	Flag    bool   // set in what is sent to the side that chose Ref
	Dummy   bool   // there is no call reference at all
	Type    Type
	Body    []Element
	Cut     bool // the last element promised more octets than there are
	Dropped int  // elements beyond MaxElements
}

// MessageError says why octets are no message.
type MessageError struct {
	Len int
	Why string
}

func (e *MessageError) Error() string {
	return fmt.Sprintf("call control message of %d octets: %s", e.Len, e.Why)
}

// Parse reads a message. What is cut off at the end costs the last element only.
func Parse(b []byte) (Message, error) {
	if len(b) == 0 {
		return Message{}, &MessageError{0, "empty"}
	}
	if b[0] != Discriminator {
		return Message{}, ErrOtherProtocol
	}
	if len(b) < 3 {
		return Message{}, &MessageError{len(b), "too short"}
	}
	n := int(b[1] & 0x0F)
	if len(b) < 3+n {
		return Message{}, &MessageError{len(b), "call reference cut off"}
	}
	if b[1]&0xF0 != 0 || n > 2 {
		return Message{}, &MessageError{len(b), "call reference is not of 0 to 2 octets"}
	}
	m := Message{Dummy: n == 0, Type: Type(b[2+n])}
	if n > 0 {
		m.Flag = b[2]&0x80 != 0
		m.Ref = uint16(b[2] & 0x7F)
	}
	if n == 2 {
		m.Ref = m.Ref<<8 | uint16(b[3])
	}
	if m.Type == 0 { // escape to a national type (Q.931 4.4)
		return Message{}, &MessageError{len(b), "nationally specific message"}
	}
	m.elements(b[3+n:])
	return m, nil
}
