package card

import (
	"time"

	"linevault/codec/pcm"
)

var format = pcm.Format{Rate: rate, Legs: 2}

// clock ties positions to this machine's clock. A read may come late, so one stamp proves little; but
// what waited is read faster than it grows, so the least delayed of two seconds of reads is hardly
// late at all.
//
// That tells of sound that the driver dropped without a word, too: then even the least delayed read
// is later than any crystal drifts.
type clock struct {
	known bool
	zero  pcm.Mono // when position 0 was, by the least delayed read
	least time.Duration
	since pcm.Pos // where the running window began
}

const (
	clockWindow = 2 * rate
	// slipLimit is well above what a crystal 0.5 % off does in a window, and well below the guard of a pause.
	slipLimit = 60 * time.Millisecond
)

// at is the position of an instant.
func (c *clock) at(t pcm.Mono) pcm.Pos { return format.Samples(time.Duration(t - c.zero)) }

// step takes the end of what was read and the stamp of reading. It returns how many samples are
// missing before that, hardly ever any.
func (c *clock) step(end pcm.Pos, now pcm.Mono) (missing pcm.Pos) {
	late := time.Duration(now-c.zero) - format.Duration(end)
	if !c.known || late < 0 {
		c.known, c.zero, c.least, c.since = true, now-pcm.Mono(format.Duration(end)), time.Hour, end
		return 0
	}
	c.least = min(c.least, late)
	if end-c.since < clockWindow {
		return 0
	}
	if c.least > slipLimit {
		missing = format.Samples(c.least)
		c.known = false
		return missing
	}
	c.zero += pcm.Mono(c.least)
	c.least, c.since = time.Hour, end
	return 0
}
