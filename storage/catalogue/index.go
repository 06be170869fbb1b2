package catalogue

import (
	"fmt"
	"iter"
	"path/filepath"
	"slices"
	"sync"
)

// How contacts become blocks: the newest wait in a short list; a full list becomes a small
// block; small blocks become full ones.
const (
	hotMax    = 2048
	smallMax  = 16               // small blocks
	smallSize = blockMax * 3 / 4 // with fewer contacts it is small
)

// Index is the catalogue. It is safe for several goroutines.
type Index struct {
	folder string // "" keeps all in memory
	key    [32]byte

	saving sync.Mutex // held by Save: one at a time

	mu     sync.RWMutex // guards what follows
	hot    []*entry     // oldest first
	most   int          // of hot: then it becomes a block
	blocks []*block     // by their newest contact, newest first
	live   int
}

// New is an empty index. It keeps itself in folder, sealed with key; without a folder it is in
// memory alone.
func New(folder string, key [32]byte) *Index { return &Index{folder: folder, key: key, most: hotMax} }

// Detach has the index write nothing from now on: it only read what another process keeps.
func (x *Index) Detach() {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.folder = ""
}

// Len is how many contacts there are.
func (x *Index) Len() int {
	x.mu.RLock()
	defer x.mu.RUnlock()
	return x.live
}

// Put adds a contact, or replaces what is known of it. It takes copies.
func (x *Index) Put(c *Contact) error {
	e := newEntry(c)
	x.mu.Lock()
	defer x.mu.Unlock()
	k, ok := x.findHot(e.id)
	if ok {
		x.hot[k] = e
		return nil
	}
	if b, i := x.find(e.id); b != nil {
		b.drop(i)
		x.live--
	}
	x.hot = slices.Insert(x.hot, k, e)
	x.live++
	if len(x.hot) < x.most {
		return nil
	}
	return x.settle()
}

// Fill is Put for many contacts, in less time. A query meanwhile takes longer.
func (x *Index) Fill(contacts iter.Seq[*Contact]) error {
	x.setMost(blockMax)
	defer x.setMost(hotMax)
	for c := range contacts {
		if err := x.Put(c); err != nil {
			return err
		}
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.settle()
}

func (x *Index) setMost(n int) {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.most = n
}

// Remove takes a contact out; what the disk has of it goes with the next Save.
func (x *Index) Remove(id ID) error {
	x.mu.Lock()
	defer x.mu.Unlock()
	// A block may still have it from before it was put again.
	for _, b := range x.blocks {
		if i := b.before(id); i < len(b.ids) && b.ids[i] == id {
			b.removed = true
		}
	}
	if k, ok := x.findHot(id); ok {
		x.hot = slices.Delete(x.hot, k, k+1)
		x.live--
		return nil
	}
	b, i := x.find(id)
	if b == nil {
		return ErrUnknown
	}
	b.drop(i)
	x.live--
	return nil
}

// findHot is the place of id in hot. The caller holds mu.
func (x *Index) findHot(id ID) (int, bool) {
	return slices.BinarySearchFunc(x.hot, id, func(e *entry, id ID) int { return e.id.Compare(id) })
}

// find is where in the blocks id is; nil if it is not. The caller holds mu.
func (x *Index) find(id ID) (*block, int) {
	for _, b := range x.blocks {
		if i, ok := b.find(id); ok {
			return b, i
		}
	}
	return nil, 0
}

// Find is the row of a contact, or ErrUnknown.
func (x *Index) Find(id ID) ([]byte, error) {
	x.mu.RLock()
	defer x.mu.RUnlock()
	if k, ok := x.findHot(id); ok {
		return slices.Clone(x.hot[k].row), nil
	}
	b, i := x.find(id)
	if b == nil {
		return nil, ErrUnknown
	}
	list, err := found([]hit{{id: id, b: b, i: i}})
	if err != nil {
		return nil, err
	}
	return list[0].Row, nil
}

// Page is the newest contacts that q finds, up to limit of them; more reports that there are
// older ones.
func (x *Index) Page(q *Query, limit int) (page []Found, more bool, err error) {
	s := newSearch(q)
	x.mu.RLock()
	defer x.mu.RUnlock()
	hits := s.newest(x.hot, x.blocks, limit+1)
	if more = len(hits) > limit; more {
		hits = hits[:limit]
	}
	page, err = found(hits)
	return page, more, err
}

// Newest is Page without the rows.
func (x *Index) Newest(q *Query, limit int) (page []ID, more bool) {
	s := newSearch(q)
	x.mu.RLock()
	defer x.mu.RUnlock()
	for _, h := range s.newest(x.hot, x.blocks, limit+1) {
		page = append(page, h.id)
	}
	if more = len(page) > limit; more {
		page = page[:limit]
	}
	return page, more
}

// All gives every contact to f, in no order.
func (x *Index) All(f func(Found) error) error {
	x.mu.RLock()
	defer x.mu.RUnlock()
	var hits []hit
	for _, e := range x.hot {
		hits = append(hits, hit{id: e.id, e: e})
	}
	for _, b := range x.blocks {
		for i := len(b.ids) - 1; i >= 0; i-- {
			if b.gone == nil || !b.gone.has(uint16(i)) {
				hits = append(hits, hit{id: b.ids[i], b: b, i: i})
			}
		}
	}
	for some := range slices.Chunk(hits, 1000) {
		list, err := found(some)
		for i := 0; i < len(list) && err == nil; i++ {
			err = f(list[i])
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// Count is how many contacts q finds.
func (x *Index) Count(q *Query) int {
	s := newSearch(q)
	x.mu.RLock()
	defer x.mu.RUnlock()
	n := 0
	for _, e := range x.hot {
		if s.passes(e) {
			n++
		}
	}
	for _, b := range x.blocks {
		n += s.count(b)
	}
	return n
}

// settle makes a block of hot, and full ones of small ones. The caller holds mu.
func (x *Index) settle() error {
	if len(x.hot) > 0 {
		x.blocks = append(x.blocks, newBlock(x.hot))
		x.hot = nil
	}
	var small, full []*block
	for _, b := range x.blocks {
		if b.live() < smallSize || b.removed {
			small = append(small, b)
		} else {
			full = append(full, b)
		}
	}
	defer x.sort()
	if len(small) >= smallMax {
		made, err := merge(small)
		if err != nil {
			return err
		}
		for _, b := range small {
			x.discard(b)
		}
		x.blocks = append(full, made...)
	}
	return x.release()
}

// merge makes blocks of those given, with what is left of them.
func merge(old []*block) ([]*block, error) {
	var all []*entry
	for _, b := range old {
		e, err := b.entries()
		if err != nil {
			return nil, err
		}
		all = append(all, e...)
	}
	slices.SortFunc(all, func(a, b *entry) int { return a.id.Compare(b.id) })
	var made []*block
	for part := range slices.Chunk(all, blockMax) {
		made = append(made, newBlock(part))
	}
	return made, nil
}

// release writes the rows of full blocks to disk, where they take no memory. The caller holds mu.
func (x *Index) release() error {
	if x.folder == "" {
		return nil
	}
	for _, b := range x.blocks {
		held, ok := b.rows.(heldRows)
		if !ok || b.writing || b.live() < smallSize {
			continue
		}
		rows, err := x.write(b, held)
		if err != nil {
			return fmt.Errorf("catalogue in %s: %w", x.folder, err)
		}
		b.rows = rows
	}
	return nil
}

// sort puts blocks in their order. The caller holds mu.
func (x *Index) sort() {
	slices.SortFunc(x.blocks, func(a, b *block) int { return b.ids[len(b.ids)-1].Compare(a.ids[len(a.ids)-1]) })
}

// discard lets go of a block; Save removes its file. The caller holds mu.
func (x *Index) discard(b *block) { b.rows.close() }

func (x *Index) path(name string) string { return filepath.Join(x.folder, name) }

// Close lets go of the files. The index is not to be used again.
func (x *Index) Close() {
	x.mu.Lock()
	defer x.mu.Unlock()
	for _, b := range x.blocks {
		b.rows.close()
	}
	x.blocks, x.hot = nil, nil
}
