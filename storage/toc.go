package storage

import "linevault/codec/pcm"

// packetSamples is how many samples an Opus packet decodes to, by RFC 6716 3.1; 0 if it is
// no packet. It reads the table of contents only.
func packetSamples(packet []byte, rate int) pcm.Pos {
	if len(packet) == 0 {
		return 0
	}
	frames := 1
	switch packet[0] & 3 {
	case 1, 2:
		frames = 2
	case 3:
		if len(packet) < 2 {
			return 0
		}
		frames = int(packet[1] & 0x3f)
	}
	n := frames * frameSamples(packet[0]) * rate / 48000
	if n > rate*120/1000 { // no packet is longer than 120 ms
		return 0
	}
	return pcm.Pos(n)
}

// frameSamples is the length of one frame at 48 kHz.
func frameSamples(toc byte) int {
	switch config := toc >> 3; {
	case config < 12: // SILK
		return [4]int{480, 960, 1920, 2880}[config&3]
	case config < 16: // hybrid
		return [2]int{480, 960}[config&1]
	default: // CELT
		return 120 << (config & 3)
	}
}
