package catalogue

// numberFilter is a number, or a part of one.
type numberFilter struct {
	text   string
	how    match
	own    bool // the line's own number is meant
	v      uint64
	c      int
	packed bool // v and c are text; else only odd numbers can have it

	n      *numbers
	lo, hi int      // of n.table, where how finds neighbours
	list   []uint16 // of n.table, besides
	in     set      // of n.table: list
	marked []uint16 // what of in is set
	lazy   bool     // list is yet to be made: it is long
}

func newNumberFilter(text string, how match, own bool) *numberFilter {
	f := &numberFilter{text: text, how: how, own: own, c: len(text)}
	f.v, f.packed = pack(text)
	return f
}

func (f *numberFilter) on(b *block) (atMost int) {
	if f.n = b.far; f.own {
		f.n = b.own
	}
	for _, k := range f.marked {
		f.in.drop(k)
	}
	f.marked, f.list, f.lo, f.hi, f.lazy = f.marked[:0], f.list[:0], 0, 0, false
	if f.how == whole && f.packed && !f.own && !b.points.may(numberPoint(f.v)) {
		return 0
	}
	if f.packed {
		f.look()
	}
	if f.lazy {
		return len(b.ids)
	}
	f.lookOdd()
	f.mark()
	atMost = len(f.n.between(f.lo, f.hi))
	for _, k := range f.list {
		atMost += len(f.n.between(int(k), int(k)+1))
	}
	return min(atMost, len(b.ids))
}

// look finds which packed numbers match.
func (f *numberFilter) look() {
	switch {
	case f.how == whole:
		f.lo, f.hi = f.n.is(f.v)
	case f.how == atFront:
		f.lo, f.hi = f.n.begins(f.v, f.c)
	case f.how == atEnd:
		f.list = append(f.list, f.n.ends(f.v, f.c)...)
	case f.c >= 3:
		f.list = f.n.withPart(f.list, f.v, f.c)
	default:
		f.lazy = true
	}
}

// lookOdd adds the odd numbers that match.
func (f *numberFilter) lookOdd() {
	first := len(f.n.table) - len(f.n.odd)
	for k, s := range f.n.odd {
		if f.how.matches(s, f.text) {
			f.list = append(f.list, uint16(first+k))
		}
	}
}

// short finds the numbers with one or two symbols in them, which are many.
func (f *numberFilter) short() {
	f.lazy = false
	for k, v := range f.n.table {
		if v < oddBit && contains(v, f.v, f.c) {
			f.list = append(f.list, uint16(k))
		}
	}
	f.lookOdd()
	f.mark()
}

func (f *numberFilter) mark() {
	f.in.addAll(f.list)
	f.marked = append(f.marked, f.list...)
}

func (f *numberFilter) exact() bool { return !f.lazy }

func (f *numberFilter) into(s *set) {
	if f.lazy {
		f.short()
	}
	s.addAll(f.n.between(f.lo, f.hi))
	for _, k := range f.list {
		s.addAll(f.n.between(int(k), int(k)+1))
	}
}

func (f *numberFilter) has(i uint16) bool {
	k := f.n.index[i]
	if f.lazy {
		if v := f.n.table[k]; v < oddBit {
			return contains(v, f.v, f.c)
		}
		return f.how.matches(f.n.text(k), f.text)
	}
	return f.lo <= int(k) && int(k) < f.hi || f.in.has(k)
}

func (f *numberFilter) effort() int {
	if f.lazy {
		return 60
	}
	return 40
}

func (f *numberFilter) passes(e *entry) bool {
	if f.own {
		return f.how.matches(e.own, f.text)
	}
	return f.how.matches(e.far, f.text)
}
