package gpio

import (
	"context"
	"io"
	"slices"
	"sync"

	"linevault/hal"
)

// queueLength is how many edges wait for a reader. Bounces are not among them, so no contact
// that anyone means to close and open comes near it.
const queueLength = 64

// queue is edges on their way to Wait. Whoever puts one never waits.
type queue struct {
	mu     sync.Mutex // guards all below
	items  []item
	closed bool
	ready  chan struct{} // holds one token while there is something to get
}

type item struct {
	edge hal.Edge
	err  error
}

func newQueue() queue { return queue{ready: make(chan struct{}, 1)} }

// put adds an edge. When there are too many, an opening between two closings makes room, so
// that two pauses become one: that is the side to err on.
func (q *queue) put(e hal.Edge, err error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.items = append(q.items, item{e, err})
	if len(q.items) > queueLength {
		q.shorten()
	}
	q.wake()
}

func (q *queue) shorten() {
	for i := 1; i+2 < len(q.items); i++ {
		if !q.items[i].edge.Closed && q.items[i+1].edge.Closed && q.items[i+1].err == nil {
			q.items[i+2].edge.Lost += 2 + q.items[i].edge.Lost + q.items[i+1].edge.Lost
			q.items = slices.Delete(q.items, i, i+2)
			return
		}
	}
	q.items = slices.Delete(q.items, 1, 2) // all closed, or nearly: the first counts
}

func (q *queue) close() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.closed = true
	q.wake()
}

func (q *queue) wake() {
	select {
	case q.ready <- struct{}{}:
	default:
	}
}

// get takes the first edge, and waits for one.
func (q *queue) get(ctx context.Context) (hal.Edge, error) {
	for {
		if i, ok := q.take(); ok {
			return i.edge, i.err
		}
		select {
		case <-ctx.Done():
			return hal.Edge{}, ctx.Err()
		case <-q.ready:
		}
	}
}

func (q *queue) take() (item, bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if len(q.items) > 0 {
		i := q.items[0]
		q.items = q.items[1:]
		return i, true
	}
	if q.closed {
		q.wake() // for the next who asks
		return item{err: io.EOF}, true
	}
	return item{}, false
}
