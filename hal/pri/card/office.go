package card

import (
	"crypto/rand"
	"fmt"
	"slices"
	"time"

	"linevault/codec/pcm"
	"linevault/hal"
	"linevault/hal/pri"
	"linevault/hal/pri/q931"
)

// office turns what the D-channel tells of calls into what lines signal. A line is in use from when its
// timeslot is agreed until clearing begins, or the call is held or moves elsewhere.
type office struct {
	tap    *pri.Tap
	ring   *ring
	lines  map[int]int      // line by timeslot
	now    map[int]pri.Call // the call on a line
	closed map[int]bool     // lines whose last signal was LoopClosed
	out    []told           // what lines are to signal, in order
	tell   func(about, fact string)
	gone   bool // the lines signalled Lost, and not Back yet
	link   pri.Kind
	heard  [2]time.Duration // when the last frame of each direction came
	missed int
	calls  int
	data   int
	noLine int
	fates  map[uint64]*fate // of the calls that go on
	nonce  string           // sets this card's references apart from any other's, and from those of another start
	over   func(Over)
}

// told is one signal of one line.
type told struct {
	line int
	at   time.Duration
	kind hal.SignalKind
	data string
	call uint64 // LoopClosed: the call that is there
	over *Over  // instead of a signal: a call is over
}

func newOffice(g *ring, timeslots []int, tell func(about, fact string)) *office {
	o := &office{
		tap: pri.NewTap(), ring: g, lines: map[int]int{}, now: map[int]pri.Call{}, closed: map[int]bool{}, tell: tell,
		fates: map[uint64]*fate{}, nonce: rand.Text()[:10], over: func(Over) {},
	}
	for i, t := range timeslots {
		o.lines[t] = i
	}
	return o
}

// feed takes a frame that a span heard.
func (o *office) feed(frame []byte, from side, at time.Duration) {
	o.heard[from] = at
	o.follow(o.tap.Feed(frame, from.label(), at))
}

// pass lets time pass.
func (o *office) pass(at time.Duration) { o.follow(o.tap.Advance(at)) }

func (o *office) follow(events []pri.Event) {
	for _, e := range events {
		o.event(e)
	}
}

func (o *office) event(e pri.Event) {
	switch e.Kind {
	case pri.Began:
		o.calls++
		o.fates[e.Call.ID] = &fate{from: e.Call.First}
	case pri.Fixed, pri.Retrieved:
		o.place(e.Call, e.At)
	case pri.Answered, pri.Dialled, pri.Renamed, pri.Diverted:
		o.rename(e.Call, e.At)
	case pri.Held:
		o.clear(e.Call.ID, e.At)
	case pri.Ended, pri.Freed:
		o.clear(e.Call.ID, e.At)
		o.finish(e.Call, e.At)
	case pri.LinkUp, pri.LinkDown:
		o.link = e.Kind
	case pri.Missed:
		o.missed += e.Count
	}
}

// place puts a call on the line of its timeslot, and takes it off any other.
func (o *office) place(c pri.Call, at time.Duration) {
	if f := o.fates[c.ID]; f != nil {
		f.agreed = true
	}
	line, ok := o.lines[c.Slot()]
	for l, other := range o.now {
		if other.ID == c.ID && (!ok || l != line) || ok && l == line && other.ID != c.ID {
			o.open(l, at)
		}
	}
	if _, on := o.now[line]; !ok || on || c.Bearer.Media == q931.Data {
		return
	}
	o.now[line] = c
	o.seize(line, c, at)
}

// seize signals the beginning of a call on a line.
func (o *office) seize(line int, c pri.Call, at time.Duration) {
	o.say(line, at, hal.Reference, o.reference(c))
	o.say(line, at, hal.Direction, string(c.Direction))
	o.numbers(line, c, at)
	if !o.gone {
		o.out = append(o.out, told{line: line, at: at, kind: hal.LoopClosed, call: c.ID})
	}
}

// numbers signals who is there, as far as it may be known.
func (o *office) numbers(line int, c pri.Call, at time.Duration) {
	if n := far(c); n != "" {
		o.say(line, at, hal.FarNumber, n)
	}
	if c.Called != "" {
		o.say(line, at, hal.CalledNumber, c.Called)
	}
}

// far is the other party's number, as the line gives it; empty where it was withheld.
func far(c pri.Call) string {
	n := c.Party
	if n.Digits == "" && c.Direction == pri.In {
		n = c.Calling
	}
	switch {
	case n.Presentation == q931.Restricted || n.Presentation == q931.Unavailable:
		return ""
	case n.Digits == "" && c.Direction == pri.Out:
		return c.Called
	}
	return n.Digits
}

// rename signals what has become known of a call that has a line.
func (o *office) rename(c pri.Call, at time.Duration) {
	for line, was := range o.now {
		if was.ID != c.ID {
			continue
		}
		o.now[line] = c
		if n := far(c); n != "" && n != far(was) {
			o.say(line, at, hal.FarNumber, n)
		}
		if c.Called != was.Called {
			o.say(line, at, hal.CalledNumber, c.Called)
		}
	}
}

// clear takes a call off its line.
func (o *office) clear(id uint64, at time.Duration) {
	for line, c := range o.now {
		if c.ID == id {
			o.open(line, at)
		}
	}
}

// open ends the call on a line.
func (o *office) open(line int, at time.Duration) {
	delete(o.now, line)
	o.say(line, at, hal.LoopOpen, "")
}

func (o *office) say(line int, at time.Duration, kind hal.SignalKind, data string) {
	if o.gone { // what is true then is signalled when the card is back
		return
	}
	o.out = append(o.out, told{line: line, at: at, kind: kind, data: data})
}

// signal puts into the ring what lines signalled, once the sound of that time is there.
func (o *office) signal(born pcm.Mono) {
	n := 0
	for _, t := range o.out {
		if t.over != nil {
			n++
			o.account(t.call, *t.over)
			continue
		}
		at := born + pcm.Mono(t.at)
		if !o.ring.ready(at) {
			break
		}
		o.ring.signal(t.line, at, t.kind, t.data)
		switch t.kind {
		case hal.LoopClosed:
			o.closed[t.line] = true
			if f := o.fates[t.call]; f != nil {
				f.heard = true
			}
		case hal.LoopOpen:
			o.closed[t.line] = false
		}
		n++
	}
	o.out = o.out[:copy(o.out, o.out[n:])]
}

// lost notes that the lines signalled Lost.
func (o *office) lost() {
	o.gone = true
	o.out = slices.DeleteFunc(o.out, func(t told) bool { return t.over == nil })
}

// back follows the first sound after a loss: calls that go on begin again on their lines.
func (o *office) back(at time.Duration) {
	if !o.gone {
		return
	}
	o.gone = false
	for _, line := range o.lines {
		if o.closed[line] {
			o.say(line, at, hal.LoopOpen, "")
		}
		if c, on := o.now[line]; on {
			o.seize(line, c, at)
		}
	}
}

// swapped reports whether the network's span hears the switchboard.
func (o *office) swapped() bool { return o.tap.Wiring() == pri.Swapped }

// silence is how long a D-channel that works is silent at most: both ends poll after T203, 10 s
// (Q.921 5.9.8), and again if they have to.
const silence = 20 * time.Second

// notice tells what a person should know of the D-channel.
func (o *office) notice(now time.Duration) {
	wiring := ""
	switch o.tap.Wiring() {
	case pri.Swapped:
		wiring = "the two spans are the wrong way round: what is configured as the network's hears the switchboard; calls are recorded right, exchange the two numbers"
	case pri.SameSide:
		wiring = "both spans hear the same side of the line: one receiver is on the wrong pair; one party of every call is not recorded"
	}
	o.tell("wiring", wiring)
	link := ""
	switch quiet := now - min(o.heard[network], o.heard[user]); {
	case o.link == pri.LinkDown:
		link = "the D-channel is down: no calls are seen; check that the line is in service"
	case quiet > silence:
		link = "the D-channel is silent: no calls are seen; check the tap, and that the line is in service"
	}
	o.tell("D-channel", link)
	missed := ""
	if o.missed > 0 {
		missed = fmt.Sprintf("messages of the D-channel that were sent and not heard: %d; a call may lack its number or its end", o.missed)
	}
	o.tell("missed", missed)
}
