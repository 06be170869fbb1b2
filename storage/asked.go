package storage

import (
	"time"

	"linevault/codec/pcm"
)

// Asked is a pause as it was asked for, or a payment that nobody paused. The gaps say what was
// cut; this says how the asking went.
type Asked struct {
	Kind    AskedKind     `json:"kind"`
	By      string        `json:"by"`
	Reason  string        `json:"reason,omitempty"`
	At      pcm.Pos       `json:"at"`               // when it should have begun, no guard included
	To      pcm.Pos       `json:"to,omitempty"`     // when it was over; 0 if the call was, before
	Latency time.Duration `json:"latency"`          // from At until it reached the line
	Late    time.Duration `json:"late,omitempty"`   // what had been recorded by then
	Long    bool          `json:"long,omitempty"`   // it outlasted its limit
	Missed  bool          `json:"missed,omitempty"` // a payment from At to To, or digits of a card, and no pause
}

// AskedKind is what kind of source asked.
type AskedKind string

// The kinds of sources.
const (
	ByTerminal AskedKind = "terminal"
	ByContact  AskedKind = "contact"
	ByKeypad   AskedKind = "keypad"
	ByPerson   AskedKind = "person" // at the web page or the console
	ByBox      AskedKind = "box"    // the recorder itself heard a card's digits
)

// MaxAsked is how many of them a call has at most; more are cut all the same.
const MaxAsked = 100
