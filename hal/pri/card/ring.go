package card

import (
	"slices"
	"sync"
	"time"

	"linevault/codec/pcm"
	"linevault/hal"
	"linevault/hal/backlog"
	"linevault/hal/pri/dahdi"
)

// ringLength is how far behind a line's reader may fall before it loses audio.
const ringLength = 8 * time.Second

// ring holds the last seconds of all timeslots, still in A-law, and the signals that belong to them. A slot has the
// octets of the near leg and as many of the far leg, line by line; one without any is an instant at which the card was
// lost, or something was signalled while it was.
type ring struct {
	lines int

	mu    sync.Mutex // guards all below
	kept  backlog.Ring[byte]
	clock clock
	queue [][]queued // signals by line
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
		lines: lines, queue: make([][]queued, lines),
		kept: backlog.Ring[byte]{
			Slots: make([]backlog.Slot[byte], int(ringLength.Seconds())*rate/dahdi.Block),
			Width: pcm.MaxLegs * lines, Readers: lines, Fresh: true,
		},
	}
}

// add takes a copy of n samples of every line: both holds the octets of a line's two directions. now
// is when they were read.
func (g *ring) add(n int, now pcm.Mono, swapped bool, both func(line int, s side) []byte) {
	g.mu.Lock()
	defer g.mu.Unlock()
	k := &g.kept
	if k.Closed {
		return
	}
	now = max(now, k.Mono)
	broken := k.Fresh
	if broken {
		began := now - pcm.Mono(format.Duration(pcm.Pos(n)))
		switch {
		case g.clock.known: // what was added last may have waited long before it was read
			k.Pos = max(k.Pos, g.clock.at(began))
		case k.Next != 0:
			k.Pos += max(0, format.Samples(time.Duration(began-k.Mono)))
		}
		g.clock = clock{}
		g.clock.step(k.Pos+pcm.Pos(n), now)
	} else if lost := g.clock.step(k.Pos+pcm.Pos(n), now); lost > 0 {
		broken = true
		k.Pos += lost
		g.clock.step(k.Pos+pcm.Pos(n), now)
	}
	s := k.Add(pcm.Pos(n), now, broken)
	near, far := user, network
	if swapped { // the network's span hears the switchboard
		near, far = far, near
	}
	s.Sound = slices.Grow(s.Sound, k.Width*n) // at once: what had to grow would leave copies behind
	for l := range g.lines {
		s.Sound = append(s.Sound, both(l, near)[:n]...)
		s.Sound = append(s.Sound, both(l, far)[:n]...)
	}
}

// lose notes that the card gives no audio any more, and reports whether that was news.
func (g *ring) lose(reason string, now pcm.Mono) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.kept.Lose(reason, now)
}

// signal notes what a line signalled at that time, which must be ready: sound is read a moment after
// it was captured.
func (g *ring) signal(line int, at pcm.Mono, kind hal.SignalKind, data string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	k := &g.kept
	if k.Closed {
		return
	}
	if k.Down || k.Next == 0 {
		k.Mark(at)
	}
	s := k.At(k.Next - 1)
	pos := min(max(g.clock.at(at), s.Pos), s.Pos+k.Instants(s))
	q := g.queue[line]
	if len(q) >= mostQueued {
		q = q[:copy(q, q[1:])]
	}
	g.queue[line] = append(q, queued{slot: k.Next - 1, Signal: hal.Signal{At: pos, Kind: kind, Data: []byte(data)}})
}

// ready reports whether the audio of that time is in the ring, or will never be.
func (g *ring) ready(at pcm.Mono) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.kept.Down || g.kept.Closed || !g.kept.Fresh && g.clock.at(at) <= g.kept.Pos
}

// restart makes the next audio begin an epoch.
func (g *ring) restart() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.kept.Fresh = true
}

// close lets readers reach the end.
func (g *ring) close() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.kept.Closed = true
}
