package catalogue

import (
	"errors"
	"runtime"
	"sync"
	"sync/atomic"
	"time"
)

// A count that takes long is shared among the processors. Whether it will is seen from its
// first blocks: most are done before a second processor would be awake.
const (
	countedAlone = 16
	countedLong  = 50 * time.Microsecond
)

// Count is how many contacts q finds.
func (x *Index) Count(q *Query) (n int, err error) {
	s := newSearch(q)
	x.mu.RLock()
	defer x.mu.RUnlock()
	for _, e := range x.hot {
		if s.passes(e) {
			n++
		}
	}
	began := time.Now()
	for i, b := range x.blocks {
		if i == countedAlone && time.Since(began) > countedLong {
			rest, err := x.countShared(q, x.blocks[i:], runtime.GOMAXPROCS(0))
			return n + rest, err
		}
		found, err := s.count(x, b)
		if err != nil {
			return 0, err
		}
		n += found
	}
	return n, nil
}

// countShared counts in blocks with so many workers. The caller holds mu.
func (x *Index) countShared(q *Query, blocks []*block, workers int) (int, error) {
	var (
		next, n atomic.Int64
		wait    sync.WaitGroup
		errs    = make([]error, workers)
	)
	for w := range workers {
		wait.Go(func() {
			s := newSearch(q)
			for errs[w] == nil {
				i := int(next.Add(1)) - 1
				if i >= len(blocks) {
					return
				}
				var found int
				found, errs[w] = s.count(x, blocks[i])
				n.Add(int64(found))
			}
		})
	}
	wait.Wait()
	if err := errors.Join(errs...); err != nil {
		return 0, err
	}
	return int(n.Load()), nil
}
