package catalogue

import (
	"slices"
	"sync"
)

// rowCache keeps rows that were read, in memory: the first pages are asked for again and again,
// by everybody who has a list of calls open.
type rowCache struct {
	mu         sync.Mutex // guards what follows
	young, old map[rowPlace][]byte
}

type rowPlace struct {
	b *block
	i uint16
}

// cacheRows is how many rows are young at most; as many are old. What is not asked for while so
// many others are is forgotten.
const cacheRows = 4096

// find is a copy of a row, or nil.
func (c *rowCache) find(b *block, i int) []byte {
	c.mu.Lock()
	defer c.mu.Unlock()
	at := rowPlace{b, uint16(i)}
	row := c.young[at]
	if row == nil {
		if row = c.old[at]; row != nil {
			c.keep(at, row)
		}
	}
	return slices.Clone(row)
}

// add keeps a copy of a row.
func (c *rowCache) add(b *block, i int, row []byte) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.keep(rowPlace{b, uint16(i)}, slices.Clone(row))
}

// keep adds a young row. The caller holds mu.
func (c *rowCache) keep(at rowPlace, row []byte) {
	if c.young == nil || len(c.young) >= cacheRows {
		c.young, c.old = make(map[rowPlace][]byte, cacheRows), c.young
	}
	c.young[at] = row
}

// forget forgets all rows.
func (c *rowCache) forget() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.young, c.old = nil, nil
}
