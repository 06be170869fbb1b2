package card

import (
	"time"

	"linevault/codec/pcm"
	"linevault/hal"
	"linevault/hal/pri/dahdi"
)

// The two directions of a circuit are clocked by the exchange, so they give the same number of samples
// for ever, whichever receivers hear them; and DAHDI hands all timeslots of all spans on in the same
// tick, of 8 samples. So it is enough to begin them together once: then sample n of the one was on the
// line when sample n of the other was, give or take a tick.

// tick is how long the driver collects samples before it hands them on.
const tick = pcm.Mono(1e6)

// tries is how often emptying all buffers may be interrupted.
const tries = 8

// align begins all timeslots together, by emptying the driver's buffers: both directions of a timeslot
// one right after the other, and all of them within a tick if this thread is left to.
func (r *reader) align(now pcm.Mono) {
	for range tries {
		began := hal.Now()
		for i := range r.spans[network].sound {
			for _, s := range r.spans {
				if err := s.sound[i].Flush(); err != nil {
					r.drop(s, err, now)
					return
				}
			}
		}
		if hal.Now()-began < tick {
			break
		}
	}
	for _, s := range r.spans {
		s.use(mostWaiting)
		s.dropped = false
	}
	r.ring.restart()
	r.inStep, r.uneven = true, 0
}

// deliver puts into the ring what has come on all timeslots. Sound that came on some and is missing on
// others means that they are no longer in step.
func (r *reader) deliver(now pcm.Mono) {
	n := min(r.spans[network].least(), r.spans[user].least())
	ahead := max(r.spans[network].most(), r.spans[user].most()) - n
	dropped := r.spans[network].dropped || r.spans[user].dropped
	swapped := r.office.swapped()
	for at := 0; at < n; {
		k := min(n-at, dahdi.Block)
		from := at
		r.ring.add(k, now, swapped, func(line int, s side) []byte { return r.spans[s].waiting[line][from:] })
		at += k
	}
	if n > 0 {
		for _, s := range r.spans {
			s.use(n)
		}
		r.office.back(time.Duration(now - r.born))
	}
	switch {
	case n > 0 && ahead > apart:
		r.uneven++
	case n > 0:
		r.uneven = 0
	}
	if dropped || r.uneven >= steady {
		r.slips++
		r.align(now)
	}
}
