package card

import (
	"bytes"
	"testing"

	"linevault/codec/pcm"
	"linevault/hal"
	"linevault/hal/pri/dahdi"
)

// What every line has read is not in the ring any more, also when the card is lost, nor in what
// was read of the driver or given to a line.
func TestNothingStaysThatWasRead(t *testing.T) {
	g := newRing(2)
	octets := bytes.Repeat([]byte{0x42}, dahdi.Block)
	for i := range 3 {
		g.add(dahdi.Block, pcm.Mono(i+1), false, func(int, side) []byte { return octets })
	}
	g.lose("unplugged", 4)
	left := func() (n int) {
		for _, s := range g.kept.Slots {
			n += bytes.Count(s.Sound[:cap(s.Sound)], []byte{0x42})
		}
		return n
	}
	var block hal.Block
	for i := range 2 {
		if n := left(); n != 3*4*dahdi.Block {
			t.Errorf("%d octets wait for line %d, want %d", n, i, 3*4*dahdi.Block)
		}
		l := &line{ring: g, index: i}
		for range 4 {
			if err := l.Read(&block); err != nil {
				t.Fatal(err)
			}
		}
		for leg := range l.legs {
			for _, v := range l.legs[leg] {
				if v != 0 {
					t.Fatalf("line %d keeps what it decoded", i)
				}
			}
		}
	}
	if n := left(); n > 0 {
		t.Errorf("%d octets stayed in the ring", n)
	}
	s := span{waiting: [][]byte{bytes.Clone(octets)}}
	s.use(5)
	if n := bytes.Count(s.waiting[0][:cap(s.waiting[0])], []byte{0x42}); n != dahdi.Block-5 {
		t.Errorf("%d octets wait, want %d", n, dahdi.Block-5)
	}
}
