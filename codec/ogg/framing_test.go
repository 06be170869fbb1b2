package ogg_test

import (
	"bytes"
	"testing"

	"linevault/codec/ogg"
)

func TestCost(t *testing.T) {
	for _, sizes := range [][]int{{1}, {254}, {255}, {1, 1}, {252, 2}, {253, 3}, {254, 1}, {120, 134}, {1276, 1276}} {
		var legs [][]byte
		for _, n := range sizes {
			legs = append(legs, make([]byte, n))
		}
		joined, err := ogg.Join(nil, legs...)
		if err != nil {
			t.Fatal(err)
		}
		page := ogg.Page{Sizes: []int{len(joined)}, Body: joined}.Append(nil)
		if want := len(page) - ogg.PageOverhead; ogg.Cost(sizes...) != want {
			t.Errorf("%v cost %d, not %d", sizes, want, ogg.Cost(sizes...))
		}
	}
}

// TestJoin tries packets of every framing of RFC 6716 3.2.
func TestJoin(t *testing.T) {
	frame := func(n int) []byte { return bytes.Repeat([]byte{0x5a}, n) }
	with := func(head []byte, n int) []byte { return append(head, frame(n)...) }
	for name, p := range map[string][]byte{
		"one frame":         with([]byte{0x18}, 100),
		"no sound":          {0x18},
		"long":              with([]byte{0x18}, 1275),
		"two equal":         with([]byte{0x19}, 300),
		"two unequal":       with([]byte{0x1a, 252, 1}, 256+7),
		"three equal":       with([]byte{0x0b, 3}, 60),
		"three unequal":     with([]byte{0x0b, 0x83, 10, 20}, 35),
		"padded":            with([]byte{0x0b, 0x42, 5}, 20+5),
		"padded by a lot":   with([]byte{0x0b, 0x42, 255, 1}, 20+255),
		"padded, unequal":   with([]byte{0x0b, 0xc2, 2, 7}, 7+9+2),
		"252 is two bytes":  with([]byte{0x18}, 252),
		"last frame absent": with([]byte{0x1a, 9}, 9),
	} {
		far := []byte{0x18, 1, 2, 3}
		joined, err := ogg.Join(nil, p, far)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		legs, err := ogg.Split(joined, 2)
		if err != nil || !bytes.Equal(legs[0], p) || !bytes.Equal(legs[1], far) {
			t.Errorf("%s: % x\ncame back as % x, %v", name, p, legs, err)
		}
	}
	for name, p := range map[string][]byte{
		"empty": {}, "odd": with([]byte{0x19}, 3), "too long": with([]byte{0x18}, 1276), "no count": {0x0b},
		"count 0": {0x0b, 0}, "length beyond": with([]byte{0x1a, 9}, 8), "padding beyond": {0x0b, 0x41, 9, 1},
		"endless padding": {0x0b, 0x41, 255}, "cut length": {0x1a, 255},
	} {
		if _, err := ogg.Join(nil, p, []byte{0x18}); err == nil {
			t.Errorf("%s was joined", name)
		}
	}
}

// FuzzJoin: whatever can be joined comes apart again as it was.
func FuzzJoin(f *testing.F) {
	f.Add([]byte{0x18, 1, 2}, []byte{0x18})
	f.Add([]byte{0x0b, 0xc2, 2, 7, 1, 1, 1, 1, 1, 1, 1, 9, 0, 0}, []byte{0x1a, 1, 2})
	f.Fuzz(func(t *testing.T, near, far []byte) {
		if _, err := ogg.Split(near, 2); err == nil && len(near) == 0 {
			t.Fatal("nothing was split")
		}
		joined, err := ogg.Join(nil, near, far)
		if err != nil {
			return
		}
		legs, err := ogg.Split(joined, 2)
		if err != nil || !bytes.Equal(legs[0], near) || !bytes.Equal(legs[1], far) {
			t.Fatalf("% x + % x came back as % x, %v", near, far, legs, err)
		}
	})
}
