package segment

import "errors"

// tail is the end of the stream that is in no run.
type tail struct {
	start int64
	said  uint64 // where it begins, by its own header
	value []byte
	err   error // why there is no value
}

var tailKey = []byte("tail")

// tail reads the tail of a stream whose runs end at start.
func (p *pages) tail(in bucket, start int64) tail {
	e, err := p.get(in, tailKey)
	if errors.Is(err, errMissing) {
		err = nil // nothing was ever committed
	}
	return tail{start: start, said: in.sequence, value: e.value, err: err}
}

// length is how much of the stream is in the tail.
func (t *tail) length() int64 {
	fragments := (len(t.value) + runHead + pageSize - 1) / pageSize
	return max(0, int64(len(t.value)-fragments*markSize))
}

// end is where the stream ends.
func (t *tail) end() int64 { return t.start + t.length() }

// fragment finds the fragment of the tail with the byte at off.
func (t *tail) fragment(off int64) (fragment, error) {
	switch {
	case t.err != nil:
		return fragment{next: off + 1}, t.err
	case off >= t.end():
		return fragment{next: off + 1}, errMissing
	}
	return cutFragment(t.value, t.start, t.length(), off)
}
