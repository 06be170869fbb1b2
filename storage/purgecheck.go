package storage

import (
	"errors"
	"fmt"
	"time"

	"linevault/codec/pcm"
)

// ErrWholeCall is a purge that would leave nothing of a call: that is an erasure.
var ErrWholeCall = errors.New("that is the whole call: ask for the call to be destroyed before its time, which another person must approve")

// PastEndError is a purge up to a time at which the call was over: perhaps 9 minutes were
// typed for 9 seconds, and what goes cannot be had back.
type PastEndError struct{ To, Length time.Duration }

func (e *PastEndError) Error() string {
	return fmt.Sprintf("the call is %v long and is over before %v: say again where the part ends; nothing was destroyed",
		e.Length.Round(time.Millisecond), e.To)
}

// purgeSlack is how far a purge may go beyond the end of a call, which people see in whole
// seconds, and what it must leave of it.
const purgeSlack = time.Second

// CheckPurge says why nobody alone may purge a span of a call that has ended: it goes beyond
// the call's end, there is no sound in it, or nothing would be left. What is in quarantine may
// always go.
func (r Row) CheckPurge(from, to time.Duration) error {
	switch {
	case from >= r.Length:
		return fmt.Errorf("it is %v long and has nothing from %v on: %w", r.Length.Round(time.Millisecond), from, ErrNothingThere)
	case to > r.Length+purgeSlack:
		return &PastEndError{To: to, Length: r.Length}
	}
	f := r.Format
	cut := pcm.Span{From: r.From + f.Samples(from), To: r.From + f.Samples(min(to, r.Length))}
	sound, kept := []pcm.Span{cut}, []pcm.Span{cut} // what sounds, and what of it anybody may hear
	for _, g := range r.Gaps {
		switch g.Cause {
		case Quarantined, Withheld:
			kept = without(kept, g.Span)
		case Damaged: // whatever is there goes
		default:
			sound, kept = without(sound, g.Span), without(kept, g.Span)
		}
	}
	switch {
	case len(sound) == 0:
		return fmt.Errorf("no sound of the call is stored from %v to %v, so there is nothing to destroy: %w", from, to, ErrNothingThere)
	case len(kept) > 0 && r.Length-(min(to, r.Length)-from) < purgeSlack:
		return ErrWholeCall
	}
	return nil
}

// without is what of spans is not in o.
func without(spans []pcm.Span, o pcm.Span) []pcm.Span {
	var rest []pcm.Span
	for _, s := range spans {
		rest = append(rest, subtract(s, o)...)
	}
	return rest
}
