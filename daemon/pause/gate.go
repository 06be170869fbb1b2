// Package pause is the gate: the delay line in which audio waits, so that a pause which
// arrives late still cuts exactly where it happened. It knows positions and nothing else;
// what is cut here exists nowhere after it.
package pause

import (
	"math"
	"slices"
	"time"

	"linevault/codec/pcm"
)

// Source is somebody who may ask for a pause. Audio is paused while any source asks.
type Source struct {
	Name string // as users read it: "terminal parking-1", "contact till 3"
	// Contact sources say how things are, so they outlive calls. All others ask for one
	// call, and a new call begins without them.
	Contact bool
}

// Policy is how a line pauses.
type Policy struct {
	HoldBack    time.Duration // how long audio waits here
	GuardBefore time.Duration // cut this much before a pause, too
	GuardAfter  time.Duration // and this much after a resume
	Stop        bool          // a pause lasts to the end of the call
}

// Piece is what leaves the gate: audio, or the gap in place of it.
type Piece struct {
	Frame pcm.Frame // without PCM if this is a gap; borrowed until emit returns
	Gap   bool
	Lost  bool     // a gap because the card gave nothing, not because somebody asked
	Span  pcm.Span // what the piece covers; pieces tile the line's clock
	By    Source
	Why   string
}

// never is the end of a cut that nobody has ended yet.
const never = pcm.Pos(math.MaxInt64)

// cut is a stretch that a source asked for, guards included.
type cut struct {
	pcm.Span
	last pcm.Pos // where it was last asked for: no resume of before that ends it
	by   Source
	why  string
}

// Gate is the delay line of one line. It belongs to one goroutine.
type Gate struct {
	format pcm.Format
	hold   pcm.Pos
	before pcm.Pos
	after  pcm.Pos
	stop   bool

	queue []chunk   // audio and holes that wait, without a break between them
	free  [][]int16 // buffers to use again
	left  pcm.Pos   // everything before it has left
	end   pcm.Pos   // everything before it has come in
	begun bool
	cuts  []cut
	mutes []pcm.Span
}

// chunk is waiting audio, or a hole if pcm is nil. What has left is cut off pcm's start.
type chunk struct {
	pcm.Span
	epoch pcm.Epoch
	pcm   []int16
	buf   []int16 // what pcm was cut from
}

// NewGate makes a gate through which nothing has passed.
func NewGate(f pcm.Format, p Policy) *Gate {
	return &Gate{
		format: f,
		hold:   f.Samples(p.HoldBack),
		before: f.Samples(p.GuardBefore),
		after:  f.Samples(p.GuardAfter),
		stop:   p.Stop,
	}
}

// Left is the position before which everything has left the gate.
func (g *Gate) Left() pcm.Pos { return g.left }

// Pause cuts from at, less the guard, until src resumes. What of that had already left is
// returned: it was passed on, and its keeper must see to it.
func (g *Gate) Pause(at pcm.Pos, src Source, why string) (late pcm.Span) {
	from := at - g.before
	for i := range g.cuts {
		if c := &g.cuts[i]; c.by == src && c.To == never && c.From <= from {
			c.last = max(c.last, from)
			return pcm.Span{} // it asks already
		}
	}
	if g.begun && from < g.left {
		late = pcm.Span{From: from, To: g.left}
	}
	g.cuts = append(g.cuts, cut{Span: pcm.Span{From: from, To: never}, last: from, by: src, why: why})
	return late
}

// Cut cuts s and no more, guards not added: its end is known. What of it had already left is
// returned.
func (g *Gate) Cut(s pcm.Span, src Source, why string) (late pcm.Span) {
	if s.Empty() {
		return pcm.Span{}
	}
	if g.begun && s.From < g.left {
		late = pcm.Span{From: s.From, To: min(s.To, g.left)}
	}
	g.cuts = append(g.cuts, cut{Span: s, last: s.From, by: src, why: why})
	return late
}

// Mute silences s, all legs, in what has not left yet. It remains audio, and is no gap.
func (g *Gate) Mute(s pcm.Span) {
	if n := len(g.mutes); n > 0 && g.mutes[n-1].From <= s.From && s.From <= g.mutes[n-1].To {
		g.mutes[n-1].To = max(g.mutes[n-1].To, s.To)
		return
	}
	g.mutes = append(g.mutes, s)
}

// Resume ends what src asked for at the position at, plus the guard. On a line that stops
// for good, only a contact can: everybody else's pause ends with the call.
func (g *Gate) Resume(at pcm.Pos, src Source) {
	if g.stop && !src.Contact {
		return
	}
	g.close(at, func(s Source) bool { return s == src })
}

// EndCall ends, at the end of a call, every pause that was asked for this call only.
func (g *Gate) EndCall(at pcm.Pos) {
	g.close(at, func(s Source) bool { return !s.Contact })
}

func (g *Gate) close(at pcm.Pos, whose func(Source) bool) {
	last := map[Source]pcm.Pos{}
	for _, c := range g.cuts {
		if c.To == never && whose(c.by) {
			last[c.by] = max(last[c.by], c.last, at)
		}
	}
	for i := range g.cuts {
		if c := &g.cuts[i]; c.To == never && whose(c.by) {
			c.To = last[c.by] + g.after
		}
	}
}

// Asking lists the sources that ask for a pause now.
func (g *Gate) Asking() []Source {
	var s []Source
	for _, c := range g.cuts {
		if c.To == never && !slices.Contains(s, c.by) {
			s = append(s, c.by)
		}
	}
	return s
}

// Push takes a copy of f and passes on what has waited long enough. Positions that no frame
// covered are passed on as lost. An error of emit is returned at once; what that piece held
// is gone, and the next Push goes on behind it.
func (g *Gate) Push(f pcm.Frame, emit func(Piece) error) error {
	s := f.Span()
	if s.Empty() {
		return nil
	}
	if !g.begun {
		g.begun, g.left, g.end = true, s.From, s.From
	}
	if s.From < g.end {
		panic("pause: a frame went back")
	}
	if s.From > g.end {
		g.queue = append(g.queue, chunk{Span: pcm.Span{From: g.end, To: s.From}, epoch: f.Epoch})
	}
	buf := append(g.buffer(), f.PCM...)
	g.queue = append(g.queue, chunk{Span: s, epoch: f.Epoch, pcm: buf, buf: buf})
	g.end = s.To
	return g.release(g.end-g.hold, emit)
}

// Advance lets time pass to now on a line that gives no audio: what waits leaves when its
// time has come, so the last words of a call are kept, and a late pause can still cut them.
func (g *Gate) Advance(now pcm.Pos, emit func(Piece) error) error {
	if !g.begun {
		return nil
	}
	return g.release(min(now-g.hold, g.end), emit)
}

// Drain passes on everything that waits. The caller has made sure that no pause can come
// any more: its sources are stopped, or the hold-back has passed.
func (g *Gate) Drain(emit func(Piece) error) error { return g.release(g.end, emit) }

func (g *Gate) buffer() []int16 {
	if n := len(g.free); n > 0 {
		b := g.free[n-1]
		g.free = g.free[:n-1]
		return b[:0]
	}
	return nil
}

// release passes on everything before upto.
func (g *Gate) release(upto pcm.Pos, emit func(Piece) error) error {
	defer g.forget()
	for len(g.queue) > 0 && g.queue[0].From < upto {
		c := &g.queue[0]
		p := g.piece(c, min(c.To, upto))
		n := (p.Span.To - c.From) * pcm.Pos(g.format.Legs)
		c.From, g.left = p.Span.To, p.Span.To
		err := emit(p)
		if c.pcm != nil {
			clear(c.pcm[:n])
			c.pcm = c.pcm[n:]
		}
		if c.Empty() {
			if c.buf != nil {
				g.free = append(g.free, c.buf)
			}
			g.queue = slices.Delete(g.queue, 0, 1)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// piece is the next thing to leave: the head of c, as far as it is all audio or all gap.
func (g *Gate) piece(c *chunk, to pcm.Pos) Piece {
	p := Piece{Span: pcm.Span{From: c.From, To: to}}
	if k := g.cutAt(c.From); k != nil {
		p.Gap, p.By, p.Why = true, k.by, k.why
		p.Span.To = min(to, k.To)
		return p
	}
	for _, k := range g.cuts {
		if k.From > c.From && !k.Empty() {
			p.Span.To = min(p.Span.To, k.From)
		}
	}
	if c.pcm == nil {
		p.Gap, p.Lost = true, true
		return p
	}
	f := pcm.Frame{Epoch: c.epoch, Pos: c.From, Format: g.format, PCM: c.pcm}
	p.Frame = f.Slice(p.Span)
	for _, m := range g.mutes {
		if quiet := m.Intersect(p.Span); !quiet.Empty() {
			clear(p.Frame.Slice(quiet).PCM)
		}
	}
	return p
}

// cutAt is the cut that p lies in; of several, the one that was asked for first.
func (g *Gate) cutAt(p pcm.Pos) *cut {
	for i := range g.cuts {
		if g.cuts[i].Contains(p) {
			return &g.cuts[i]
		}
	}
	return nil
}

// forget drops the cuts and mutes that nothing which waits or will come can lie in.
func (g *Gate) forget() {
	g.mutes = slices.DeleteFunc(g.mutes, func(m pcm.Span) bool { return m.To <= g.left })
	g.cuts = slices.DeleteFunc(g.cuts, func(c cut) bool { return c.To <= g.left })
}
