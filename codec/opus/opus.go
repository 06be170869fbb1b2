// Package opus turns frames into Opus packets and back. It is the only package that knows
// the binding to libopus.
package opus

import (
	"errors"
	"time"

	"linevault/codec/pcm"
)

const (
	// Bitrate is what each leg gets, in bits per second: PESQ 4.42 on telephone speech.
	Bitrate = 16000
	// FrameLength is how much audio a whole packet holds. 60 ms packets are 7 % smaller
	// than 20 ms ones at the same quality, and there are a third as many.
	FrameLength = 60 * time.Millisecond
	// Complexity is what an encoder starts with.
	Complexity = 5
	// LowComplexity is for a machine that is behind: 2.2 times as many legs per core, for
	// 0.05 of PESQ.
	LowComplexity = 1
)

// maxPacket is the longest packet of one frame: a TOC byte and RFC 6716's 1275 bytes.
const maxPacket = 1276

// Lookahead is how many samples the decoded sound lags behind what was encoded: 6.5 ms, of
// which 4 ms keep SILK and CELT in step and 2.5 ms are CELT's overlap.
func Lookahead(rate int) pcm.Pos { return pcm.Pos(rate/250 + rate/400) }

// errLength is a packet whose length contradicts its own framing.
var errLength = errors.New("packet's length and its framing disagree")

// Samples is how many samples of one leg a packet decodes to at the given rate, told from
// its first bytes (RFC 6716 3.1 and 3.2).
func Samples(packet []byte, rate int) (int, error) {
	if len(packet) == 0 {
		return 0, errors.New("empty packet")
	}
	frames := 1
	switch packet[0] & 3 {
	case 1, 2:
		frames = 2
	case 3:
		if len(packet) < 2 {
			return 0, errLength
		}
		frames = int(packet[1] & 0x3f)
	}
	n := frames * frameSamples(packet[0], rate)
	if n == 0 || n*25 > rate*3 {
		return 0, errors.New("packet of no length, or longer than 120 ms")
	}
	return n, nil
}

// frameSamples reads the length of one frame from a TOC byte.
func frameSamples(toc byte, rate int) int {
	config := toc >> 3
	switch {
	case config < 12: // SILK: 10, 20, 40, 60 ms
		return [4]int{rate / 100, rate / 50, rate / 25, rate * 3 / 50}[config&3]
	case config < 16: // hybrid: 10, 20 ms
		return rate / 100 << (config & 1)
	default: // CELT: 2.5, 5, 10, 20 ms
		return rate / 400 << (config & 3)
	}
}
