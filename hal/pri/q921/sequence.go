package q921

import "hash/maphash"

// modulus of the sequence numbers (Q.921 3.5.2.1).
const modulus = 128

// Verdict is what the numbering says of an I frame.
type Verdict uint8

// The verdicts.
const (
	Fresh  Verdict = iota // not heard before: pass it on
	Repeat                // a retransmission of one that was heard
)

// Sequence follows the I frames of one direction. Its zero value has heard nothing.
type Sequence struct {
	Frames   int // I frames heard, repeats included
	Repeats  int // of these, how many were retransmissions
	Missed   int // numbers that were sent and never heard
	joined   bool
	next     uint8 // the number that should come next
	acked    uint8 // the N(R) that the other side sent last
	hasAcked bool
	seed     maphash.Seed
	heard    [modulus]uint64 // hash of what was heard under each number, 0 for nothing
}

// Reset forgets the numbering, as SABME does (Q.921 5.5.1).
func (s *Sequence) Reset() {
	s.Missed += s.Unheard()
	s.joined, s.next, s.hasAcked = true, 0, false
	clear(s.heard[:])
}

// Heard judges an I frame by its number and content. Two frames are the same only if both agree, so
// that a tap that lost half a window, or a reset, takes what follows for new.
func (s *Sequence) Heard(ns uint8, info []byte) Verdict {
	if s.Frames++; s.Frames == 1 {
		s.seed = maphash.MakeSeed()
	}
	sum := maphash.Bytes(s.seed, info) | 1
	if !s.joined {
		s.joined, s.next = true, ns
	}
	switch ahead := (ns - s.next) % modulus; {
	case ahead == 0:
	case ahead < modulus/2:
		for n := s.next; n != ns; n = (n + 1) % modulus {
			s.heard[n] = 0
		}
		s.Missed += int(ahead)
	case s.heard[ns] == sum:
		s.Repeats++
		return Repeat
	case s.heard[ns] == 0 && s.Missed > 0: // sent again because the receiver missed it too
		s.Missed--
		s.heard[ns] = sum
		return Fresh
	default: // the numbering began afresh unheard
		s.hasAcked = false
	}
	s.heard[ns] = sum
	s.heard[(ns+modulus/2)%modulus] = 0
	s.next = (ns + 1) % modulus
	return Fresh
}

// Acked takes in an N(R) of the other side, which says how far it has received. It never goes back.
func (s *Sequence) Acked(nr uint8) {
	if !s.hasAcked || (nr-s.acked)%modulus < modulus/2 {
		s.acked, s.hasAcked = nr, true
	}
}

// Unheard is how many I frames the other side has acknowledged that were not heard here.
func (s *Sequence) Unheard() int {
	if !s.hasAcked {
		return 0
	}
	return s.Lacks(s.acked)
}

// Lacks is how many I frames before number nr are still to be heard.
func (s *Sequence) Lacks(nr uint8) int {
	if !s.joined {
		return 0
	}
	if n := int(nr-s.next) % modulus; n < modulus/2 {
		return n
	}
	return 0
}

// Skip gives up those before number nr that were not heard.
func (s *Sequence) Skip(nr uint8) {
	for range s.Lacks(nr) {
		s.heard[s.next] = 0
		s.Missed++
		s.next = (s.next + 1) % modulus
	}
}
