package catalogue

import (
	"fmt"
	"slices"
)

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
		made, err := x.merge(small)
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
func (x *Index) merge(old []*block) ([]*block, error) {
	var all []*entry
	for _, b := range old {
		e, err := b.entries(x)
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
		held, ok := b.held()
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
	slices.SortFunc(x.blocks, func(a, b *block) int { return b.newest.Compare(a.newest) })
}

// discard lets go of a block; Save removes its file. The caller holds mu.
func (x *Index) discard(b *block) {
	b.wanted.Do(func() { b.bad = ErrUnknown }) // nobody is to read it from now on
	if b.rows != nil {
		b.rows.close()
	}
}
