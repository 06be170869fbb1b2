package haltest

import (
	"fmt"
	"time"

	"linevault/codec/pcm"
	"linevault/hal"
)

// Checker follows the blocks of one line and says which promise of hal.Line a block breaks.
type Checker struct {
	// Opened is when the card was opened, after which no audio is older; 0 if its stamps
	// have nothing to do with this machine's clock.
	Opened pcm.Mono
	// Audio is how many samples have come, Epochs how many epochs, Losses how often the
	// card was lost.
	Audio  pcm.Pos
	Epochs int
	Losses int
	Lost   bool // Lost came, Back did not

	line     hal.Line
	most     pcm.Pos
	begun    bool
	epoch    pcm.Epoch
	end      pcm.Pos
	inEpoch  pcm.Pos // samples
	captured pcm.Mono
	offHook  bool
}

// NewChecker is for the blocks of l, from the first.
func NewChecker(l hal.Line) *Checker {
	return &Checker{line: l, most: l.Format().Samples(hal.MaxBlock)}
}

// Step takes the next block.
func (c *Checker) Step(b *hal.Block) error {
	for _, check := range []func(*hal.Block) error{c.shape, c.order, c.time, c.signals} {
		if err := check(b); err != nil {
			return fmt.Errorf("line %s, epoch %d, position %d: %w", c.line.ID(), b.Frame.Epoch, b.Frame.Pos, err)
		}
	}
	return nil
}

func (c *Checker) shape(b *hal.Block) error {
	f := b.Frame
	if f.Format != c.line.Format() {
		return fmt.Errorf("a block of format %v from a line of format %v", f.Format, c.line.Format())
	}
	if len(f.PCM)%f.Format.Legs != 0 {
		return fmt.Errorf("%d samples for %d legs", len(f.PCM), f.Format.Legs)
	}
	if f.Len() > c.most {
		return fmt.Errorf("a block of %d samples: at most %d are allowed", f.Len(), c.most)
	}
	return nil
}

// order: blocks of an epoch follow on from one another, and no epoch begins before the last
// one ended.
func (c *Checker) order(b *hal.Block) error {
	f := b.Frame
	switch {
	case !c.begun || f.Epoch > c.epoch:
		if c.begun && f.Pos < c.end {
			return fmt.Errorf("epoch %d begins at %d, before epoch %d ended at %d", f.Epoch, f.Pos, c.epoch, c.end)
		}
		c.Epochs++
		c.inEpoch = 0
	case f.Epoch < c.epoch:
		return fmt.Errorf("epoch %d after epoch %d", f.Epoch, c.epoch)
	case f.Pos != c.end:
		return fmt.Errorf("the block does not follow on from %d", c.end)
	}
	if c.Lost && f.Len() > 0 && !has(b, hal.Back) {
		return fmt.Errorf("audio from a card that is lost")
	}
	if c.Lost && has(b, hal.Back) && f.Epoch == c.epoch {
		return fmt.Errorf("the card came back in the epoch that it was lost in")
	}
	c.begun, c.epoch, c.end = true, f.Epoch, f.Span().To
	c.inEpoch += f.Len()
	c.Audio += f.Len()
	return nil
}

// time: stamps never go back, and audio is never there before it can have been captured.
func (c *Checker) time(b *hal.Block) error {
	if b.Captured < c.captured {
		return fmt.Errorf("captured at %v, and the block before it at %v", b.Captured, c.captured)
	}
	c.captured = b.Captured
	if c.Opened == 0 {
		return nil
	}
	if now := hal.Now(); b.Captured > now {
		return fmt.Errorf("captured at %v, which is yet to come: it is %v", b.Captured, now)
	}
	// A card's crystal may be a little fast, and its first audio a buffer older than the
	// stream that gave it.
	took := c.line.Format().Duration(c.inEpoch)
	took -= took/50 + 250*time.Millisecond
	if since := time.Duration(b.Captured - c.Opened); since < took {
		return fmt.Errorf("%d samples captured within %v", c.inEpoch, since)
	}
	return nil
}

func (c *Checker) signals(b *hal.Block) error {
	at := b.Frame.Pos
	for _, s := range b.Signals {
		if s.At < at || s.At > b.Frame.Span().To {
			return fmt.Errorf("%v at %d: not in order, or out of the block's reach", s.Kind, s.At)
		}
		at = s.At
		if err := c.signal(s); err != nil {
			return err
		}
	}
	return nil
}

func (c *Checker) signal(s hal.Signal) error {
	switch s.Kind {
	case hal.Lost:
		if c.Lost {
			return fmt.Errorf("lost twice")
		}
		if len(s.Data) == 0 {
			return fmt.Errorf("lost for no reason")
		}
		c.Lost = true
		c.Losses++
	case hal.Back:
		if !c.Lost {
			return fmt.Errorf("back from nowhere")
		}
		c.Lost = false
	case hal.LoopClosed, hal.LoopOpen:
		if c.offHook == (s.Kind == hal.LoopClosed) {
			return fmt.Errorf("%v twice", s.Kind)
		}
		c.offHook = !c.offHook
	}
	return nil
}

func has(b *hal.Block, k hal.SignalKind) bool {
	for _, s := range b.Signals {
		if s.Kind == k {
			return true
		}
	}
	return false
}
