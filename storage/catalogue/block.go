package catalogue

import (
	"cmp"
	"crypto/rand"
	"math"
	"slices"
	"sort"
	"sync"
	"time"
)

// entry is a contact as a block takes it in.
type entry struct {
	id     ID
	start  int64 // nanoseconds since 1970
	length uint32
	far    string
	own    string
	terms  []string
	row    []byte
}

func newEntry(c *Contact) *entry {
	return &entry{
		id: c.ID, start: nanos(c.Start), length: millis(c.Length), far: c.Far, own: c.Own,
		terms: c.terms(), row: slices.Clone(c.Row),
	}
}

// nanos is a time as the index keeps it; what is out of its range is the end of the range.
func nanos(t time.Time) int64 {
	switch {
	case t.Year() < 1678:
		return math.MinInt64
	case t.Year() > 2261:
		return math.MaxInt64
	}
	return t.UnixNano()
}

// block is up to blockMax contacts, in the order of their ids. It never changes, but for what
// is taken out of it.
type block struct {
	name [16]byte // random: of its file
	key  [32]byte // random: of its file, kept in the manifest alone
	outline

	// A block that a snapshot names is read when it is first wanted.
	wanted sync.Once
	bad    error
	saved  bool // it is such a block: somebody may be reading it

	ids      []ID
	start    []int64
	length   []uint32
	byLength []uint16 // positions by length
	far, own *numbers
	terms    *terms

	rows rows

	points points // not saved

	gone    *set // positions that are no more; nil is none
	goneN   int
	removed bool // some of gone are to vanish from the disk, too
	writing bool // Save is writing its file
	synced  bool // the disk has its file, as Save knows
}

// outline is what is known of a block before it is read.
type outline struct {
	count          int
	oldest, newest ID
	first, last    int64 // of start
	size           int64 // of its file; 0 is not yet written
}

func (b *block) outlined() outline {
	return outline{
		count: len(b.ids), oldest: b.ids[0], newest: b.ids[len(b.ids)-1],
		first: slices.Min(b.start), last: slices.Max(b.start), size: b.size,
	}
}

// ready sees to it that a block is in memory.
func (b *block) ready(x *Index) error {
	b.wanted.Do(func() {
		if b.ids == nil {
			b.bad = x.fetch(b)
		}
	})
	return b.bad
}

// newBlock makes a block of entries in the order of their ids.
func newBlock(entries []*entry) *block {
	n := len(entries)
	b := &block{
		ids: make([]ID, n), start: make([]int64, n), length: make([]uint32, n), byLength: make([]uint16, n),
	}
	rand.Read(b.name[:]) // never fails
	rand.Read(b.key[:])
	far, own, terms, rows := make([]string, n), make([]string, n), make([][]string, n), make(heldRows, n)
	for i, e := range entries {
		b.ids[i], b.start[i], b.length[i] = e.id, e.start, e.length
		far[i], own[i], terms[i], rows[i] = e.far, e.own, e.terms, e.row
		b.byLength[i] = uint16(i)
	}
	slices.SortFunc(b.byLength, func(i, j uint16) int {
		return cmp.Or(cmp.Compare(b.length[i], b.length[j]), cmp.Compare(i, j))
	})
	b.far, b.own, b.terms, b.rows = newNumbers(far), newNumbers(own), newTerms(terms), rows
	b.points, b.outline = newPoints(b), b.outlined()
	return b
}

// entries is the reverse of newBlock, without what is gone.
func (b *block) entries(x *Index) ([]*entry, error) {
	if b.live() == 0 {
		return nil, nil
	}
	if err := b.ready(x); err != nil {
		return nil, err
	}
	all, places := make([]*entry, len(b.ids)), make([]int, 0, len(b.ids))
	for i := range all {
		all[i] = &entry{
			id: b.ids[i], start: b.start[i], length: b.length[i],
			far: b.far.at(uint16(i)), own: b.own.at(uint16(i)),
		}
		places = append(places, i)
	}
	slices.Reverse(places)
	// By the thousand, so that the memory of what is gone is let go.
	for some := range slices.Chunk(places, 1000) {
		if err := b.rows.read(some, func(k int, row []byte) { all[some[k]].row = slices.Clone(row) }); err != nil {
			return nil, err
		}
	}
	for k := range b.terms.len() {
		s := string(b.terms.term(k))
		if !b.terms.dense(k) {
			for _, i := range b.terms.list(k) {
				all[i].terms = append(all[i].terms, s)
			}
			continue
		}
		b.terms.set(k).each(func(i uint16) bool {
			all[i].terms = append(all[i].terms, s)
			return true
		})
	}
	if b.gone != nil {
		live := all[:0]
		for i, e := range all {
			if !b.gone.has(uint16(i)) {
				live = append(live, e)
			}
		}
		all = live
	}
	return all, nil
}

// held is the rows of a block whose rows are in memory. The caller holds Index.mu.
func (b *block) held() (heldRows, bool) {
	if b.saved {
		return nil, false
	}
	rows, ok := b.rows.(heldRows)
	return rows, ok
}

// live is how many contacts are left in it.
func (b *block) live() int { return b.count - b.goneN }

// spans reports whether id is between its oldest and its newest contact.
func (b *block) spans(id ID) bool { return b.oldest.Compare(id) <= 0 && id.Compare(b.newest) <= 0 }

// find is the place of id, which it spans, unless it is not there or gone.
func (b *block) find(id ID) (int, bool) {
	i := b.before(id)
	if i == len(b.ids) || b.ids[i] != id || b.gone != nil && b.gone.has(uint16(i)) {
		return 0, false
	}
	return i, true
}

// before is how many of its contacts are older than id.
func (b *block) before(id ID) int {
	return sort.Search(len(b.ids), func(i int) bool { return b.ids[i].Compare(id) >= 0 })
}

// drop takes a contact out.
func (b *block) drop(i int) {
	if b.gone == nil {
		b.gone = new(set)
	}
	b.gone.add(uint16(i))
	b.goneN++
}

// rows is where a block's rows are.
type rows interface {
	// read gives the rows of some places to row, with the number of the place among them. Rows
	// belong to who gets them. It takes least time where places go down.
	read(places []int, row func(k int, b []byte)) error
	close()
}

// heldRows is rows in memory, until they are written.
type heldRows [][]byte

func (r heldRows) read(places []int, row func(k int, b []byte)) error {
	for k, i := range places {
		row(k, slices.Clone(r[i]))
	}
	return nil
}

func (heldRows) close() {}
