package catalogue

import (
	"math/bits"
	"strings"
)

// A telephone number of up to 16 symbols is packed into 64 bits, four for each symbol, the
// first one highest, so that packed numbers sort as strings do and those that begin alike
// are neighbours. Other numbers are odd: kept as strings, and few.
const (
	symbols = "0123456789*#+"
	oddBit  = 0xF << 60
)

// nibble is a symbol's value, from 1.
func nibble(c byte) uint64 {
	if '0' <= c && c <= '9' {
		return uint64(c-'0') + 1
	}
	return uint64(strings.IndexByte(symbols, c) + 1)
}

// pack packs s, unless it is odd.
func pack(s string) (v uint64, ok bool) {
	if len(s) > 16 {
		return 0, false
	}
	for i := range len(s) {
		n := nibble(s[i])
		if n == 0 {
			return 0, false
		}
		v |= n << (60 - 4*i)
	}
	return v, true
}

// unpack is the reverse of pack.
func unpack(v uint64) string {
	var b [16]byte
	n := 0
	for ; v != 0; v <<= 4 {
		b[n] = symbols[v>>60-1]
		n++
	}
	return string(b[:n])
}

// reversed is v's symbols from the last to the first.
func reversed(v uint64) uint64 {
	r := bits.ReverseBytes64(v)
	r = r>>4&0x0F0F0F0F0F0F0F0F | r&0x0F0F0F0F0F0F0F0F<<4
	// The padding came to the front.
	return r << (bits.LeadingZeros64(r) / 4 * 4)
}

// beyond is the first packed value after all that begin with v, which has n symbols; zero is
// the end of all.
func beyond(v uint64, n int) uint64 { return v + 1<<(64-4*n) }

// contains reports whether needle, of k symbols, is in v.
func contains(v, needle uint64, k int) bool {
	mask := ^uint64(0) << (64 - 4*k)
	for ; v != 0; v <<= 4 {
		if v&mask == needle {
			return true
		}
	}
	return false
}

// A gram is three symbols that follow each other.
const (
	gramBase = len(symbols)
	gramsAll = gramBase * gramBase * gramBase
)

// gram is the number of the three symbols at the front of v.
func gram(v uint64) int {
	return (int(v>>60)-1)*gramBase*gramBase + (int(v>>56&15)-1)*gramBase + int(v>>52&15) - 1
}

// eachGram calls f for every gram of v, none twice.
func eachGram(v uint64, f func(g int)) {
	if v >= oddBit {
		return
	}
	var seen [14]int
	n := 0
next:
	for ; v>>52&15 != 0; v <<= 4 {
		g := gram(v)
		for _, s := range seen[:n] {
			if s == g {
				continue next
			}
		}
		seen[n] = g
		n++
		f(g)
	}
}
