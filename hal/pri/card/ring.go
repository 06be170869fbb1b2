package card

import (
	"slices"
	"sync"
	"time"

	"linevault/codec/pcm"
	"linevault/hal"
	"linevault/hal/pri/dahdi"
)

// ringLength is how far behind a line's reader may fall before it loses audio.
const ringLength = 8 * time.Second

// ring holds the last seconds of all timeslots, still in A-law, and the signals that belong to them.
// All lines of the card read the same ring, each at its own pace.
type ring struct {
	lines int

	mu     sync.Mutex // guards all below
	slots  []slot
	next   uint64   // number of the next slot; slot n lies at n mod len(slots)
	pos    pcm.Pos  // where the last slot ended, on the card's clock
	mono   pcm.Mono // when its last sample had been captured
	down   bool     // the card is lost
	fresh  bool     // the next audio begins an epoch
	clock  clock
	queue  [][]queued // signals by line
	closed bool
}

// slot is a run of audio; or the instant at which the card was lost, or something was signalled while it was.
type slot struct {
	pos     pcm.Pos // of the first sample
	mono    pcm.Mono
	n       int    // samples
	fresh   bool   // begins an epoch
	lost    string // why the card was lost, or empty
	swapped bool   // the network's span hears the switchboard
	alaw    []byte // n octets of the network's span and n of the user's, line by line
	read    int    // by so many lines
}

// done notes that a line has read s, and clears it after the last: sound that nobody needs any
// more may be of a pause.
func (g *ring) done(s *slot) {
	if s.read++; s.read == g.lines {
		clear(s.alaw)
	}
}

// queued is a signal that belongs to a slot.
type queued struct {
	slot uint64
	hal.Signal
}

// mostQueued bounds what gathers for a line that nobody reads.
const mostQueued = 1024

func newRing(lines int) *ring {
	return &ring{
		lines: lines, fresh: true, queue: make([][]queued, lines),
		slots: make([]slot, int(ringLength.Seconds())*rate/dahdi.Block),
	}
}

// add takes a copy of n samples of every line: both holds the octets of a line's two directions. now
// is when they were read.
func (g *ring) add(n int, now pcm.Mono, swapped bool, both func(line int, s side) []byte) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.closed {
		return
	}
	now = max(now, g.mono)
	broken := g.fresh
	if broken {
		began := now - pcm.Mono(format.Duration(pcm.Pos(n)))
		switch {
		case g.clock.known: // what was added last may have waited long before it was read
			g.pos = max(g.pos, g.clock.at(began))
		case g.next != 0:
			g.pos += max(0, format.Samples(time.Duration(began-g.mono)))
		}
		g.clock = clock{}
		g.clock.step(g.pos+pcm.Pos(n), now)
	} else if lost := g.clock.step(g.pos+pcm.Pos(n), now); lost > 0 {
		broken = true
		g.pos += lost
		g.clock.step(g.pos+pcm.Pos(n), now)
	}
	s := g.take()
	s.pos, s.mono, s.n, s.fresh, s.lost, s.swapped = g.pos, now, n, broken, "", swapped
	s.alaw = slices.Grow(s.alaw[:0], 2*n*g.lines) // at once: what had to grow would leave copies behind
	for l := range g.lines {
		s.alaw = append(s.alaw, both(l, network)[:n]...)
		s.alaw = append(s.alaw, both(l, user)[:n]...)
	}
	g.pos, g.mono, g.down, g.fresh = g.pos+pcm.Pos(n), now, false, false
}

// lose notes that the card gives no audio any more. Only the first reason counts, until audio comes
// again. It reports whether that was news.
func (g *ring) lose(reason string, now pcm.Mono) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.closed || g.down {
		return false
	}
	g.mark(now).lost = reason
	g.down, g.fresh = true, true
	return true
}

// mark takes a slot without audio.
func (g *ring) mark(now pcm.Mono) *slot {
	if g.next == 0 { // nothing to follow on from: the clock begins here
		g.mono = now
	}
	s := g.take()
	*s = slot{pos: g.pos, mono: max(now, g.mono), alaw: s.alaw[:0]}
	return s
}

// signal notes what a line signalled at that time, which must be ready: sound is read a moment after
// it was captured.
func (g *ring) signal(line int, at pcm.Mono, kind hal.SignalKind, data string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.closed {
		return
	}
	if g.down || g.next == 0 {
		g.mark(at)
	}
	s := g.slot(g.next - 1)
	pos := min(max(g.clock.at(at), s.pos), s.pos+pcm.Pos(s.n))
	q := g.queue[line]
	if len(q) >= mostQueued {
		q = q[:copy(q, q[1:])]
	}
	g.queue[line] = append(q, queued{slot: g.next - 1, Signal: hal.Signal{At: pos, Kind: kind, Data: []byte(data)}})
}

// ready reports whether the audio of that time is in the ring, or will never be.
func (g *ring) ready(at pcm.Mono) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.down || g.closed || !g.fresh && g.clock.at(at) <= g.pos
}

func (g *ring) take() *slot {
	g.next++
	s := g.slot(g.next - 1)
	clear(s.alaw) // this may be shorter than what lies there
	s.read = 0
	return s
}

// slot is the one of number n. Its caller holds mu.
func (g *ring) slot(n uint64) *slot { return &g.slots[n%uint64(len(g.slots))] }

// oldest is the number of the first slot that is still there. Its caller holds mu.
func (g *ring) oldest() uint64 {
	return g.next - min(g.next, uint64(len(g.slots)))
}

// restart makes the next audio begin an epoch.
func (g *ring) restart() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.fresh = true
}

// close lets readers reach the end.
func (g *ring) close() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.closed = true
}
