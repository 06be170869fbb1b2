package analogue

import (
	"sync"
	"time"

	"linevault/codec/pcm"
)

// ringLength is how far behind a line's reader may fall before it loses audio.
const ringLength = 5 * time.Second

// ring holds the last five seconds of one card: what its child captured, and when it was
// lost. All lines of the card read the same ring, each at its own pace.
type ring struct {
	rate, channels int
	lines          int // that read it

	mu     sync.Mutex // guards all below
	slots  []slot
	next   uint64   // number of the next slot; slot n lies at n mod len(slots)
	pos    pcm.Pos  // where the last slot ended, on the card's clock
	mono   pcm.Mono // when its last sample had been captured
	down   bool     // the card is lost
	fresh  bool     // the next record begins an epoch
	slip   slip
	closed bool
}

// slot is one record, or the instant at which the card was lost.
type slot struct {
	pos   pcm.Pos // of the first sample
	mono  pcm.Mono
	fresh bool    // begins an epoch
	lost  string  // why the card was lost, or empty
	pcm   []int16 // interleaved by channel
	read  int     // by so many lines
}

// done notes that a line has read s, and clears it after the last: sound that nobody needs any
// more may be of a pause.
func (g *ring) done(s *slot) {
	if s.read++; s.read == g.lines {
		clear(s.pcm)
	}
}

func newRing(rate, channels, frames int) *ring {
	return &ring{
		rate: rate, channels: channels,
		slots: make([]slot, int(ringLength.Seconds())*rate/frames),
		slip:  slip{format: pcm.Format{Rate: rate, Legs: 1}},
	}
}

// add takes a copy of a record. One that follows on from the record before it continues the
// epoch; after a loss a new one begins, as much later as the two stamps are apart.
func (g *ring) add(r *record) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.closed {
		return
	}
	f := pcm.Format{Rate: g.rate, Legs: 1}
	n := pcm.Pos(len(r.PCM) / g.channels)
	mono := max(r.Mono, g.mono)
	broken := g.next == 0 || g.fresh || r.Overflow
	if broken {
		began := mono - pcm.Mono(f.Duration(n))
		if g.next != 0 {
			g.pos += max(0, f.Samples(time.Duration(began-g.mono)))
		}
		g.slip.reset()
	} else if lost := g.slip.step(g.pos+n, mono); lost > 0 {
		broken = true
		g.pos += lost
	}
	s := g.take()
	s.pos, s.mono, s.fresh, s.lost = g.pos, mono, broken, ""
	s.pcm = append(s.pcm[:0], r.PCM...)
	g.pos, g.mono, g.down, g.fresh = g.pos+n, mono, false, false
}

// lose notes that the card gives no audio any more. Only the first reason counts, until audio
// comes again.
func (g *ring) lose(reason string, now pcm.Mono) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.closed || g.down {
		return
	}
	if g.next == 0 { // nothing to follow on from: the clock begins here
		g.mono = now
	}
	s := g.take()
	s.pos, s.mono, s.fresh, s.lost = g.pos, max(now, g.mono), false, reason
	s.pcm = s.pcm[:0]
	g.down, g.fresh = true, true
}

func (g *ring) take() *slot {
	g.next++
	s := g.slot(g.next - 1)
	clear(s.pcm) // this may be shorter than what lies there
	s.read = 0
	return s
}

// slot is the one of number n. Its caller holds mu.
func (g *ring) slot(n uint64) *slot { return &g.slots[n%uint64(len(g.slots))] }

// oldest is the number of the first slot that is still there. Its caller holds mu.
func (g *ring) oldest() uint64 {
	return g.next - min(g.next, uint64(len(g.slots)))
}

// close lets readers reach the end.
func (g *ring) close() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.closed = true
}
