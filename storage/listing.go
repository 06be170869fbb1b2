package storage

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"time"

	"golang.org/x/sys/unix"

	"linevault/storage/catalogue"
)

const catalogueDir = "catalogue"

// opening is what a Store does with the catalogue's snapshot.
type opening int

const (
	recalling opening = iota // reads it
	keeping                  // reads it and writes it
	fromBoxes                // does without: what it says is to be proved
	remaking                 // does without, and writes it
)

// listing is the catalogue of a store: which calls a query finds, and of those that are asleep
// all that is known.
type listing struct {
	index   *catalogue.Index // under Store.mu
	changed map[CallID]bool  // under Store.mu: calls that the index is to be told of
	held    map[CallID]bool  // under Store.mu: those under legal hold

	unproved bool            // under Store.mu: segments may be other than the snapshot says
	doubtful map[string]bool // segments that the snapshot knows parts of, and that are read again
	proving  bool            // every call stays in memory
	broken   error           // under Store.mu: why the index is to be made anew

	lock  *os.File // held by the one process that writes the snapshot; nil in others
	every time.Duration
	saved time.Time
	news  bool // under Store.mu: the index has what the snapshot has not
	lost  bool // under Store.mu: a call is gone, and is to vanish from the snapshot at once
	shred bool // under Store.mu: and nobody may read of it in a copy of the snapshot
	// Under Store.mu: the disk was in the way, and no snapshot is written until the next Open.
	inMemory bool
	// Under Store.refreshing: the last look did not come to its end, and no snapshot may say that
	// it did.
	partial bool
}

// OpenDesk is Open for the one process that keeps the catalogue's snapshot: it is written at
// Close, and by Refresh when something changed and the last one is older than every. Where
// another process keeps it, OpenDesk is Open.
func OpenDesk(dir string, live Live, every time.Duration) (*Store, error) {
	s, err := open(dir, live, keeping)
	if err == nil {
		s.listing.every = every
	}
	return s, err
}

// openListing reads the snapshot. One that cannot be had is done without, and made anew.
func (s *Store) openListing(how opening) {
	l := &s.listing
	l.changed, l.held, l.doubtful, l.saved = map[CallID]bool{}, map[CallID]bool{}, map[string]bool{}, time.Now()
	l.proving = how == fromBoxes
	folder := filepath.Join(s.dir, catalogueDir)
	if how == keeping || how == remaking {
		var err error
		if l.lock, err = lockFolder(folder); err != nil {
			s.problem(catalogueDir, Problem{Text: catalogueWords(err)})
		}
	}
	if how != fromBoxes && how != remaking {
		index, state, err := s.loadCatalogue()
		if err == nil {
			s.mu.Lock()
			l.index = index
			if err = s.remember(state); err != nil {
				s.startOver()
			}
			s.mu.Unlock()
		}
		if err == nil {
			if l.lock == nil {
				index.Detach()
			}
			return
		}
		// Damaged, foreign or not there: the boxes say all.
	}
	s.newIndex()
}

// newIndex begins an empty index, which is kept where this process keeps the snapshot.
func (s *Store) newIndex() {
	l := &s.listing
	l.news = true
	if l.lock == nil {
		l.index = catalogue.New("", [32]byte{})
		return
	}
	key, err := s.catalogueKey()
	if err != nil {
		s.problems[catalogueDir] = Problem{Text: catalogueWords(err)}
		l.index, l.inMemory = catalogue.New("", [32]byte{}), true
		return
	}
	l.index = catalogue.New(filepath.Join(s.dir, catalogueDir), key)
}

// lockFolder makes the folder and locks it; nil if another process has it.
func lockFolder(folder string) (*os.File, error) {
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return nil, err
	}
	f, err := os.OpenFile(filepath.Join(folder, "lock"), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, err
	}
	err = unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB)
	if err == nil {
		return f, nil
	}
	if err = errors.Join(err, f.Close()); errors.Is(err, unix.EWOULDBLOCK) {
		return nil, nil
	}
	return nil, err
}

// noteHolds looks which calls are under legal hold now.
func (s *Store) noteHolds() {
	list, err := s.Holds()
	s.mu.Lock()
	defer s.mu.Unlock()
	const about = "legal holds"
	if delete(s.problems, about); err != nil {
		s.problems[about] = Problem{Text: fmt.Sprintf("the list of legal holds: %v", err)}
		return
	}
	l, now := &s.listing, map[CallID]bool{}
	for _, h := range list {
		if now[h.Call] = true; !l.held[h.Call] {
			l.changed[h.Call] = true
		}
	}
	for id := range l.held {
		if !now[id] {
			l.changed[id] = true
		}
	}
	l.held = now
}

// index tells the index what changed. The caller holds mu.
func (s *Store) index() {
	l := &s.listing
	if len(l.changed) == 0 {
		return
	}
	l.news = true
	ids := slices.Sorted(maps.Keys(l.changed))
	for _, id := range ids {
		if _, err := s.wake(id); err != nil {
			return // the next look begins anew
		}
	}
	if l.broken = s.put(ids); l.broken == nil {
		clear(l.changed)
	}
}

// many calls are put into the index by Fill.
const many = 5000

func (s *Store) put(ids []CallID) error {
	contacts := func(yield func(*catalogue.Contact) bool) {
		for _, id := range ids {
			if len(s.calls[id]) == 0 {
				continue
			}
			if c := s.contact(id); c != nil && !yield(c) {
				return
			}
		}
	}
	l := &s.listing
	for _, id := range ids {
		if len(s.calls[id]) > 0 {
			continue
		}
		delete(s.said.of, id)
		if err := s.strike(id); err != nil {
			return err
		}
	}
	if len(ids) > many {
		return l.index.Fill(contacts)
	}
	for c := range contacts {
		if err := l.index.Put(c); err != nil {
			return err
		}
	}
	return nil
}

// strike takes a call out of the index. The caller holds mu.
func (s *Store) strike(id CallID) error {
	bits, ok := parseCallID(id)
	if !ok {
		return nil // it never was there
	}
	err := s.listing.index.Remove(bits)
	if errors.Is(err, catalogue.ErrUnknown) {
		return nil
	}
	s.listing.lost, s.listing.news = true, true
	return err
}

// contact is a call as the index takes it, or nil where its id is none of ours. The caller
// holds mu.
func (s *Store) contact(id CallID) *catalogue.Contact {
	bits, ok := parseCallID(id)
	if !ok {
		s.problems["call "+string(id)] = Problem{Text: fmt.Sprintf("call %q: it has an id that no Linevault gives, and is not listed", id)}
		return nil
	}
	r := s.row(id)
	c := &catalogue.Contact{
		ID: bits, Start: r.Start, Length: r.Length, Far: string(r.FarNumber), Own: string(r.LineNumber), Line: string(r.Line),
		Department: folded(r.Department), Direction: string(r.Direction), State: string(r.State()), Why: string(r.Why), Class: r.Class,
		Held: s.listing.held[id], Kind: string(IsCall),
		Agent: folded(r.About.Agent.Text), Extension: folded(r.About.Extension.Text), Rating: uint8(r.About.Stars),
	}
	for _, w := range r.About.Flags {
		c.Flags = append(c.Flags, folded(w.Text))
	}
	for _, w := range r.About.Purposes {
		c.Purpose = append(c.Purpose, folded(w.Text))
	}
	for _, w := range r.About.Notes {
		c.Note += w.Text + "\n"
	}
	for _, g := range r.Gaps {
		c.Gaps = append(c.Gaps, string(g.Cause))
	}
	for _, p := range s.calls[id] {
		c.Last = p.period.String()
		c.Periods = append(c.Periods, c.Last)
	}
	c.Row = appendRow(nil, s.calls[id], s.said.of[id])
	return c
}

// catalogueWords says of the catalogue's snapshot what to do.
func catalogueWords(err error) string {
	if errors.Is(err, fs.ErrPermission) {
		err = advise(err)
	}
	return fmt.Sprintf("%v; every call is listed all the same, but the next start takes longer", err)
}
