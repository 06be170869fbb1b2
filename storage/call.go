package storage

import (
	"log/slog"
	"time"

	"linevault/codec/pcm"
)

// CallID names a call for ever: 26 characters that sort by the time the call began.
type CallID string

// Number is a telephone number, digits as signalled. It never prints whole in a log.
type Number string

// LogValue keeps the last two digits.
func (n Number) LogValue() slog.Value {
	if len(n) <= 2 {
		return slog.StringValue("**")
	}
	return slog.StringValue("…" + string(n[len(n)-2:]))
}

// Direction is which way a call was made, where the line can tell.
type Direction string

// The directions of a call.
const (
	Unknown  Direction = ""
	Inbound  Direction = "in"
	Outbound Direction = "out"
)

// Call is what is known of a call while it is being recorded. It is kept sealed.
type Call struct {
	ID         CallID     `json:"id"`
	Line       pcm.LineID `json:"line"`
	Name       string     `json:"name"` // the line's public name
	Department string     `json:"department,omitempty"`
	LineNumber Number     `json:"line_number,omitempty"`
	FarNumber  Number     `json:"far_number,omitempty"`
	Called     Number     `json:"called,omitempty"` // as the line gave it: with direct dialling in, the last digits
	Direction  Direction  `json:"direction,omitempty"`
	Class      string     `json:"class"` // retention class
	Format     pcm.Format `json:"format"`
	Start      time.Time  `json:"start"` // time of day of From
	From       pcm.Pos    `json:"from"`  // where the call begins on the line's clock
	Clock      ClockState `json:"clock"`
	Software   string     `json:"software,omitempty"`
	Demo       bool       `json:"demo,omitempty"`
	// Signalled is the call's name in the line's own signalling. Recordings with the same one are of one
	// call, which was held or changed its channel in between.
	Signalled string `json:"signalled,omitempty"`
	// Pauses are those that were asked for, in the order in which they arrived, and payments
	// that nobody paused.
	Pauses []Asked `json:"pauses,omitempty"`
}

// ClockState is how far the time of day could be trusted when a call began.
type ClockState struct {
	Source      string        `json:"source"` // "ntp" when the kernel says it is synchronised, else "none"
	Offset      time.Duration `json:"offset"`
	Uncertainty time.Duration `json:"uncertainty"`
}

// Cause is why a stretch of a call was not kept, or cannot be played.
type Cause string

// The causes of a gap. Damaged and Withheld appear in playback only.
const (
	Paused      Cause = "paused"   // a source asked for it; recording went on afterwards
	Stopped     Cause = "stopped"  // a source asked for it, on a line that stops for good
	Lost        Cause = "lost"     // the card or this machine dropped it
	Damaged     Cause = "damaged"  // kept, and no longer readable
	Withheld    Cause = "withheld" // kept before a late pause arrived; never played
	NotByPolicy Cause = "policy"   // a rule said that this call is not recorded: the gap's reason names it
	Purged      Cause = "purged"   // kept, and destroyed afterwards: who and why stand with it
	// Quarantined may hold card data: it is not played until somebody purges or releases it.
	Quarantined Cause = "quarantined"
)

// causes are those that a box may give; the others come with reading.
var causes = []Cause{Paused, Stopped, Lost, NotByPolicy, Purged}

// Gap is a stretch of a call that was not kept.
type Gap struct {
	Span   pcm.Span `json:"span"`
	Cause  Cause    `json:"cause"`
	By     string   `json:"by,omitempty"`     // who asked, e.g. "terminal parking-1"
	Reason string   `json:"reason,omitempty"` // what they said
}

// EndReason is why a call or a part of it ended.
type EndReason string

// The reasons for an end.
const (
	HungUp      EndReason = "hung up"     // signalling or silence said so
	Continued   EndReason = "continued"   // the call goes on in the next part
	CardLost    EndReason = "card lost"   // the card vanished in mid call
	StoppedBox  EndReason = "box stopped" // the recorder was asked to stop
	Interrupted EndReason = "interrupted" // nobody wrote an end: a crash or a power cut
	FileEnd     EndReason = "file end"    // a replayed file ran out
)

// End closes a part. The two durations are kept apart: what the line's clock counted is
// At - From; Machine is what CLOCK_MONOTONIC saw.
type End struct {
	At      pcm.Pos       `json:"at"`
	Why     EndReason     `json:"why"`
	Machine time.Duration `json:"machine"`
}
