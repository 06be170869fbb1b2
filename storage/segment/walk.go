package segment

import "bytes"

// walk shows every key of a bucket in order, and says which pages could not be read; it goes
// on after those. Keys must rise, which also ends a walk in circles.
func (p *pages) walk(in bucket, found func(element), damaged func(error)) {
	b, err := p.top(in)
	if err != nil {
		damaged(err)
		return
	}
	w := walker{p: p, found: found, damaged: damaged, left: p.count()}
	w.page(b, 0)
}

type walker struct {
	p       *pages
	found   func(element)
	damaged func(error)
	last    []byte
	any     bool
	left    uint64 // pages that a sound bucket can still have
}

func (w *walker) page(b []byte, depth int) {
	n, branch, err := elements(b)
	if err != nil || depth >= maxDepth || w.left == 0 {
		w.damaged(errPage)
		return
	}
	w.left--
	for i := range n {
		e, err := elementAt(b, i, branch)
		if err != nil {
			w.damaged(err)
			return
		}
		if branch {
			child, err := w.p.page(e.child)
			if err != nil {
				w.damaged(err)
				continue
			}
			w.page(child, depth+1)
			continue
		}
		if w.any && bytes.Compare(e.key, w.last) <= 0 {
			w.damaged(errPage)
			return
		}
		w.last, w.any = e.key, true
		w.found(e)
	}
}
