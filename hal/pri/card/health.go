package card

import (
	"linevault/codec/pcm"
	"linevault/hal/pri"
	"linevault/hal/pri/dahdi"
)

// Health is how a circuit is.
type Health struct {
	Spans  [2]SpanHealth // the network's, then the user's, as configured
	Link   pri.Health
	Slips  int // how often the timeslots were no longer in step and began anew
	Calls  int // heard of
	Data   int // data calls, which are not recorded
	NoLine int // calls that ended without ever having had a timeslot
}

// SpanHealth is how one receiver is.
type SpanHealth struct {
	Fault    string // why it gives nothing, or empty
	Alarms   dahdi.Alarms
	Counters dahdi.Counters
	Frames   int // of the D-channel
	Aborted  int // frames
	BadFCS   int // frames with a wrong check sequence
	TooLong  int // frames
	Dropped  int // times that the driver had no room for sound
	Restarts int // times that the span was let go of

	faulty pcm.Mono // when the counters last grew
}

// publish makes the state readable from elsewhere.
func (r *reader) publish() {
	r.mu.Lock()
	defer r.mu.Unlock()
	for i, s := range r.spans {
		r.seen.Spans[i] = s.stats
		r.seen.Spans[i].Fault = s.fault
	}
	r.seen.Slips = r.slips
	r.seen.Link, r.seen.Calls, r.seen.Data, r.seen.NoLine = r.office.tap.Health(), r.office.calls, r.office.data, r.office.noLine
}

func (r *reader) health() Health {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.seen
}
