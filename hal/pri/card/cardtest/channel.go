package cardtest

import (
	"errors"

	"linevault/hal/pri/dahdi"
)

// channel is one timeslot of a span that is being listened to.
type channel struct {
	board      *Board
	span, slot int
	frames     bool
	at         int // ticks that were read
	dropped    int
}

func (c *channel) Read(out []byte) (int, error) {
	b := c.board
	b.mu.Lock()
	defer b.mu.Unlock()
	f := b.spans[c.span]
	switch {
	case f == nil:
		return 0, errors.New("no such device")
	case f.Broken != nil:
		return 0, f.Broken
	case c.frames && len(f.Frames) > 0:
		n := copy(out, f.Frames[0])
		f.Frames = f.Frames[1:]
		return n + copy(out[n:], []byte{0xAA, 0xBB}), nil
	case c.frames, f.Silent:
		return 0, dahdi.ErrEmpty
	case c.dropped < f.Dropped:
		c.dropped++
		return 0, dahdi.ReadOverrun
	}
	const perBlock = dahdi.Block / 8
	if b.ticks(c.span)-c.at < perBlock {
		return 0, dahdi.ErrEmpty
	}
	for i := range dahdi.Block {
		out[i] = b.sound(c.at+i/8, c.slot, c.span)
	}
	c.at += perBlock
	return dahdi.Block, nil
}

func (c *channel) Flush() error {
	c.board.mu.Lock()
	defer c.board.mu.Unlock()
	c.at = c.board.ticks(c.span)
	return nil
}

func (c *channel) Close() error {
	c.board.mu.Lock()
	defer c.board.mu.Unlock()
	c.board.open--
	return nil
}
