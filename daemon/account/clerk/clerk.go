// Package clerk is the desk's side of the account: it makes one ledger entry of each call that the
// signalling showed, and a day's figures of the entries.
package clerk

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"linevault/codec/pcm"
	"linevault/daemon/account"
	"linevault/storage"
	"linevault/storage/ledger"
)

// Kind is that of the ledger's entry of a call.
const Kind = "call"

// Line is a line as the configuration has it.
type Line struct {
	ID         pcm.LineID
	Name       string
	Department string
}

// Clerk knows what became of every call. It is safe for concurrent use.
type Clerk struct {
	dir   string
	store *storage.Store
	book  *ledger.Ledger
	lines map[string]Line // by what stands for them in notes

	mu      sync.Mutex // guards what follows
	read    int64      // entries of the ledger that were taken in
	entered map[mark]bool
	days    map[string]map[pcm.LineID]*tally
	related map[storage.CallID][]storage.CallID
	open    []openCall // that the notes tell of and the ledger does not yet
}

// mark stands for a call in memory.
type mark [16]byte

func markOf(key string) mark {
	sum := sha256.Sum256([]byte(key))
	return mark(sum[:16])
}

// openCall is a call that is not settled.
type openCall struct {
	day  string
	line pcm.LineID
	book string
	n    int
}

// New is a clerk over a data folder. It writes only when Enter is called.
func New(dir string, store *storage.Store, book *ledger.Ledger, lines []Line) *Clerk {
	c := &Clerk{
		dir: dir, store: store, book: book, lines: map[string]Line{}, entered: map[mark]bool{},
		days: map[string]map[pcm.LineID]*tally{}, related: map[storage.CallID][]storage.CallID{},
	}
	for _, l := range lines {
		c.lines[account.Opaque(l.ID)] = l
	}
	return c
}

// batch is how many entries are read or written at a time.
const batch = 500

// catchUp takes in the entries of the ledger that it has not seen. The caller holds mu.
func (c *Clerk) catchUp() error {
	for n := c.book.Len(); c.read < n; {
		events, err := c.book.Events(c.read, min(n, c.read+batch))
		if err != nil {
			return err
		}
		if len(events) == 0 {
			return nil
		}
		for _, e := range events {
			if e.Kind == Kind {
				c.take(parse(e))
			}
		}
		c.read += int64(len(events))
	}
	return nil
}

// take adds an entry to what is known. The caller holds mu.
func (c *Clerk) take(e Entry) {
	if c.entered[markOf(e.Key)] {
		return
	}
	c.entered[markOf(e.Key)] = true
	c.day(e.Day, e.Line).add(e)
	if len(e.Calls) > 1 {
		for _, id := range e.Calls {
			c.related[id] = e.Calls
		}
	}
}

// Enter makes the ledger's entries of calls that are settled, and says how many. Only one process may.
func (c *Clerk) Enter() (int, error) { return c.look(true) }

// Look takes in what there is, and enters nothing.
func (c *Clerk) Look() error {
	_, err := c.look(false)
	return err
}

func (c *Clerk) look(enter bool) (int, error) {
	// Notes first: what a dead recorder stored can be seen once it is known to be dead.
	notes, err := account.Read(c.dir)
	if err == nil {
		err = c.store.Refresh()
	}
	if err != nil {
		return 0, fmt.Errorf("the account of calls: %w", err)
	}
	// A recorder that is ending has closed its notes before its segments, and answers no more.
	unasked := c.store.Unasked()
	c.mu.Lock()
	defer c.mu.Unlock()
	if err := c.catchUp(); err != nil {
		return 0, fmt.Errorf("the account of calls: %w", err)
	}
	var fresh []Entry
	var done []string
	c.open = c.open[:0]
	for _, n := range notes {
		waits := 0
		for _, g := range gather(n) {
			if c.entered[markOf(g.Key)] {
				continue
			}
			if e, settled := c.judge(g, n); settled && !unasked {
				fresh = append(fresh, e)
			} else {
				waits++
				c.open = append(c.open, openCall{day: g.Day, line: c.line(g).ID, book: n.Book, n: g.N})
			}
		}
		if waits == 0 && !n.Open {
			done = append(done, n.Book)
		}
	}
	if !enter {
		for _, e := range fresh {
			c.open = append(c.open, openCall{day: e.Day, line: e.Line, book: e.Book, n: e.N})
		}
		return 0, nil
	}
	for some := range slices.Chunk(fresh, batch) {
		events := make([]ledger.Event, 0, len(some))
		for _, e := range some {
			events = append(events, e.event(time.Now()))
		}
		if _, err := c.book.AppendAll(events); err != nil {
			return 0, fmt.Errorf("the account of calls: %w", err)
		}
	}
	if err := c.catchUp(); err != nil {
		return 0, fmt.Errorf("the account of calls: %w", err)
	}
	var errs []error
	for _, book := range done {
		errs = append(errs, account.Forget(c.dir, book))
	}
	return len(fresh), errors.Join(errs...)
}

// Related are all recordings of the call that one of them is of, where there are several.
func (c *Clerk) Related(id storage.CallID) []storage.CallID {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.related[id])
}
