package segment

import "encoding/binary"

// leafCache is the leaf that was read last: the boxes of a part follow each other closely.
type leafCache struct {
	first int64 // fragment number of its first value
	data  [][]byte
}

// fragment returns a fragment, as the page's own memory.
func (r *Reader) fragment(i int64) ([]byte, error) {
	if k := i - r.leaf.first; k >= 0 && k < int64(len(r.leaf.data)) {
		return r.leaf.data[k], nil
	}
	var key [keySize]byte
	binary.BigEndian.PutUint64(key[:], uint64(i))
	if err := r.load(key[:]); err != nil {
		return nil, err
	}
	if k := i - r.leaf.first; k >= 0 && k < int64(len(r.leaf.data)) {
		return r.leaf.data[k], nil
	}
	return nil, errMissing
}

// load fills the leaf cache with the leaf in which key lies.
func (r *Reader) load(key []byte) error {
	r.leaf = leafCache{}
	b, err := r.pages.top(r.boxes)
	for range maxDepth {
		if err != nil {
			return err
		}
		n, branch, err2 := elements(b)
		if err2 != nil {
			return err2
		}
		if !branch {
			return r.keep(b, n)
		}
		child, found := uint64(0), false
		for i := n - 1; i >= 0 && !found; i-- {
			e, err := elementAt(b, i, true)
			if err != nil {
				return err
			}
			if string(e.key) <= string(key) {
				child, found = e.child, true
			}
		}
		if !found {
			return errMissing
		}
		b, err = r.pages.page(child)
	}
	return errPage
}

func (r *Reader) keep(b []byte, n int) error {
	for i := range n {
		e, err := elementAt(b, i, false)
		if err != nil {
			return err
		}
		at, ok := fragmentNumber(e)
		if !ok || (i > 0 && at != r.leaf.first+int64(i)) {
			r.leaf = leafCache{}
			return errPage
		}
		if i == 0 {
			r.leaf.first = at
		}
		r.leaf.data = append(r.leaf.data, e.value)
	}
	return nil
}
