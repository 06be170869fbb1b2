package control

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"
	"unicode"
	"unicode/utf8"

	"linevault/codec/pcm"
	"linevault/daemon/link"
	"linevault/hal"
	"linevault/storage/ledger"
)

// PauseReasons are those that a person who pauses by hand may choose from. Any other is typed.
var PauseReasons = []string{
	"Card payment", "Bank details", "Health or other sensitive details", "The caller does not want to be recorded",
}

// MaxPauseReason is the most characters of a reason.
const MaxPauseReason = 100

// ReasonError says what is wrong with the reason for a pause.
type ReasonError struct{ Text string }

func (e *ReasonError) Error() string { return e.Text }

// Why the recorder may refuse a pause or a resume by hand.
const (
	NoSuchLine    = link.NoSuchLine
	NotByHand     = link.NotByHand
	NothingToDo   = link.NothingToDo
	AlreadyPaused = link.AlreadyPaused
	NotYours      = link.NotYours
)

// PauseRefusedError is why the recorder did not do what was asked for by hand.
type PauseRefusedError struct{ Why link.Refusal }

func (e *PauseRefusedError) Error() string { return string(e.Why) }

// Switched is what the recorder confirmed: what a line does since its gate has switched.
type Switched struct {
	State    State
	At       time.Time     // where audio is cut, or begins again, guards included
	Late     time.Duration // how much of the pause had been recorded, and is withheld
	PausedBy []string
	LimitAt  time.Time // when the pause becomes an alarm
}

// MayPause reports whether the actor may pause l by hand.
func (a Actor) MayPause(l Line) bool { return l.ManualLimit > 0 && a.May(Pause) }

// Source is who asks when the actor pauses a line, as others see it.
func (a Actor) Source() string { return link.UserSource(a.Name, a.by()) }

func (a Actor) by() string {
	if a.Address == Console {
		return "console"
	}
	return "web"
}

// Console is the address of who sits at the box itself.
const Console = "console"

// ErrNoLine says that there is no such line.
var ErrNoLine = errors.New("there is no such line")

// Line is one line now, or ErrNoLine.
func (d *Desk) Line(ctx context.Context, a Actor, id string) (Line, error) {
	b, err := d.Lines(ctx, a)
	if err != nil {
		return Line{}, err
	}
	i := slices.IndexFunc(b.Lines, func(l Line) bool { return l.ID == id })
	if i < 0 {
		return Line{}, ErrNoLine
	}
	return b.Lines[i], nil
}

// confirmations are what the recorder last confirmed to whom, by line and source.
type confirmations struct {
	mu   sync.Mutex // guards last
	last map[string]confirmation
}

type confirmation struct {
	Switched
	call   string
	resume bool
	told   time.Time
}

// newsFor is how long it is news that somebody resumed.
const newsFor = time.Minute

// Confirmed is what the recorder last confirmed to the actor of l, while it is still so.
func (d *Desk) Confirmed(a Actor, l Line) (Switched, bool) {
	d.confirmed.mu.Lock()
	defer d.confirmed.mu.Unlock()
	c, ok := d.confirmed.last[l.ID+" "+a.Source()]
	mine := slices.Contains(l.PausedBy, a.Source())
	if !ok || c.call != l.Call || c.resume == mine || (c.resume && d.Now().Sub(c.told) > newsFor) {
		return Switched{}, false
	}
	return c.Switched, true
}

func (d *Desk) confirm(a Actor, h link.Hand, s link.Switched) Switched {
	done := Switched{State: State(s.State), At: s.At, Late: s.Late, PausedBy: s.PausedBy, LimitAt: s.LimitAt}
	d.confirmed.mu.Lock()
	defer d.confirmed.mu.Unlock()
	d.confirmed.last[string(h.Line)+" "+a.Source()] = confirmation{done, string(s.Call), h.Resume, d.Now()}
	return done
}

// PauseLine pauses a line by hand until the actor resumes or the call ends, and returns once the
// recorder has confirmed that. It is done first and written in the ledger afterwards: a ledger
// that cannot be written must not let a card number in. An error that is ErrLedger comes with
// what was done.
func (d *Desk) PauseLine(ctx context.Context, a Actor, line, reason string) (Switched, error) {
	asked := hal.Now() // first: the pause begins when it was asked for
	if err := a.need(Pause); err != nil {
		return Switched{}, err
	}
	reason = strings.TrimSpace(reason)
	switch {
	case reason == "":
		return Switched{}, &ReasonError{"Select why you are pausing, or type another reason"}
	case utf8.RuneCountInString(reason) > MaxPauseReason:
		return Switched{}, &ReasonError{fmt.Sprintf("Reason must be %d characters or fewer", MaxPauseReason)}
	case strings.ContainsFunc(reason, unicode.IsControl):
		return Switched{}, &ReasonError{"Reason must be one line of text"}
	}
	h := link.Hand{Line: pcm.LineID(line), Source: a.Source(), Reason: reason, At: asked}
	s, err := d.hand(ctx, h)
	if errors.Is(err, link.CardNumber) {
		return Switched{}, &ReasonError{"Reason must not hold a card number"}
	}
	if err != nil {
		return Switched{}, err
	}
	data := d.handData(a, line, s)
	if s.Late > 0 {
		data["late"] = s.Late.String()
	}
	return d.confirm(a, h, s), d.write(ledger.Event{Kind: "pause", Who: a.Name, Call: string(s.Call), Text: reason, Data: data})
}

// ResumeLine ends the actor's own pause of a line, and nobody else's. It is written in the ledger
// first: if it cannot be, the line stays paused.
func (d *Desk) ResumeLine(ctx context.Context, a Actor, line string) (Switched, error) {
	asked := hal.Now()
	if err := a.need(Pause); err != nil {
		return Switched{}, err
	}
	s, err := d.Recorder.Status(ctx)
	if err != nil {
		return Switched{}, fmt.Errorf("ask the recorder: %w", err)
	}
	call := ""
	for _, l := range s.Lines {
		if l.Line == pcm.LineID(line) {
			call = string(l.Call)
		}
	}
	if err := d.write(ledger.Event{Kind: "resume", Who: a.Name, Call: call, Data: d.handData(a, line, link.Switched{})}); err != nil {
		return Switched{}, err
	}
	h := link.Hand{Line: pcm.LineID(line), Source: a.Source(), Resume: true, At: asked}
	done, err := d.hand(ctx, h)
	if err != nil {
		d.tell(ledger.Event{Kind: "resume refused", Who: a.Name, Call: call, Text: err.Error(), Data: d.handData(a, line, link.Switched{})}, err)
		return Switched{}, err
	}
	return d.confirm(a, h, done), nil
}

func (d *Desk) hand(ctx context.Context, h link.Hand) (link.Switched, error) {
	s, err := d.Recorder.Hand(ctx, h)
	if why, refused := errors.AsType[link.Refusal](err); refused && why != link.CardNumber {
		return s, &PauseRefusedError{why}
	}
	if err != nil {
		return s, fmt.Errorf("ask the recorder: %w", err)
	}
	return s, nil
}

func (d *Desk) handData(a Actor, line string, s link.Switched) map[string]string {
	data := from(a.Address)
	data["line"], data["by"] = line, a.by()
	if !s.At.IsZero() {
		data["cut"] = s.At.UTC().Format(time.RFC3339Nano)
	}
	return data
}
