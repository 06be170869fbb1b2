package pri

import (
	"errors"
	"hash/maphash"
	"time"

	"linevault/hal/pri/q921"
	"linevault/hal/pri/q931"
)

// key names a call: both sides may choose the same reference (Q.931 4.3).
type key struct {
	origin q921.Side
	ref    uint16
}

// Tap follows the calls of one D channel. One goroutine at a time may use it. Its memory is
// bounded whatever it is fed.
type Tap struct {
	link    q921.Link
	votes   [q921.User + 1]int // by label: frames of the network's less those of the user's
	wiring  Wiring
	calls   map[key]*call
	slots   [MaxSlots]*call // who has a timeslot
	count   uint64
	now     time.Duration
	swept   time.Duration
	recent  [64]stray
	waiting [q921.User + 1][]waiting
	events  []Event
	seed    maphash.Seed
	foreign int
}

// stray is a reference that was freed a moment ago.
type stray struct {
	key key
	at  time.Duration
	set bool
}

// NewTap starts with nothing heard.
func NewTap() *Tap {
	return &Tap{calls: make(map[key]*call), seed: maphash.MakeSeed()}
}

// Wiring is how the receivers lie as far as could be heard.
func (t *Tap) Wiring() Wiring { return t.wiring }

// Health is what a tap has counted.
type Health struct {
	Link    q921.State
	Wiring  Wiring
	Frames  int // messages' frames heard
	Repeats int // heard twice
	Missed  int // sent but never heard
	Bad     int // octets that are no frame or no message
	Foreign int // of other protocols or service access points
	Calls   int // followed now
}

// Health is how the line is.
func (t *Tap) Health() Health {
	h := Health{
		Link: t.link.State(), Wiring: t.wiring, Bad: t.link.Bad, Foreign: t.foreign, Calls: len(t.calls),
	}
	for _, side := range []q921.Side{q921.Network, q921.User} {
		s := t.link.From(side)
		h.Frames += s.Frames
		h.Repeats += s.Repeats
		h.Missed += s.Missed + s.Unheard()
	}
	return h
}

// Feed takes in one frame, without flags and check sequence, heard by the receiver labelled from.
// The two receivers may be a little out of step. The frame is borrowed until Feed returns; the
// events are good until the next Feed, Advance or Close.
func (t *Tap) Feed(frame []byte, from q921.Side, at time.Duration) []Event {
	t.begin(at)
	f, err := q921.Parse(frame)
	switch {
	case err != nil || len(frame) > MaxFrame:
		t.link.Bad++
	case f.SAPI != q921.SignallingSAPI:
		t.foreign++
	case f.Kind == q921.I && t.early(f, from):
		t.hold(f, from, at)
	case f.Kind == q921.I || f.Numbered() || f.Kind == q921.UI || f.Kind == q921.XID:
		t.take(f, from, at)
	default: // the numbering begins afresh
		t.drain(everything)
		t.take(f, from, at)
	}
	t.drain(t.now)
	return t.events
}

// Advance lets time pass without a frame. A live tap needs it a few times a second.
func (t *Tap) Advance(at time.Duration) []Event {
	t.begin(at)
	t.drain(t.now)
	return t.events
}

// Close ends every call that is left: those that were lost with the D channel, and those that are
// still up, of which no end is known.
func (t *Tap) Close() []Event {
	t.events = t.events[:0]
	t.drain(everything)
	for _, c := range t.oldest() {
		t.abandon(c, t.now, Forgotten)
	}
	return t.events
}

// take passes one frame through the link to the calls.
func (t *Tap) take(f q921.Frame, from q921.Side, at time.Duration) {
	t.vote(f, from, at)
	t.follow(t.link.Follow(f, from, at), at)
	if f.Kind == q921.I {
		s := t.link.From(from)
		missed := s.Missed
		verdict := s.Heard(f.NS, f.Info)
		t.missed(s.Missed-missed, at)
		if verdict == q921.Repeat {
			return
		}
	}
	if len(f.Info) > 0 {
		t.read(f.Info, from, at)
	}
}

func (t *Tap) missed(n int, at time.Duration) {
	if n > 0 {
		t.tell(Event{Kind: Missed, At: at, Count: n})
	}
}

// begin empties the events and frees what waited too long.
func (t *Tap) begin(at time.Duration) {
	t.events = t.events[:0]
	t.now = max(t.now, at)
	if t.now-t.swept < time.Second {
		return
	}
	t.swept = t.now
	for _, c := range t.oldest() {
		idle := t.now - c.touched
		switch {
		case c.State == Clearing && idle > clearWait, c.service && idle > clearWait:
			t.free(c, t.now)
		case idle > answerWait && t.unanswered(c):
			t.abandon(c, t.now, Ignored)
		}
	}
}

// unanswered reports whether nobody answered the call's SETUP, as far as the called side can be
// heard: its receiver may be dead, and the call up.
func (t *Tap) unanswered(c *call) bool {
	last, heard := t.link.Last(c.origin.Other())
	return heard && last >= c.touched && !c.replied && !c.Joined && c.State == Offered
}

func (t *Tap) heardBoth() bool {
	return t.link.From(q921.Network).Frames > 0 && t.link.From(q921.User).Frames > 0
}

// vote learns from C/R bits which side each receiver hears.
func (t *Tap) vote(f q921.Frame, from q921.Side, at time.Duration) {
	const enough = 1000
	v := &t.votes[from]
	switch f.Sender() {
	case q921.Network:
		*v = min(*v+1, enough)
	case q921.User:
		*v = max(*v-1, -enough)
	default:
		return
	}
	was := t.wiring
	switch n, u := t.votes[q921.Network], t.votes[q921.User]; {
	case n == 0 && u == 0:
	case n >= 0 && u <= 0:
		t.wiring = Straight
	case n <= 0 && u >= 0:
		t.wiring = Swapped
	default:
		t.wiring = SameSide
	}
	if t.wiring != was && (t.wiring != Straight || was != WiringUnknown) {
		t.tell(Event{Kind: Rewired, At: at, Wiring: t.wiring})
	}
}

// Side is who the receiver with that label really hears, so that a card puts the user side's sound
// on the near leg. Where the C/R bits contradict each other, the label stands.
func (t *Tap) Side(label q921.Side) q921.Side {
	if t.wiring == Swapped {
		return label.Other()
	}
	return label
}

// follow tells of the link, and doubts the calls that lived through a long outage.
func (t *Tap) follow(c q921.Change, at time.Duration) {
	if !c.Moved {
		return
	}
	if c.State == q921.Down {
		t.tell(Event{Kind: LinkDown, At: at})
		return
	}
	t.tell(Event{Kind: LinkUp, At: at})
	if !c.GivenUp() {
		return
	}
	for _, call := range t.oldest() {
		if call.Live() && !call.service {
			call.Doubtful = true
			call.doubt = min(at, at-c.Outage+longestT309)
			t.report(Doubted, call, at)
		}
	}
}

// read takes in one layer 3 message.
func (t *Tap) read(b []byte, from q921.Side, at time.Duration) {
	m, err := q931.Parse(b)
	switch {
	case errors.Is(err, q931.ErrOtherProtocol):
		t.foreign++
	case err != nil:
		t.link.Bad++
	case m.Dummy:
	case m.Ref == 0:
		t.restart(&m, at)
	default:
		t.message(&m, from, at, maphash.Bytes(t.seed, b)|1)
	}
}

func (t *Tap) tell(e Event) { t.events = append(t.events, e) }

// report tells of a call.
func (t *Tap) report(k Kind, c *call, at time.Duration) {
	if c.service {
		return
	}
	c.Direction = t.direction(c.origin)
	t.tell(Event{Kind: k, At: at, Call: c.Call})
}

func (t *Tap) direction(origin q921.Side) Direction {
	if t.Side(origin) == q921.Network {
		return In
	}
	return Out
}
