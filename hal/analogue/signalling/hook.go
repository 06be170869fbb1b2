package signalling

import (
	"strconv"
	"time"

	"linevault/codec/dsp"
	"linevault/codec/pcm"
	"linevault/hal"
)

// How the receiver is heard to be lifted. The direct current that begins to flow is a click on the tap,
// and the line, which was dead, is alive: with dial tone, or with whoever answers a ringing line.
const (
	still = 2 * time.Second // how long a line was dead, for what follows to be a new call
	alive = -45             // dBFS of a block in which something happens
	click = 400             // the first sample so large is where it begins
	// soon is within what time dial tone follows the click, and answered how long after a burst of
	// ringing a line may be answered: the next is due.
	// talked is how much is heard of a line before dial tone on it means that a call is over.
	talked   = 3 * time.Second
	soon     = 1500 * time.Millisecond
	answered = 4 * time.Second
	// ringKnown is after how long a sound that is ringing is known to be.
	ringKnown = 400 * time.Millisecond
)

// hook follows whether a line is dead.
type hook struct {
	dead       pcm.Pos // for how long it has been
	talk       pcm.Pos // for how long it was alive since it was dead for still
	woke       pcm.Pos // where it became alive after it was dead for still
	newly      bool    // woke is of now
	rang       pcm.Pos // the end of the last block with ringing
	ringing    bool    // there was ringing, and nobody has answered
	answer     pcm.Pos // where something began after ringing, which may be ringing again
	asked      bool    // answer is set
	handedBack bool    // dial tone followed a call: the other party is gone
}

// listen takes note of a block before anything else is made of it.
func (h *hook) listen(f pcm.Frame) {
	loud := false
	for leg := range f.Format.Legs {
		loud = loud || dsp.LevelOf(f, pcm.Leg(leg)) > alive
	}
	if !loud {
		h.dead += f.Len()
		return
	}
	if h.dead >= f.Format.Samples(still) {
		h.woke, h.newly, h.talk = onset(f), true, 0
	}
	h.talk += f.Len()
	if h.ringing && !h.asked && h.dead > 0 {
		h.answer, h.asked = onset(f), true
	}
	h.dead = 0
}

// onset is where f becomes loud.
func onset(f pcm.Frame) pcm.Pos {
	for i, v := range f.PCM {
		if v > click || v < -click {
			return f.Pos + pcm.Pos(i/f.Format.Legs)
		}
	}
	return f.Pos
}

// ring signals ringing while it is heard, and that it was answered once what followed it is known to be
// something else.
func (l *listener) ring() {
	f, h := l.block.Frame, &l.hook
	if l.ear.rings.Present() || l.burst {
		data := ""
		if l.burst {
			data = "burst"
		}
		l.tell(hal.Ringing, data)
		h.rang, h.ringing, h.asked = f.Span().To, true, false
		return
	}
	if h.ringing && f.Span().To-h.rang > f.Format.Samples(answered) {
		h.ringing, h.asked = false, false // the caller gave up
	}
	if h.asked && f.Span().To-h.answer >= f.Format.Samples(ringKnown) {
		l.lift(h.answer)
		h.ringing, h.asked = false, false
	}
}

// dialTone tells a call that is being made from the end of one: dial tone on a line that was dead follows
// the receiver; after speech it means that the other party is gone.
func (l *listener) dialTone(at pcm.Pos) {
	h := &l.hook
	if !h.newly || at-h.woke > l.Format().Samples(soon) {
		h.handedBack = h.talk > l.Format().Samples(talked)
		return
	}
	h.newly = false
	l.lift(h.woke) // first: the direction is of the call that begins there
	l.tell(hal.Direction, "out")
}

func (l *listener) lift(at pcm.Pos) {
	l.tell(hal.Lifted, strconv.FormatInt(int64(l.block.Frame.Pos-at), 10))
}
