package segment

import "errors"

var (
	errMissing  = errors.New("a stretch of the stream is missing")
	errFragment = errors.New("a fragment has a wrong length")
)

// stream reads records out of fragments.
type stream struct {
	// fragment finds the one with the byte at off. With an error it says at least where the
	// next one begins; errMissing stands for the stream's end, too.
	fragment func(off int64) (fragment, error)
	// doubt is asked where no head is found, and reports whether to look again.
	doubt  func(off int64) bool
	length int64 // 0 where not known
}

// read fills b from the stream at off. It reads less at the stream's end.
func (s *stream) read(b []byte, off int64) (n int, err error) {
	for n < len(b) {
		f, err := s.fragment(off + int64(n))
		if errors.Is(err, errMissing) {
			return n, nil
		}
		if err != nil {
			return n, err
		}
		at := off + int64(n) - f.from
		if at < 0 || at >= int64(len(f.body)) {
			return n, errFragment
		}
		n += copy(b[n:], f.body[at:])
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
func (s *stream) head(off int64) (h Head, n int, err error) {
	h, n, err = s.headAt(off)
	if err != nil && s.doubt != nil && s.doubt(off) {
		return s.headAt(off)
	}
	return h, n, err
}

func (s *stream) headAt(off int64) (Head, int, error) {
	var buf [maxHead]byte
	n, err := s.read(buf[:], off)
	if n == 0 {
		if err == nil {
			err = errMissing
		}
		return Head{}, 0, err
	}
	h, k, herr := parseHead(buf[:n])
	if herr != nil && err != nil {
		return h, k, err
	}
	return h, k, herr
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
		off = s.resume(s.after(off))
	}
}

// after is where the fragment begins that follows the one with the byte at off.
func (s *stream) after(off int64) int64 {
	f, _ := s.fragment(off) // an error says where the next one begins, too
	return max(off+1, f.next)
}

// resume is where the first record begins in the fragments from the one at off on.
func (s *stream) resume(off int64) int64 {
	for off < s.length {
		f, err := s.fragment(off)
		if err == nil && f.first < len(f.body) {
			return max(off, f.from+int64(f.first))
		}
		off = max(off+1, f.next)
	}
	return s.length
}
