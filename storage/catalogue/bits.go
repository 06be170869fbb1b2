package catalogue

import "math/bits"

// blockMax is how many contacts a block has at most: positions in it have 16 bits.
const blockMax = 1 << 16

// set is a set of positions in a block.
type set [blockMax / 64]uint64

func (s *set) add(i uint16)      { s[i/64] |= 1 << (i % 64) }
func (s *set) has(i uint16) bool { return s[i/64]>>(i%64)&1 != 0 }

func (s *set) drop(i uint16) { s[i/64] &^= 1 << (i % 64) }

func (s *set) addAll(list []uint16) {
	for _, i := range list {
		s[i/64] |= 1 << (i % 64)
	}
}

// below keeps only what is less than n.
func (s *set) below(n int) {
	if n >= blockMax {
		return
	}
	s[n/64] &= 1<<(n%64) - 1
	clear(s[n/64+1:])
}

// fill is all positions less than n.
func (s *set) fill(n int) {
	for i := range s {
		s[i] = ^uint64(0)
	}
	s.below(n)
}

func (s *set) count() (n int) {
	for _, w := range s {
		n += bits.OnesCount64(w)
	}
	return n
}

// each calls f for every position, greatest first, until it returns false.
func (s *set) each(f func(i uint16) bool) {
	for k := len(s) - 1; k >= 0; k-- {
		for w := s[k]; w != 0; {
			b := bits.Len64(w) - 1
			w &^= 1 << b
			if !f(uint16(k*64 + b)) {
				return
			}
		}
	}
}
