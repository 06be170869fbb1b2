package segment

import "io"

// readAhead and scanAhead are how many pages of a run are read at once: for one box, which is
// some 3.5 kB as a rule, and for all of them.
const (
	readAhead = 2
	scanAhead = 16
)

// window is the pages that were read last: the boxes of a part follow each other closely.
type window struct {
	ahead int
	page  uint64
	b     []byte
	room  []byte
}

// at returns page i of a run.
func (w *window) at(r io.ReaderAt, n run, i int) ([]byte, error) {
	id := n.page + uint64(i)
	if k := (id - w.page) * pageSize; id >= w.page && k < uint64(len(w.b)) {
		return w.b[k : k+pageSize], nil
	}
	err := w.read(r, id, min(w.ahead, n.pages()-i))
	if err != nil {
		err = w.read(r, id, 1) // a page that cannot be read costs no other
	}
	if err != nil {
		return nil, err
	}
	return w.b[:pageSize], nil
}

// read fills the window with as many of the pages as can be read.
func (w *window) read(r io.ReaderAt, id uint64, pages int) error {
	if w.room == nil {
		w.room = make([]byte, scanAhead*pageSize)
	}
	n, err := r.ReadAt(w.room[:pages*pageSize], int64(id)*pageSize)
	w.page, w.b = id, w.room[:n/pageSize*pageSize]
	if len(w.b) == 0 {
		return noEOF(err)
	}
	return nil
}

// fragment finds the fragment with the byte at off.
func (r *Reader) fragment(off int64) (fragment, error) {
	if off >= r.tail.start {
		return r.tail.fragment(off)
	}
	n, err := r.runs.find(off)
	if err != nil {
		return fragment{next: r.runs.next(off, r.tail.start)}, err
	}
	i := fragmentOf(off - n.start)
	f := bounds(i, n.start, n.length)
	b, err := r.window.at(r.pages.r, n, i)
	if err != nil {
		return f, err
	}
	if i == 0 {
		// Either the run's head is damaged, which is no harm, or what led here.
		if head, ok := r.pages.runAt(n.page, b); (!ok || head != n) && r.runs.walk() {
			return r.fragment(off)
		}
		b = b[runHead:]
	}
	return f, f.fill(b)
}

// doubt looks whether the run with the byte at off, where no head was found, is where the bucket
// says, and reports whether another was found.
func (r *Reader) doubt(off int64) bool {
	if off >= r.tail.start || r.runs.walked {
		return false
	}
	n, err := r.runs.find(off)
	if err != nil {
		return false
	}
	var b [runHead]byte
	if _, err := r.pages.r.ReadAt(b[:], int64(n.page)*pageSize); err == nil {
		if head, ok := r.pages.runAt(n.page, b[:]); ok && head == n {
			return false
		}
	}
	r.runs.walk()
	other, err := r.runs.find(off)
	return err == nil && other != n
}

func (r *Reader) stream() *stream {
	return &stream{fragment: r.fragment, doubt: r.doubt, length: r.tail.end()}
}
