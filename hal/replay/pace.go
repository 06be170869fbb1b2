package replay

import (
	"math"
	"time"

	"linevault/codec/pcm"
	"linevault/hal"
)

// tick is how much audio appears at once, as on a card.
const tick = 20 * time.Millisecond

// pace is how a replayed clock runs against this machine's.
type pace struct {
	start pcm.Mono
	speed float64 // 0: as fast as it is read
}

func newPace(speed float64) pace {
	if speed <= 0 {
		return pace{}
	}
	return pace{start: hal.Now(), speed: speed}
}

// timeless: nothing depends on when a line is read.
func (p pace) timeless() bool { return p.speed <= 0 }

// due is how much of a line has been heard by now.
func (p pace) due(f pcm.Format, now pcm.Mono) pcm.Pos {
	if p.timeless() {
		return math.MaxInt64
	}
	ticks := time.Duration(float64(now-p.start)*p.speed) / tick
	return f.Samples(ticks * tick)
}

// at is when everything before pos had been heard.
func (p pace) at(f pcm.Format, pos pcm.Pos) pcm.Mono {
	d := f.Duration(pos)
	if p.timeless() {
		return pcm.Mono(d)
	}
	return p.start + pcm.Mono(float64(d)/p.speed)
}

// stamp is the Captured of a block that holds f and is read at now.
func (p pace) stamp(f pcm.Frame, now pcm.Mono) pcm.Mono {
	if f.Len() > 0 || p.timeless() {
		return p.at(f.Format, f.Span().To)
	}
	return now
}
