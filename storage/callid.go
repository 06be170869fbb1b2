package storage

import (
	"strings"

	"linevault/storage/catalogue"
)

// parseCallID is the 128 bits of an id, whose order is that of ids.
func parseCallID(id CallID) (bits catalogue.ID, ok bool) {
	if len(id) != 26 || id[0] > '7' {
		return bits, false
	}
	for i := range id {
		v := strings.IndexByte(base32, id[i])
		if v < 0 {
			return bits, false
		}
		for k := range 5 {
			// 130 bits for 128: the first character has three of them.
			if bit := 5*i + k - 2; bit >= 0 {
				bits[bit/8] |= byte(v>>(4-k)&1) << (7 - bit%8)
			}
		}
	}
	return bits, true
}

// formatCallID is the reverse of parseCallID.
func formatCallID(b catalogue.ID) CallID {
	var id [26]byte
	for i := range id {
		var v byte
		for k := range 5 {
			v <<= 1
			if bit := 5*i + k - 2; bit >= 0 {
				v |= b[bit/8] >> (7 - bit%8) & 1
			}
		}
		id[i] = base32[v]
	}
	return CallID(id[:])
}
