package correlate

// Blocks cuts audio that comes in pieces of any length into blocks of Len samples.
type Blocks struct {
	pending [Len]int16
	filled  int
}

// Step takes in samples and calls do for each block that they complete; do must not keep it.
func (b *Blocks) Step(samples []int16, do func(block []int16)) {
	for len(samples) > 0 {
		if b.filled == 0 && len(samples) >= Len {
			do(samples[:Len])
			samples = samples[Len:]
			continue
		}
		n := copy(b.pending[b.filled:], samples)
		b.filled, samples = b.filled+n, samples[n:]
		if b.filled == Len {
			b.filled = 0
			do(b.pending[:])
		}
	}
}
