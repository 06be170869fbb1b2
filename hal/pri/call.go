package pri

import (
	"time"

	"linevault/hal/pri/q921"
	"linevault/hal/pri/q931"
)

// MaxSlots is one more than the highest timeslot of an E1.
const MaxSlots = 32

// maxChannels is how many changes of channel a call remembers.
const maxChannels = 32

// Direction is which way a call was made, seen from the council's switchboard.
type Direction string

// The directions of a call.
const (
	In  Direction = "in"  // towards the user side
	Out Direction = "out" // from the user side
)

// When is an instant that may not have been seen.
type When struct {
	At   time.Duration
	Seen bool
}

func seen(at time.Duration) When { return When{At: at, Seen: true} }

// Ending says how a call ended.
type Ending uint8

// The endings.
const (
	NotEnded   Ending = iota
	Cleared           // a clearing message was heard
	Restarted         // a RESTART took its channel (Q.931 5.5)
	LinkLost          // the D channel was away for so long that both ends gave the call up (Q.931 5.8.9)
	Superseded        // another call took its channel or its reference, so its end was missed
	Ignored           // nobody answered its SETUP (T303, Q.931 5.1.1)
	Forgotten         // too many calls at once, or the tap was closed: its end was not heard
)

func (e Ending) String() string {
	return [...]string{
		"not ended", "cleared", "restarted", "lost with the D channel", "end missed", "ignored", "end not heard",
	}[e]
}

// State is how far a call has got.
type State uint8

// The states of a call, coarser than those of Q.931 2.1.
const (
	Offered  State = iota // SETUP heard, or nothing of its beginning
	Dialling              // SETUP ACKNOWLEDGE: digits follow
	Routing               // CALL PROCEEDING
	Ringing               // ALERTING
	Active                // CONNECT
	Clearing              // DISCONNECT or RELEASE
	Gone                  // its reference is free
)

func (s State) String() string {
	return [...]string{"offered", "dialling", "routing", "ringing", "active", "clearing", "gone"}[s]
}

// Call is what is known of one call. It is a value: Channels is never written again in place.
type Call struct {
	ID          uint64 // counts the calls of a tap from 1
	Ref         uint16
	Direction   Direction
	State       State
	First       time.Duration // the first message heard of it
	Start       When          // SETUP, or the message that fixed its channel if SETUP was missed
	Answer      When          // CONNECT
	End         When          // the first clearing message, or what stands for it
	Ending      Ending
	Cause       q931.Cause // of the first clearing message; 0 if there was none
	Calling     q931.Number
	CallingSub  string
	Called      string // all digits, those sent in overlap included
	CalledSub   string
	Complete    bool // the number was said to be complete
	Redirecting q931.Number
	DivertedTo  q931.Number // where the called side sent it instead
	Connected   q931.Number // who answered
	Party       q931.Number // who is there after a transfer at the far end
	Display     string
	Bearer      q931.Bearer
	Channel     int   // timeslot at the start, 0 if it never had one
	Channels    []int // all that it used, in order
	Held        bool  // its channel is given up for the time being (Q.932 6.2)
	Joined      bool  // its SETUP was not heard
	Inband      bool  // tones or announcements can be heard without an answer
	Transferred bool  // joined with another call of this line (EN 300 369)
	Doubtful    bool  // nothing heard of it since the D channel was lost for long

	origin q921.Side // the side that chose Ref, as the receivers are labelled
}

// Slot is the timeslot that the call has now, 0 if none.
func (c *Call) Slot() int {
	if c.Held || len(c.Channels) == 0 {
		return 0
	}
	return c.Channels[len(c.Channels)-1]
}

// Live reports whether the call still goes on.
func (c *Call) Live() bool { return c.Ending == NotEnded }

// call is a Call and what the tap needs to follow it.
type call struct {
	Call
	setup    uint64        // hash of its SETUP, 0 if none was heard
	touched  time.Duration // its last message
	replied  bool          // the called side has answered something
	fixed    bool          // the called side has agreed to the channel
	released q921.Side     // who sent the first RELEASE
	service  bool          // a REGISTER: no call at all
	doubt    time.Duration // by when it was lost, if Doubtful
	linkID   int           // its name for a transfer
	hasLink  bool
	joining  *call // the other call of a transfer that was asked for
	invokeID int   // of that request
}

// take makes slot the call's channel. Until the called side has agreed to one, a channel is a
// proposal, which an answer replaces (Q.931 5.1.2, 5.2.3).
func (c *call) take(slot int, proposal bool) {
	if c.fixed && c.Slot() == slot {
		return
	}
	if !c.fixed && len(c.Channels) > 0 {
		c.Channels = nil
	}
	c.fixed = c.fixed || !proposal
	if n := len(c.Channels); n < maxChannels && (n == 0 || c.Channels[n-1] != slot) {
		c.Channels = append(c.Channels[:n:n], slot)
	}
	c.Channel = c.Channels[0]
}

// dial adds digits to the called number.
func (c *call) dial(digits string) bool {
	room := q931.MaxDigits - len(c.Called)
	digits = digits[:min(len(digits), room)]
	c.Called += digits
	return digits != ""
}
