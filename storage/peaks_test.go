package storage

import (
	"bytes"
	"maps"
	"testing"

	"linevault/codec/pcm"
)

// Each value becomes the nearest of 16, which are kept as they are: only zero is zero, so that
// what is blanked is, and what is said is seen.
func TestPeakLevels(t *testing.T) {
	distance := func(a, b uint8) int { return max(int(a)-int(b), int(b)-int(a)) }
	for v := range 256 {
		got := levels[stepOf(uint8(v))]
		for _, l := range levels {
			if distance(l, uint8(v)) < distance(got, uint8(v)) {
				t.Errorf("%d becomes %d, and %d is nearer", v, got, l)
			}
		}
		if again := levels[stepOf(got)]; again != got {
			t.Errorf("%d becomes %d, and that %d", v, got, again)
		}
		if (got == 0) != (v == 0) {
			t.Errorf("%d becomes %d", v, got)
		}
	}
}

// Bins come back whatever the order they come in: legs with more than others, an odd number
// of halves of a byte, holes, bins again, late, and far away.
func TestPeaksInBox(t *testing.T) {
	type peak struct {
		leg pcm.Leg
		bin int64
		v   uint8
	}
	const from = 800*1000 + 799 // in bin 1000
	for _, c := range []struct {
		name  string
		legs  int
		in    []peak
		bytes int // of the records
	}{
		{"two legs", 2, []peak{{0, 1000, 18}, {1, 1000, 255}, {0, 1001, 1}, {1, 1001, 0}}, 3 + 2},
		{"leg by leg, one longer", 2, []peak{{0, 999, 3}, {0, 1000, 12}, {0, 1001, 18}, {1, 999, 26}}, 3 + 3},
		{"one leg, odd", 1, []peak{{0, 1000, 18}, {0, 1001, 36}, {0, 1002, 48}}, 3 + 2},
		{"a bin again, smaller and larger", 2, []peak{{0, 1000, 18}, {0, 1000, 3}, {1, 1000, 3}, {1, 1000, 18}}, 3 + 1},
		{"a hole", 2, []peak{{0, 1000, 18}, {1, 1000, 18}, {0, 1003, 3}, {1, 1003, 12}}, 2 * (3 + 1)},
		{"late", 1, []peak{{0, 1003, 18}, {0, 1004, 26}, {0, 1001, 36}}, 2 * (3 + 1)},
		{"a bin before the clock began", 1, []peak{{0, -1, 18}}, 4 + 1},
		{"far from the box", 1, []peak{{0, 1 << 40, 18}}, 8 + 1},
		{"none", 2, nil, 0},
	} {
		b := builder{format: pcm.Format{Rate: 8000, Legs: c.legs}}
		b.reset(from)
		empty := len(b.finish())
		want, got := map[peak]bool{}, map[peak]bool{}
		highest := map[peak]uint8{}
		for _, p := range c.in {
			b.peak(p.leg, p.bin, p.v)
			at := peak{leg: p.leg, bin: p.bin}
			highest[at] = max(highest[at], p.v)
		}
		for at, v := range highest {
			at.v = v
			want[at] = v > 0
		}
		if b.empty() != (c.in == nil) {
			t.Errorf("%s: empty %v", c.name, b.empty())
		}
		content := bytes.Clone(b.finish())
		_, err := readBox(b.format, content, visitor{peak: func(leg pcm.Leg, bin int64, v uint8) error {
			at := peak{leg, bin, v}
			if _, wanted := want[at]; v > 0 || wanted {
				got[at] = v > 0
			}
			return nil
		}})
		if err != nil || !maps.Equal(got, want) {
			t.Errorf("%s: %v come back, not %v: %v", c.name, got, want, err)
		}
		if n := len(content) - empty; n != c.bytes {
			t.Errorf("%s: %d bytes, not %d", c.name, n, c.bytes)
		}
		if b.reset(0); !b.empty() {
			t.Errorf("%s: peaks stay for the next box", c.name)
		}
	}
}

// A second of two legs takes 13 bytes.
func TestPeaksOfASecond(t *testing.T) {
	b := builder{format: pcm.Format{Rate: 8000, Legs: 2}}
	b.reset(1 << 33)
	n := len(b.finish())
	first := binOf(b.format, b.from)
	for i := range int64(10) {
		for leg := range 2 {
			b.peak(pcm.Leg(leg), first+i, uint8(100+i))
		}
	}
	if n := len(b.finish()) - n; n != 13 {
		t.Errorf("a second of peaks takes %d bytes", n)
	}
}
