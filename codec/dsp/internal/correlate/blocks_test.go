package correlate

import "testing"

// Pieces that are no whole blocks leave nothing behind once they are part of a block.
func TestBlocksKeepNothing(t *testing.T) {
	var b Blocks
	sound := make([]int16, 3*Len)
	for i := range sound {
		sound[i] = 77
	}
	for _, n := range []int{Len / 2, Len + Len/2} {
		for block, rest := b.Next(sound[:n]); block != nil; block, rest = b.Next(rest) {
			if len(block) != Len || block[0] != 77 || block[Len-1] != 77 {
				t.Fatalf("block %v", block)
			}
		}
	}
	if b.pending != [Len]int16{} {
		t.Errorf("%v are left", b.pending)
	}
}
