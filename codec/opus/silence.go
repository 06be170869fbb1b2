package opus

import (
	"bytes"
	"fmt"
)

// Silence is a packet of the given number of samples of silence, always the same, from an
// encoder that has heard nothing else. Unlike an Encoder's, it may be as short as 2.5 ms.
func Silence(rate, samples int) ([]byte, error) {
	leg, err := newLeg(rate)
	if err != nil {
		return nil, fmt.Errorf("opus encoder: %w", err)
	}
	b := make([]byte, maxPacket)
	n, err := leg.Encode(make([]int16, samples), b)
	if err != nil {
		return nil, fmt.Errorf("opus encoder: %d samples of silence at %d a second: %w", samples, rate, err)
	}
	return bytes.Clone(b[:n]), nil
}
