// Package backlog is what a card has captured and its lines have yet to read: each reads it at its own
// pace, and is told what it missed.
package backlog

import "linevault/codec/pcm"

// Sample is how a card has its sound: linear, or as octets of A-law.
type Sample interface{ int16 | byte }

// Ring holds the newest slots of a card. The card keeps goroutines apart: its lock is held whenever a ring,
// or one of its readers, is used.
type Ring[S Sample] struct {
	Slots   []Slot[S] // slot n lies at n mod len(Slots)
	Width   int       // samples of all lines at one instant
	Readers int       // lines that read it
	Next    uint64    // number of the next slot
	Pos     pcm.Pos   // where the last slot ended, on the card's clock
	Mono    pcm.Mono  // when its last sample had been captured
	Down    bool      // the card is lost
	Fresh   bool      // the next sound begins an epoch
	Closed  bool      // readers that have read all reach the end
}

// Slot is a run of sound; or an instant at which something happened while there was none.
type Slot[S Sample] struct {
	Pos   pcm.Pos  // of the first sample
	Mono  pcm.Mono // when the last had been captured
	Fresh bool     // begins an epoch
	Lost  string   // why the card was lost, or empty
	Sound []S
	read  int // by so many lines
}

// Add makes a slot for n samples of each line, which follow on from Pos. Its sound is the caller's to add.
func (g *Ring[S]) Add(n pcm.Pos, mono pcm.Mono, fresh bool) *Slot[S] {
	s := g.take()
	s.Pos, s.Mono, s.Fresh = g.Pos, mono, fresh
	g.Pos, g.Mono, g.Down, g.Fresh = g.Pos+n, mono, false, false
	return s
}

// Mark makes a slot without sound.
func (g *Ring[S]) Mark(now pcm.Mono) *Slot[S] {
	if g.Next == 0 { // nothing to follow on from: the clock begins here
		g.Mono = now
	}
	s := g.take()
	s.Pos, s.Mono = g.Pos, max(now, g.Mono)
	return s
}

// Lose notes that the card gives no sound any more. Only the first reason counts, until sound comes
// again. It reports whether that was news.
func (g *Ring[S]) Lose(reason string, now pcm.Mono) bool {
	if g.Closed || g.Down {
		return false
	}
	g.Mark(now).Lost = reason
	g.Down, g.Fresh = true, true
	return true
}

// take makes the next slot, over the oldest one once the ring is full. Its sound is empty, with the memory of
// what lay there, in which nothing is left.
func (g *Ring[S]) take() *Slot[S] {
	g.Next++
	s := g.At(g.Next - 1)
	clear(s.Sound) // the new one may be shorter
	*s = Slot[S]{Sound: s.Sound[:0]}
	return s
}

// At is the slot of number n, which is one of the newest.
func (g *Ring[S]) At(n uint64) *Slot[S] { return &g.Slots[n%uint64(len(g.Slots))] }

// Instants is how many samples a slot has of each line.
func (g *Ring[S]) Instants(s *Slot[S]) pcm.Pos { return pcm.Pos(len(s.Sound) / g.Width) }

// oldest is the number of the first slot that is still there.
func (g *Ring[S]) oldest() uint64 { return g.Next - min(g.Next, uint64(len(g.Slots))) }

// done notes that a line has read s, and clears it after the last: sound that nobody needs any
// more may be of a pause.
func (g *Ring[S]) done(s *Slot[S]) {
	if s.read++; s.read == g.Readers {
		clear(s.Sound)
	}
}
