package tones

import (
	"slices"
	"time"

	"linevault/codec/dsp/internal/correlate"
	"linevault/codec/pcm"
)

const (
	settle  = 2                                      // looks that must agree before a burst begins or ends
	memory  = 6                                      // bursts and pauses remembered
	perLook = pcm.Pos(hop * correlate.Len)           // samples
	lead    = pcm.Pos(0.95 * blocks * correlate.Len) // of a burst's start before the look that first sees it
	bias    = pcm.Pos(0.70 * blocks * correlate.Len) // by which bursts look too short and pauses too long
)

// stretch is a burst or a pause that is over.
type stretch struct {
	name int // kind or silent
	from pcm.Pos
	len  pcm.Pos
}

// cadence follows bursts and pauses.
type cadence struct {
	name     int // what is there now: a kind or silent
	from     pcm.Pos
	other    int // what the last looks saw instead
	others   int // how many of them
	past     [memory]stretch
	known    int     // stretches in past, newest last
	reported int     // 1 + place of the signal that is present and was reported
	quiet    pcm.Pos // longest pause of the reported signal
}

func (c *cadence) step(d *Detector, seen int, emit func(Tone)) {
	if seen == c.name {
		c.others = 0
	} else {
		if seen != c.other {
			c.other, c.others = seen, 0
		}
		c.others++
		if c.others >= settle {
			c.turn(d, seen, emit)
		}
	}
	c.hold(d, emit)
}

// turn ends a stretch and begins the next.
func (c *cadence) turn(d *Detector, seen int, emit func(Tone)) {
	at := d.pos - perLook*(settle-1)
	s := stretch{name: c.name, from: c.from, len: at - c.from}
	if s.name == silent {
		s.len -= bias
	} else {
		s.len += bias
		s.from -= lead
	}
	copy(c.past[:], c.past[1:])
	c.past[memory-1] = s
	c.known = min(c.known+1, memory)
	c.name, c.from, c.others = seen, at, 0
	c.match(d, emit)
}

// hold reports a continuous tone once it has lasted, and forgets a tone that has stopped.
func (c *cadence) hold(d *Detector, emit func(Tone)) {
	length := d.pos - c.from
	if c.name == silent {
		if c.reported != 0 && length-bias > c.quiet {
			c.reported = 0
		}
		return
	}
	for _, i := range d.kinds[c.name].signals {
		if s := &d.signals[i]; s.continuous() && length+bias >= samples(s.Cadence[0]) {
			c.report(d, i, c.from-lead, emit)
		}
	}
}

// match compares the stretches that are over with every cadence of the newest burst's kind.
func (c *cadence) match(d *Detector, emit func(Tone)) {
	burst := memory - 1
	if c.past[burst].name == silent {
		burst--
	}
	if burst < memory-c.known {
		return
	}
	k := c.past[burst].name
	if c.reported != 0 && !shares(d.kinds[k].signals, c.reported-1) {
		c.reported = 0
	}
	// Where no other tone has these frequencies a burst and a pause will do.
	need := 3
	if len(d.kinds[k].signals) == 1 {
		need = 2
	}
	for _, i := range d.kinds[k].signals {
		n := need
		if c.reported != 0 && c.reported != i+1 {
			n++ // a tone that stops within a burst must not look like another one
		}
		if !d.signals[i].continuous() && c.known >= n && c.fits(d.signals[i].Cadence, k, n) {
			c.report(d, i, c.past[memory-n].from, emit)
		}
	}
}

// fits compares the last n stretches with a cadence, begun at any of its bursts.
func (c *cadence) fits(want []time.Duration, k, n int) bool {
	last := c.past[memory-n:]
	if last[0].name != k {
		return false
	}
next:
	for start := 0; start < len(want); start += 2 {
		for j, s := range last {
			w := samples(want[(start+j)%len(want)])
			if (s.name == k) != (j%2 == 0) || (s.name != k && s.name != silent) || s.len < w-tolerance(w) || s.len > w+tolerance(w) {
				continue next
			}
		}
		return true
	}
	return false
}

func (c *cadence) report(d *Detector, i int, at pcm.Pos, emit func(Tone)) {
	if c.reported == i+1 {
		return
	}
	c.reported = i + 1
	c.quiet = 0
	for j, w := range d.signals[i].Cadence {
		if j%2 == 1 {
			c.quiet = max(c.quiet, samples(w)+tolerance(samples(w)))
		}
	}
	c.quiet = max(c.quiet, samples(100*time.Millisecond))
	emit(Tone{At: max(0, at), Name: d.signals[i].Name})
}

// tolerance of a burst or pause: 20 %, and never less than 50 ms.
func tolerance(w pcm.Pos) pcm.Pos { return max(w/5, samples(50*time.Millisecond)) }

func samples(t time.Duration) pcm.Pos {
	return pcm.Format{Rate: correlate.Rate}.Samples(t)
}

func shares(signals []int, i int) bool {
	return slices.Contains(signals, i)
}
