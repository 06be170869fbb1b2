package analogue

import (
	"sync"
	"time"

	"linevault/codec/pcm"
	"linevault/hal/backlog"
)

// ringLength is how far behind a line's reader may fall before it loses audio.
const ringLength = 5 * time.Second

// ring holds the last five seconds of one card: what its child captured, interleaved by channel, and when it
// was lost.
type ring struct {
	rate int

	mu   sync.Mutex // guards all below
	kept backlog.Ring[int16]
	slip slip
}

func newRing(rate, channels, frames int) *ring {
	return &ring{
		rate: rate, slip: slip{format: pcm.Format{Rate: rate, Legs: 1}},
		kept: backlog.Ring[int16]{Slots: make([]backlog.Slot[int16], int(ringLength.Seconds())*rate/frames), Width: channels, Fresh: true},
	}
}

// add takes a copy of a record. One that follows on from the record before it continues the
// epoch; after a loss a new one begins, as much later as the two stamps are apart.
func (g *ring) add(r *record) {
	g.mu.Lock()
	defer g.mu.Unlock()
	k := &g.kept
	if k.Closed {
		return
	}
	f := pcm.Format{Rate: g.rate, Legs: 1}
	n := pcm.Pos(len(r.PCM) / k.Width)
	mono := max(r.Mono, k.Mono)
	broken := k.Fresh || r.Overflow
	if broken {
		began := mono - pcm.Mono(f.Duration(n))
		if k.Next != 0 {
			k.Pos += max(0, f.Samples(time.Duration(began-k.Mono)))
		}
		g.slip.reset()
	} else if lost := g.slip.step(k.Pos+n, mono); lost > 0 {
		broken = true
		k.Pos += lost
	}
	s := k.Add(n, mono, broken)
	s.Sound = append(s.Sound, r.PCM...)
}

// lose notes that the card gives no audio any more.
func (g *ring) lose(reason string, now pcm.Mono) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.kept.Lose(reason, now)
}

// close lets readers reach the end.
func (g *ring) close() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.kept.Closed = true
}
