package correlate

// Blocks cuts audio that comes in pieces of any length into blocks of Len samples.
type Blocks struct {
	pending [Len]int16
	filled  int
	given   bool // pending was given out
}

// Next takes samples up to the end of a block, and returns that block, which is good until the
// next call, and the samples after it. It returns nil once they do not complete one.
func (b *Blocks) Next(samples []int16) (block, rest []int16) {
	if b.given {
		b.given = false
		clear(b.pending[:]) // if only whole blocks follow, nothing else overwrites it
	}
	if b.filled == 0 && len(samples) >= Len {
		return samples[:Len], samples[Len:]
	}
	n := copy(b.pending[b.filled:], samples)
	if b.filled += n; b.filled < Len {
		return nil, nil
	}
	b.filled, b.given = 0, true
	return b.pending[:], samples[n:]
}
