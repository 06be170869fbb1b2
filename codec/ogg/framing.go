package ogg

import (
	"errors"
	"fmt"
)

// maxFrame is the longest Opus frame (RFC 6716 3.4, R2).
const maxFrame = 1275

var errFraming = errors.New("the framing of an Opus packet is broken")

// Join appends the packets of one instant, one per leg, to dst as one: all but the last carry
// their own length (RFC 6716 appendix B).
func Join(dst []byte, legs ...[]byte) ([]byte, error) {
	for i, p := range legs {
		if i == len(legs)-1 {
			return append(dst, p...), nil
		}
		h, err := parse(p)
		if err != nil {
			return dst, fmt.Errorf("ogg: leg %d: %w", i, err)
		}
		rest := len(p) - h.size - h.padding - h.told
		if rest < 0 || rest%h.untold != 0 || rest/h.untold > maxFrame {
			return dst, fmt.Errorf("ogg: leg %d: %w", i, errFraming)
		}
		dst = append(dst, p[:h.size]...)
		dst = appendLength(dst, rest/h.untold)
		dst = append(dst, p[h.size:]...)
	}
	return dst, nil
}

// Split is the reverse of Join: the packets of so many legs.
func Split(packet []byte, legs int) ([][]byte, error) {
	split := make([][]byte, 0, legs)
	for i := range legs - 1 {
		h, err := parse(packet)
		if err != nil {
			return nil, fmt.Errorf("ogg: leg %d: %w", i, err)
		}
		n, width, err := readLength(packet[h.size:])
		if err != nil {
			return nil, fmt.Errorf("ogg: leg %d: %w", i, err)
		}
		body := packet[h.size+width:]
		size := h.told + h.untold*n + h.padding
		if size > len(body) {
			return nil, fmt.Errorf("ogg: leg %d: %w", i, errFraming)
		}
		p := make([]byte, 0, h.size+size)
		p = append(append(p, packet[:h.size]...), body[:size]...)
		split, packet = append(split, p), body[size:]
	}
	return append(split, packet), nil
}

// header is what an Opus packet says of its frames before they come (RFC 6716 3.2).
type header struct {
	size    int // of the header itself
	told    int // bytes of frames whose lengths it gives
	untold  int // how many frames share what is left
	padding int // bytes after the frames
}

func parse(p []byte) (header, error) {
	if len(p) == 0 {
		return header{}, errFraming
	}
	h := header{size: 1, untold: 1}
	switch p[0] & 3 {
	case 1:
		h.untold = 2
	case 2:
		return h, h.tell(p, 1)
	case 3:
		return h, h.parseCounted(p)
	}
	return h, nil
}

// parseCounted reads what follows the TOC of a packet with a frame count (RFC 6716 3.2.5).
func (h *header) parseCounted(p []byte) error {
	if len(p) < 2 || p[1]&0x3f == 0 {
		return errFraming
	}
	count := int(p[1] & 0x3f)
	h.size = 2
	if p[1]&0x40 != 0 {
		for more := true; more; h.size++ {
			if h.size >= len(p) {
				return errFraming
			}
			b := int(p[h.size])
			more = b == 255
			h.padding += min(b, 254)
		}
	}
	if p[1]&0x80 != 0 {
		return h.tell(p, count-1)
	}
	h.untold = count
	return nil
}

// tell reads the lengths of n frames.
func (h *header) tell(p []byte, n int) error {
	for range n {
		size, width, err := readLength(p[h.size:])
		if err != nil {
			return err
		}
		h.size += width
		h.told += size
	}
	return nil
}

// lengthSize is how many bytes the length n takes.
func lengthSize(n int) int {
	if n < 252 {
		return 1
	}
	return 2
}

func appendLength(dst []byte, n int) []byte {
	if n < 252 {
		return append(dst, byte(n))
	}
	first := 252 + n&3
	return append(dst, byte(first), byte((n-first)/4))
}

func readLength(p []byte) (n, width int, err error) {
	switch {
	case len(p) > 0 && p[0] < 252:
		return int(p[0]), 1, nil
	case len(p) > 1:
		return int(p[0]) + 4*int(p[1]), 2, nil
	}
	return 0, 0, errFraming
}
