package card

import (
	"testing"
	"time"

	"linevault/codec/pcm"
	"linevault/hal"
	"linevault/hal/pri/dahdi"
)

// What waited for long before it was read has its place when it was captured, and so has what follows
// a break.
func TestInvariantPositionsAreOfCapture(t *testing.T) {
	g := newRing(1)
	octets := make([]byte, dahdi.Block)
	add := func(now time.Duration) {
		g.add(dahdi.Block, pcm.Mono(now), false, func(int, side) []byte { return octets })
	}
	const block = 40 * time.Millisecond
	for i := range 100 {
		add(time.Duration(i+1) * block)
	}
	for range 25 { // a second of sound is read a second and a half too late
		add(100*block + 2500*time.Millisecond)
	}
	g.restart()
	add(100*block + 2600*time.Millisecond)
	l := &line{ring: g}
	var b hal.Block
	var end pcm.Pos
	for b.Frame.Epoch == 0 {
		end = b.Frame.Span().To
		if err := l.Read(&b); err != nil {
			t.Fatal(err)
		}
	}
	want := format.Samples(100*block + 2600*time.Millisecond)
	if end != 125*dahdi.Block || b.Frame.Span().To != want {
		t.Errorf("the first epoch ends at %d, want %d, and the second at %d, want %d", end, 125*dahdi.Block, b.Frame.Span().To, want)
	}
}

// What one second of thirty lines costs from the driver's buffers to samples, the system calls apart.
func BenchmarkSecond(b *testing.B) {
	const lines = 30
	g := newRing(lines)
	all := make([]*line, lines)
	for i := range all {
		all[i] = &line{index: i, ring: g}
	}
	octets := make([]byte, dahdi.Block)
	var blk hal.Block
	for b.Loop() {
		for range rate / dahdi.Block {
			g.add(dahdi.Block, hal.Now(), false, func(int, side) []byte { return octets })
			for _, l := range all {
				if err := l.Read(&blk); err != nil {
					b.Fatal(err)
				}
			}
		}
	}
}
