package storage

import (
	"cmp"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"

	"linevault/storage/seal"
)

// fewParts are described by the goroutine that looks.
const fewParts = 16

// describeAll describes parts that changed, but for those whose turn comes later, and of these a
// share where that is wanted.
func (s *Store) describeAll(changed map[seal.PartID]bool, share bool) {
	l := &s.later
	type of struct {
		id seal.PartID
		p  period
	}
	var now []of
	s.mu.Lock()
	for id := range changed {
		if sp := s.parts[id]; sp != nil && !l.parts[id] && !l.waits[sp.period] {
			now = append(now, of{id, sp.period})
		}
	}
	s.mu.Unlock()
	// By period: unlocking the keys of one goes well together.
	slices.SortFunc(now, func(a, b of) int {
		return cmp.Or(cmp.Compare(a.p.day, b.p.day), cmp.Compare(a.p.class, b.p.class))
	})
	ids := make([]seal.PartID, len(now))
	for i, o := range now {
		ids[i] = o.id
	}
	s.describeSome(ids, time.Time{})
	if !share {
		return
	}
	ids = ids[:0]
	for id := range l.parts {
		ids = append(ids, id)
	}
	for _, id := range s.describeSome(ids, time.Now().Add(shareTime)) {
		delete(l.parts, id)
	}
}

// describeSome describes parts on all processors until a time has come, if there is one, and
// says which.
func (s *Store) describeSome(ids []seal.PartID, until time.Time) (described []seal.PartID) {
	var next atomic.Int64
	var mu sync.Mutex // guards described and moved
	work := func() {
		for {
			i := int(next.Add(1)) - 1
			if i >= len(ids) || !until.IsZero() && i > 0 && time.Now().After(until) {
				return
			}
			moved := s.describe(ids[i])
			mu.Lock()
			if described = append(described, ids[i]); moved {
				s.moved[ids[i]] = true
			}
			mu.Unlock()
		}
	}
	if len(ids) < fewParts {
		work()
		return described
	}
	var workers sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		workers.Go(func() {
			if !until.IsZero() {
				yield()
			}
			work()
		})
	}
	workers.Wait()
	return described
}

// yield lets recording and answering go before the work of this goroutine, whose thread ends with
// it.
func yield() {
	const nice = 10
	runtime.LockOSThread()
	_ = unix.Setpriority(unix.PRIO_PROCESS, 0, nice) // without it it is only less polite
}
