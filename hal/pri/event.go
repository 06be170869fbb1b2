package pri

import "time"

// Kind says what an event is about.
type Kind uint8

// The kinds of event. Those of a call carry it as it was just after.
const (
	Began       Kind = iota + 1 // a call was first heard of
	Fixed                       // a call's timeslot is agreed, or has changed: Call.Slot
	Dialled                     // the called number grew
	Rang                        // the called side alerts
	Answered                    // both parties are through
	Held                        // the channel is given up; audio on it is no longer this call's
	Retrieved                   // the call is back, maybe on another timeslot
	FarHeld                     // the far end parked the call (Q.931 4.5.22, Q.932 9.3); the channel stays
	FarBack                     // the far end took it up again
	Diverted                    // the called side sent the call elsewhere
	Renamed                     // the other party's number is known, or is another
	Transferred                 // the call was joined with another of this line
	Doubted                     // the call may have ended unheard while the D channel was lost
	Ended                       // clearing began: Call.Cause, Call.Ending
	Freed                       // the call's timeslot and reference are free; its last event
	LinkUp                      // the D channel carries messages
	LinkDown                    // it does not
	Missed                      // Count frames were sent that were not heard
	Rewired                     // which receiver hears which side has become clear: Wiring
)

var kindNames = [...]string{
	"", "began", "fixed", "dialled", "rang", "answered", "held", "retrieved", "far held", "far back", "diverted", "renamed",
	"transferred", "doubted", "ended", "freed", "link up", "link down", "missed", "rewired",
}

func (k Kind) String() string { return kindNames[k] }

// Event is one thing that happened on a D channel.
type Event struct {
	Kind   Kind
	At     time.Duration // as given to Feed
	Call   Call          // zero for events of the link
	Count  int
	Wiring Wiring
}

// Wiring is how the two receivers of a tap lie, as the C/R bits of what they hear tell.
type Wiring uint8

// The wirings.
const (
	WiringUnknown Wiring = iota
	Straight
	Swapped  // the receiver labelled network hears the user side, and the other way round
	SameSide // both receivers hear frames of one side: a receiver on the wrong pair
)

func (w Wiring) String() string {
	return [...]string{"unknown", "straight", "swapped", "same side"}[w]
}
