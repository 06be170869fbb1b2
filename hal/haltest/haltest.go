// Package haltest is what every card must do: a conformance suite that each implementer runs,
// and a checker for the blocks of one line.
package haltest

import (
	"errors"
	"io"
	"slices"
	"testing"
	"time"

	"linevault/codec/pcm"
	"linevault/hal"
)

// Options fits the suite to a card.
type Options struct {
	For   time.Duration // how long to read; a second if 0
	Every time.Duration // the pause between two reads; 50 ms if 0
	// Timeless is for a card whose time is its own: it yields audio as fast as it is read,
	// and its stamps are derived from positions.
	Timeless bool
	// Silent allows a line to give no audio at all.
	Silent bool
}

const (
	// slowRead is longer than a read that does not wait can take. A loaded machine may hold
	// up any one of them, so it is most of them that count.
	slowRead = 50 * time.Millisecond
	// patience is how much longer than asked for a line may take to give audio, and how long a
	// card may take to close, on a machine that has better things to do.
	patience = time.Minute
	// drainReads is more than enough to read what any card holds back.
	drainReads = 1000
)

// Run opens a card, reads it for a while, closes it, and reads what is left.
func Run(t *testing.T, open func(t *testing.T) hal.Card, o Options) {
	t.Helper()
	opened := hal.Now()
	card := open(t)
	lines := card.Lines()
	if len(lines) == 0 {
		t.Fatal("the card has no lines")
	}
	seen := map[pcm.LineID]bool{}
	checks := make([]*Checker, len(lines))
	for i, l := range lines {
		if seen[l.ID()] {
			t.Errorf("two lines are called %s", l.ID())
		}
		seen[l.ID()] = true
		checks[i] = NewChecker(l)
		if !o.Timeless {
			checks[i].Opened = opened
		}
	}
	if o.For == 0 {
		o.For = time.Second
	}
	if o.Every == 0 {
		o.Every = 50 * time.Millisecond
	}
	blocks := make([]hal.Block, len(lines))
	reads, slow := 0, 0
	heard := func() bool {
		return o.Silent || !slices.ContainsFunc(checks, func(c *Checker) bool { return c.Audio == 0 })
	}
	for end := time.Now().Add(o.For); time.Now().Before(end) || !heard() && time.Since(end) < patience; time.Sleep(o.Every) {
		for i, l := range lines {
			began := time.Now()
			err := l.Read(&blocks[i])
			reads++
			if time.Since(began) > slowRead {
				slow++
			}
			if err != nil {
				t.Fatalf("line %s: %v", l.ID(), err)
			}
			check(t, checks[i], &blocks[i])
		}
	}
	if slow > reads/2 {
		t.Errorf("%d of %d reads took longer than %v: Read must not wait", slow, reads, slowRead)
	}
	finish(t, card, checks, blocks)
	for i, l := range lines {
		if !o.Silent && checks[i].Audio == 0 {
			t.Errorf("line %s gave no audio", l.ID())
		}
	}
}

// finish closes the card, twice, and reads each line to its end.
func finish(t *testing.T, card hal.Card, checks []*Checker, blocks []hal.Block) {
	t.Helper()
	began := time.Now()
	if err := card.Close(); err != nil {
		t.Errorf("closing: %v", err)
	}
	if d := time.Since(began); d > patience {
		t.Errorf("closing took %v", d)
	}
	if err := card.Close(); err != nil {
		t.Errorf("closing again: %v", err)
	}
	for i, l := range card.Lines() {
		var err error
		for range drainReads {
			if err = l.Read(&blocks[i]); err != nil {
				break
			}
			check(t, checks[i], &blocks[i])
		}
		if !errors.Is(err, io.EOF) {
			t.Errorf("line %s of a closed card: %v, want io.EOF", l.ID(), err)
		}
		if err := l.Read(&blocks[i]); !errors.Is(err, io.EOF) {
			t.Errorf("line %s, after its end: %v, want io.EOF again", l.ID(), err)
		}
	}
}

func check(t *testing.T, c *Checker, b *hal.Block) {
	t.Helper()
	if err := c.Step(b); err != nil {
		t.Fatal(err)
	}
}
