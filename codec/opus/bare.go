package opus

import (
	"github.com/hraban/opus"

	"linevault/codec/pcm"
)

// Bare is libopus with this package's settings and nothing around it: no legs, no look-ahead,
// no short packets. It is what the cost of everything else is measured against.
type Bare struct {
	enc *opus.Encoder
	out []byte
	n   int
}

// NewBare makes a bare encoder of one leg.
func NewBare(rate, complexity int) (*Bare, error) {
	enc, err := newLeg(rate)
	if err != nil {
		return nil, err
	}
	f := pcm.Format{Rate: rate, Legs: 1}
	return &Bare{enc: enc, out: make([]byte, maxPacket), n: int(f.Samples(FrameLength))}, enc.SetComplexity(complexity)
}

// Encode encodes whole packets of samples, drops what is left over, and returns the bytes made.
func (b *Bare) Encode(samples []int16) (bytes int, err error) {
	for ; len(samples) >= b.n; samples = samples[b.n:] {
		n, err := b.enc.Encode(samples[:b.n:b.n], b.out)
		if err != nil {
			return bytes, err
		}
		bytes += n
	}
	return bytes, nil
}
