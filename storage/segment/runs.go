package segment

import (
	"cmp"
	"encoding/binary"
	"slices"
)

// run is a piece of the stream in pages of its own.
type run struct {
	start, length int64 // in the stream
	page          uint64
}

func (n run) end() int64 { return n.start + n.length }
func (n run) pages() int { return pagesFor(int(n.length)) }

// runOf reads what the bucket boxes says of a run: the key is where it starts, the bucket's
// sequence number how long it is.
func (p *pages) runOf(e element) (run, bool) {
	b, err := bucketOf(e)
	if err != nil || len(e.key) != keySize || len(e.value) != bucketSize {
		return run{}, false
	}
	return p.possible(binary.BigEndian.Uint64(e.key), b.sequence, b.root)
}

// runAt reads the head of a run from the start of its first page. A reader does not need it
// to get at the boxes.
func (p *pages) runAt(id uint64, b []byte) (run, bool) {
	pages := binary.LittleEndian.Uint32(b[12:]) + 1
	if binary.LittleEndian.Uint64(b) != id || binary.LittleEndian.Uint16(b[8:]) != leafFlag ||
		binary.LittleEndian.Uint16(b[10:]) != 1 || pages == 0 || pages > maxRun ||
		binary.LittleEndian.Uint32(b[16:]) != 0 || binary.LittleEndian.Uint32(b[20:]) != elementSize ||
		binary.LittleEndian.Uint32(b[24:]) != keySize || binary.LittleEndian.Uint32(b[28:]) != pages*pageSize-runHead {
		return run{}, false
	}
	return p.possible(binary.BigEndian.Uint64(b[32:]), uint64(runLength(int(pages))), id)
}

// possible makes a run of what was read, if there can be one: it fills its pages, and the
// stream is not longer than the file.
func (p *pages) possible(start, length, page uint64) (run, bool) {
	most := p.count()
	if length > uint64(runLength(maxRun)) || start > most*pageSize || page < 2 || page >= most {
		return run{}, false
	}
	n := run{start: int64(start), length: int64(length), page: page}
	k := n.pages()
	return n, k > 0 && runLength(k) == int(length) && page+uint64(k) <= most
}

// runs finds which pages hold which piece of the stream.
type runs struct {
	pages  *pages
	in     bucket
	leaf   []run // those of the leaf read last
	found  []run // by the heads of their pages, once something was damaged
	walked bool
}

// find finds the run with the byte at off. Where the bucket does not have it, the file's pages
// are looked through, once: a damaged page of the bucket costs no box.
func (r *runs) find(off int64) (run, error) {
	for _, list := range [][]run{r.found, r.leaf} {
		if n, ok := holds(list, off); ok {
			return n, nil
		}
	}
	err := r.load(uint64(off))
	if n, ok := holds(r.leaf, off); ok {
		return n, nil
	}
	if r.walk(); err == nil {
		err = errMissing
	}
	if n, ok := holds(r.found, off); ok {
		return n, nil
	}
	return run{}, err
}

// holds finds the run of a list that has the byte at off.
func holds(list []run, off int64) (run, bool) {
	i, ok := slices.BinarySearchFunc(list, off, func(n run, off int64) int { return cmp.Compare(n.start, off) })
	if !ok {
		i--
	}
	if i < 0 || off >= list[i].end() {
		return run{}, false
	}
	return list[i], true
}

// load reads the leaf of the bucket that should have the run with the byte at off.
func (r *runs) load(off uint64) error {
	r.leaf = r.leaf[:0]
	var key [keySize]byte
	binary.BigEndian.PutUint64(key[:], off)
	b, n, _, err := r.pages.leaf(r.in, key[:])
	if err != nil {
		return err
	}
	for i := range n {
		e, err := elementAt(b, i, false)
		if err != nil {
			r.leaf = r.leaf[:0]
			return err
		}
		next, ok := r.pages.runOf(e)
		if !ok || (i > 0 && next.start != r.leaf[i-1].end()) {
			r.leaf = r.leaf[:0]
			return errPage
		}
		r.leaf = append(r.leaf, next)
	}
	return nil
}

// end is where the last run ends, and the tail begins: said is what the tail's header says of it.
// What the runs' own heads say decides if the two do not agree.
func (r *runs) end(said uint64) int64 {
	var end int64
	err := r.load(1<<64 - 1)
	if len(r.leaf) > 0 {
		end = r.leaf[len(r.leaf)-1].end()
	}
	if err == nil && uint64(end) == said {
		return end
	}
	r.walk()
	for _, n := range r.found {
		if uint64(n.end()) == said {
			return n.end()
		}
		end = max(end, n.end())
	}
	if uint64(end) <= said && said <= r.pages.count()*pageSize {
		return int64(said) // the last runs were lost
	}
	return end
}

// walk looks for runs at every page of the file, and reports false if it did before. A run is
// never moved nor written again, so there is one of each.
func (r *runs) walk() bool {
	if r.walked {
		return false
	}
	r.walked = true
	var b [runHead]byte
	for id, most := uint64(2), r.pages.count(); id < most; id++ {
		if _, err := r.pages.r.ReadAt(b[:], int64(id)*pageSize); err != nil {
			continue // the pages beyond may be read
		}
		if n, ok := r.pages.runAt(id, b[:]); ok {
			r.found = append(r.found, n)
			id += uint64(n.pages()) - 1
		}
	}
	slices.SortFunc(r.found, func(a, b run) int { return cmp.Compare(a.start, b.start) })
	var end int64
	r.found = slices.DeleteFunc(r.found, func(n run) bool {
		over := n.start < end
		if !over {
			end = n.end()
		}
		return over
	})
	return true
}

// next is where the first run begins that is found beyond off, or end.
func (r *runs) next(off, end int64) int64 {
	i, _ := slices.BinarySearchFunc(r.found, off+1, func(n run, off int64) int { return cmp.Compare(n.start, off) })
	if i < len(r.found) {
		end = min(end, r.found[i].start)
	}
	return end
}
