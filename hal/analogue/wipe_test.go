package analogue

import (
	"bytes"
	"testing"

	"linevault/hal"
)

// What every line has read is not in the ring any more, also when the card is lost, nor in what
// reads a child's records.
func TestNothingStaysThatWasRead(t *testing.T) {
	const frames, loud = 160, 12345
	g := newRing(8000, 2, frames)
	a, b := newLine(LineConfig{ID: "a", Channels: []int{1}}, g), newLine(LineConfig{ID: "b", Channels: []int{2}}, g)
	in := record{PCM: make([]int16, 2*frames)}
	for i := range in.PCM {
		in.PCM[i] = loud
	}
	d := recordReader{r: bytes.NewReader(appendRecord(nil, 2, &in)), channels: 2, frames: frames}
	var r record
	if err := d.next(&r); err != nil {
		t.Fatal(err)
	}
	for range 3 {
		g.add(&r)
	}
	d.wipe(&r)
	g.lose("unplugged", 1)
	left := func() (n int) {
		for _, s := range g.kept.Slots {
			for _, v := range s.Sound[:cap(s.Sound)] {
				if v != 0 {
					n++
				}
			}
		}
		return n
	}
	var block hal.Block
	read := func(l *line) {
		t.Helper()
		if err := l.Read(&block); err != nil || len(block.Frame.PCM) != 3*frames || block.Frame.PCM[0] != loud {
			t.Fatalf("%d samples, %v", len(block.Frame.PCM), err)
		}
	}
	read(a)
	if n := left(); n != 3*2*frames {
		t.Errorf("%d samples wait for the other line, want %d", n, 3*2*frames)
	}
	read(b)
	if n := left(); n > 0 {
		t.Errorf("%d samples stayed in the ring", n)
	}
	for i := range r.PCM {
		if r.PCM[i] != 0 || d.body[2*i] != 0 {
			t.Fatal("a record stayed")
		}
	}
}
