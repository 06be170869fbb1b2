package torture

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"time"

	"linevault/storage"
	"linevault/storage/keys"
	"linevault/storage/ledger"
)

const (
	day  = 24 * time.Hour
	year = 365*day + 6*time.Hour
)

// Clock is a store whose clock goes wrong, with retention run at every turn.
type Clock struct {
	dir   string
	book  *ledger.Ledger
	store *storage.Store
	rnd   *rand.Rand
	a     Acked
	wall  time.Time // the right time
	since time.Duration
	boot  int
}

// terms is the retention of what a Clock records: nothing that it records reaches its term.
var terms = []storage.Policy{{Class: class, AtMost: storage.Term{N: 6, Unit: storage.Months}}}

// NewClock makes a store in dir with a call of each of some days.
func NewClock(dir string, seed uint64) (*Clock, error) {
	if err := storage.Create(dir, []string{class}); err != nil {
		return nil, err
	}
	c := &Clock{dir: dir, rnd: rand.New(rand.NewPCG(seed, 9)), wall: time.Now().UTC()}
	for range 3 {
		if err := c.record(c.wall); err != nil {
			return nil, err
		}
	}
	ring, err := keys.OpenRing(dir)
	if err != nil {
		return nil, err
	}
	if c.book, err = ledger.Open(dir, ring.Derive("ledger")); err != nil {
		return nil, err
	}
	if c.store, err = storage.OpenDesk(dir, nil, time.Hour); err != nil {
		return nil, err
	}
	err = c.keep(c.retain(c.reading(0))) // the first run only notes the time
	c.pass(day)
	return c, errors.Join(err, c.retain(c.reading(0)))
}

// Close lets go of the store.
func (c *Clock) Close() error {
	c.store.Close()
	return c.book.Close()
}

// record records a call while the machine believes that it is now.
func (c *Clock) record(now time.Time) error {
	var said strings.Builder
	w, err := storage.OpenWriter(c.dir, storage.WriterOptions{Now: func() time.Time { return now }})
	if err != nil {
		return err
	}
	l := &line{w: w, rnd: c.rnd, now: func() time.Time { return now }}
	if err := l.begin(); err != nil {
		return err
	}
	if err := errors.Join(l.second(), l.flush(), l.finish(), w.Close()); err != nil {
		return err
	}
	for _, s := range l.said {
		fmt.Fprintln(&said, s)
	}
	return c.a.Hear(said.String())
}

// pass lets time go by.
func (c *Clock) pass(d time.Duration) {
	c.wall = c.wall.Add(d)
	c.since += d
}

// reading is what the machine's clocks say when the time of day is off by a step.
func (c *Clock) reading(off time.Duration) storage.Reading {
	return storage.Reading{Wall: c.wall.Add(off), Since: time.Hour + c.since, Boot: fmt.Sprint(c.boot), Synced: true}
}

func (c *Clock) retain(r storage.Reading) error {
	_, err := c.store.Retain(terms, r, c.book)
	if held, ok := errors.AsType[*storage.HeldBackError](err); ok {
		return held
	}
	return err
}

// Step moves the time of day by something from -20 to +10 years, for some runs of retention with
// calls recorded between them, perhaps over a restart, and sets it right again.
func (c *Clock) Step() error {
	off := time.Duration(c.rnd.Int64N(int64(30*year))) - 20*year
	if c.rnd.IntN(4) == 0 {
		c.boot++
		c.since = time.Duration(c.rnd.Int64N(int64(time.Hour)))
	}
	for range 1 + c.rnd.IntN(3) {
		r := c.reading(off)
		r.Synced = c.rnd.IntN(3) > 0
		if err := c.keep(c.retain(r)); err != nil {
			return err
		}
		if c.rnd.IntN(3) == 0 {
			if err := c.record(c.wall.Add(off)); err != nil {
				return err
			}
		}
		c.pass(time.Duration(c.rnd.Int64N(int64(time.Hour))))
	}
	return c.keep(c.retain(c.reading(0)))
}

// keep passes on what is not retention's refusal.
func (c *Clock) keep(err error) error {
	if _, ok := errors.AsType[*storage.HeldBackError](err); ok {
		return nil
	}
	return err
}

// Judge says what is no longer there.
func (c *Clock) Judge() Loss { return c.a.Judge(c.dir) }
