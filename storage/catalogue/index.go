package catalogue

import (
	"iter"
	"math"
	"path/filepath"
	"slices"
	"sync"
	"time"
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
	folder string   // "" keeps all in memory
	from   string   // where blocks are that a snapshot named
	key    [32]byte // of the manifest

	loading sync.WaitGroup // those who read blocks that nobody wanted yet
	closing chan struct{}  // closed to stop them

	cache rowCache

	saving sync.Mutex // held by Save: one at a time

	mu     sync.RWMutex // guards what follows
	hot    []*entry     // oldest first
	most   int          // of hot: then it becomes a block
	blocks []*block     // by their newest contact, newest first
	live   int
}

// New is an empty index. It keeps itself in folder, sealed with key; without a folder it is in
// memory alone.
func New(folder string, key [32]byte) *Index {
	return &Index{folder: folder, from: folder, key: key, most: hotMax, closing: make(chan struct{})}
}

// Renew seals the manifest with another key from the next Save on.
func (x *Index) Renew(key [32]byte) {
	x.saving.Lock()
	defer x.saving.Unlock()
	x.key = key
}

// Detach has the index write nothing from now on: it only read what another process keeps.
func (x *Index) Detach() {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.folder = ""
}

// Attach undoes Detach: the index keeps itself in folder from now on.
func (x *Index) Attach(folder string, key [32]byte) {
	x.Renew(key)
	x.mu.Lock()
	defer x.mu.Unlock()
	x.folder = folder
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
	b, i, err := x.find(e.id)
	if err != nil {
		return err
	}
	if b != nil {
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
	x.cache.forget()
	// A block may still have it from before it was put again.
	for _, b := range x.blocks {
		if !b.spans(id) {
			continue
		}
		if err := b.ready(x); err != nil {
			return err
		}
		if b.ids[b.before(id)] == id {
			b.removed = true
		}
	}
	if k, ok := x.findHot(id); ok {
		x.hot = slices.Delete(x.hot, k, k+1)
		x.live--
		return nil
	}
	b, i, err := x.find(id)
	if err != nil {
		return err
	}
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
func (x *Index) find(id ID) (*block, int, error) {
	for _, b := range x.blocks {
		if !b.spans(id) {
			continue
		}
		if err := b.ready(x); err != nil {
			return nil, 0, err
		}
		if i, ok := b.find(id); ok {
			return b, i, nil
		}
	}
	return nil, 0, nil
}

// Find is the row of a contact, or ErrUnknown.
func (x *Index) Find(id ID) ([]byte, error) {
	x.mu.RLock()
	defer x.mu.RUnlock()
	if k, ok := x.findHot(id); ok {
		return slices.Clone(x.hot[k].row), nil
	}
	b, i, err := x.find(id)
	if err != nil {
		return nil, err
	}
	if b == nil {
		return nil, ErrUnknown
	}
	list, err := found([]hit{{id: id, b: b, i: i}}, &x.cache)
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
	hits, err := s.newest(x, limit+1)
	if err != nil {
		return nil, false, err
	}
	if more = len(hits) > limit; more {
		hits = hits[:limit]
	}
	page, err = found(hits, &x.cache)
	return page, more, err
}

// Each gives every contact that q finds to f, newest first. f may not use the index.
func (x *Index) Each(q *Query, f func(Found) error) error {
	s := newSearch(q)
	x.mu.RLock()
	defer x.mu.RUnlock()
	hits, err := s.newest(x, math.MaxInt)
	if err != nil {
		return err
	}
	for some := range slices.Chunk(hits, 1000) {
		list, err := found(some, nil)
		for i := 0; i < len(list) && err == nil; i++ {
			err = f(list[i])
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// Days is on how many days, by UTC, any contact began.
func (x *Index) Days() (int, error) {
	x.mu.RLock()
	defer x.mu.RUnlock()
	days := map[int64]bool{}
	last := int64(math.MinInt64)
	day := func(start int64) {
		if d := start / int64(24*time.Hour); d != last {
			days[d], last = true, d
		}
	}
	for _, e := range x.hot {
		day(e.start)
	}
	for _, b := range x.blocks {
		if err := b.ready(x); err != nil {
			return 0, err
		}
		for i, start := range b.start {
			if b.gone == nil || !b.gone.has(uint16(i)) {
				day(start)
			}
		}
	}
	return len(days), nil
}

func (x *Index) path(name string) string { return filepath.Join(x.folder, name) }

// Close lets go of the files. The index is not to be used again.
func (x *Index) Close() {
	x.mu.Lock()
	blocks := x.blocks
	x.blocks, x.hot = nil, nil
	select {
	case <-x.closing:
	default:
		close(x.closing)
	}
	x.mu.Unlock()
	x.loading.Wait()
	x.cache.forget()
	for _, b := range blocks {
		x.discard(b)
	}
}
