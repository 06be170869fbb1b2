// Package hal is the hardware boundary: lines that yield blocks of audio and signalling, and
// contacts that yield edges. It knows nothing of calls.
package hal

import (
	"context"
	"fmt"
	"time"

	"golang.org/x/sys/unix"

	"linevault/codec/pcm"
)

// MaxBlock is the most audio that one Read yields.
const MaxBlock = 200 * time.Millisecond

// Line is one tapped circuit. One goroutine at a time may use it.
type Line interface {
	ID() pcm.LineID
	Format() pcm.Format
	// Read fills b with what the card has captured since the last Read, at most MaxBlock,
	// reusing b's memory. It does not wait: a block without audio is stamped all the same,
	// so that time passes on a silent card too. It returns io.EOF once the card is closed
	// and everything captured has been read. A card that vanishes does not end its lines:
	// they signal Lost, then Back when it returns, in a new epoch.
	Read(b *Block) error
}

// Card is hardware with lines.
type Card interface {
	Lines() []Line
	// Close stops capture and returns soon, even when the hardware hangs.
	Close() error
}

// Block is what one read of a line yields: audio and signalling together, so that their
// order is never a matter of scheduling.
type Block struct {
	Frame    pcm.Frame
	Captured pcm.Mono // when the last sample of Frame had been captured, or the read was made
	Signals  []Signal // in order of At
}

// Reset empties b and keeps its memory.
func (b *Block) Reset() {
	b.Frame.PCM = b.Frame.PCM[:0]
	b.Signals = b.Signals[:0]
}

// SignalKind says what a line signalled.
type SignalKind uint8

// The kinds of signal.
const (
	Lost         SignalKind = iota + 1 // the card stopped giving audio; Data is the reason
	Back                               // the card gives audio again, in a new epoch
	LoopClosed                         // loop current flows: off hook
	LoopOpen                           // loop current stopped: on hook
	FarNumber                          // Data is the other party's number, digits
	Direction                          // Data is "in" or "out"
	CalledNumber                       // Data is the number that was called, digits, as the line gives it
	Cleared                            // while the exchange says by a tone that the call is over; Data is the tone
	Reference                          // Data names the call, comes before LoopClosed, and stays the same when the call moves or was held
	Ringing                            // while ringing current is signalled or heard; Data is "burst" where a burst begins
	Lifted                             // the receiver was heard to be lifted, as many samples before as Data says in digits
)

var signalNames = map[SignalKind]string{
	Lost: "lost", Back: "back", LoopClosed: "loop closed", LoopOpen: "loop open",
	FarNumber: "far number", Direction: "direction", CalledNumber: "called number", Cleared: "cleared",
	Reference: "reference", Ringing: "ringing", Lifted: "lifted",
}

func (k SignalKind) String() string { return signalNames[k] }

// Signal is one event of a line's signalling.
type Signal struct {
	At   pcm.Pos
	Kind SignalKind
	Data []byte // the message itself, where the line has one
}

// Input is a contact.
type Input interface {
	// Wait returns the contact's next edge; the first call tells its state at once.
	Wait(ctx context.Context) (Edge, error)
	Close() error
}

// Edge is a change of a contact.
type Edge struct {
	At     pcm.Mono
	Closed bool // the contact asks: for a normally closed one, its wire is open
	Lost   int  // edges the kernel dropped before this one
}

// CardError is a fault of a card that a person can mend.
type CardError struct {
	Card string
	Err  error
	Hint string // what to do, in the words of the field engineer's manual
}

func (e *CardError) Error() string {
	if e.Hint == "" {
		return fmt.Sprintf("card %s: %v", e.Card, e.Err)
	}
	return fmt.Sprintf("card %s: %v; %s", e.Card, e.Err, e.Hint)
}

func (e *CardError) Unwrap() error { return e.Err }

// Now reads CLOCK_MONOTONIC, which all processes of this machine share.
func Now() pcm.Mono {
	var t unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_MONOTONIC, &t); err != nil {
		panic("hal: no monotonic clock: " + err.Error())
	}
	return pcm.Mono(t.Nano())
}
