// Package ogg reads and writes Ogg Opus (RFC 7845), of one or two legs. Two legs are two mono
// streams in one packet, uncoupled, so that nothing of one is in the other and packets go
// into a file as they were recorded.
package ogg

import "time"

const (
	// PreSkip is Opus's look-ahead at 48 kHz, which a player drops from the beginning: 6.5 ms.
	PreSkip = 312
	// PageLength is about how much sound a page covers. Page headers cost 0.2 to 0.4 % then.
	PageLength = 4 * time.Second
	// MaxSegments is how many lacing values fit a page.
	MaxSegments = 255
	// PageOverhead is what a page costs besides its packets and their lacing values.
	PageOverhead = 27
)

// Clock is how many granules a second has, whatever the rate of the sound was.
const Clock = 48000

// Cost is how many bytes of a page the packets of one instant take, one packet per leg, given
// their sizes: the packets, what keeps them apart, and the lacing values. It holds for packets
// of one Opus frame, which is all that our encoder makes.
func Cost(sizes ...int) int {
	n := 0
	for i, size := range sizes {
		n += size
		if i < len(sizes)-1 {
			n += lengthSize(size - 1)
		}
	}
	return n + segments(n)
}

// segments is how many lacing values a packet of n bytes has.
func segments(n int) int { return n/255 + 1 }
