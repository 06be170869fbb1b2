package ogg

import "encoding/binary"

// Repair gives every page of b that is there whole its right checksum, so that a fuzzer gets
// past it.
func Repair(b []byte) {
	for len(b) >= PageOverhead {
		size := PageOverhead + int(b[26])
		if len(b) < size {
			return
		}
		for _, n := range b[PageOverhead:size] {
			size += int(n)
		}
		if len(b) < size {
			return
		}
		clear(b[22:26])
		binary.LittleEndian.PutUint32(b[22:], checksum(0, b[:size]))
		b = b[size:]
	}
}
