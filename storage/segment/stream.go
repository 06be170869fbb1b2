package segment

import (
	"encoding/binary"
	"errors"
)

var (
	errMissing  = errors.New("a fragment is missing")
	errFragment = errors.New("a fragment has a wrong length")
)

// stream reads records out of fragments. fragment returns the i-th one; what it returns is
// not kept.
type stream struct {
	fragment func(i int64) ([]byte, error)
	length   int64 // 0 where not known
}

// read fills b from the stream at off. It reads less at the stream's end.
func (s *stream) read(b []byte, off int64) (n int, err error) {
	for n < len(b) {
		f, err := s.fragment((off + int64(n)) / body)
		if errors.Is(err, errMissing) {
			return n, nil
		}
		if err != nil {
			return n, err
		}
		if len(f) < 2 || len(f) > fragment {
			return n, errFragment
		}
		f = f[2:]
		at := int((off + int64(n)) % body)
		if at >= len(f) {
			return n, nil
		}
		n += copy(b[n:], f[at:])
		if len(f) < body {
			return n, nil
		}
	}
	return n, nil
}

// record reads the record whose head is at off, and says where the next one is.
func (s *stream) record(off int64) (h Head, sealed []byte, next int64, err error) {
	h, n, err := s.head(off)
	if err != nil {
		return h, nil, 0, err
	}
	sealed = make([]byte, h.Length)
	got, err := s.read(sealed, off+int64(n))
	if err != nil {
		return h, nil, 0, err
	}
	if got < len(sealed) {
		return h, nil, 0, errMissing
	}
	return h, sealed, off + int64(n) + int64(h.Length), nil
}

// head reads the head at off and says how long it is.
func (s *stream) head(off int64) (Head, int, error) {
	var buf [maxHead]byte
	n, err := s.read(buf[:], off)
	if n == 0 {
		if err == nil {
			err = errMissing
		}
		return Head{}, 0, err
	}
	return parseHead(buf[:n])
}

// scan finds every record of the stream. Where a head is damaged, or a fragment cannot be
// read, it says so and goes on at the next fragment in which a record begins.
func (s *stream) scan(found func(h Head, off int64), damaged func(off int64, err error)) {
	for off := int64(0); off < s.length; {
		h, n, err := s.head(off)
		if err == nil {
			if end := off + int64(n) + int64(h.Length); end <= s.length {
				found(h, off)
				off = end
				continue
			}
			err = errHead
		}
		damaged(off, err)
		off = s.resume(off)
	}
}

// resume is where the first record begins in a fragment after the one with off.
func (s *stream) resume(off int64) int64 {
	for i := off/body + 1; i*body < s.length; i++ {
		f, err := s.fragment(i)
		if err != nil || len(f) < 2 {
			continue
		}
		if first := binary.LittleEndian.Uint16(f); first < body {
			return i*body + int64(first)
		}
	}
	return s.length
}
