package storage

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"time"

	"golang.org/x/sys/unix"

	"linevault/codec/pcm"
	"linevault/storage/catalogue"
	"linevault/storage/seal"
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

// listing is the catalogue of a store: which calls a query finds, and a snapshot of it that
// spares the next Open the boxes of parts that have ended.
type listing struct {
	index   *catalogue.Index // under Store.mu
	changed map[CallID]bool  // under Store.mu: calls that the index is to be told of
	held    map[CallID]bool  // under Store.mu: those under legal hold

	// What the snapshot knows, until the first Refresh is through.
	recalled map[seal.PartID]*savedPart
	parts    map[CallID]int

	lock  *os.File // held by the one process that writes the snapshot; nil in others
	every time.Duration
	saved time.Time
	news  bool // under Store.mu: the index has what the snapshot has not
	gone  bool // under Store.mu: a call is gone, and is to vanish from the snapshot at once
	// Under Store.mu: the disk was in the way, and no snapshot is written until the next Open.
	inMemory bool
}

// savedCall is a row of the catalogue.
type savedCall struct {
	Parts int          `json:"parts"`
	Ended []savedPart  `json:"ended"`
	Said  []Annotation `json:"said,omitempty"`
}

// savedState is what the snapshot knows besides its rows.
type savedState struct {
	Annotations map[string]annotationMark `json:"annotations,omitempty"`
}

// savedPart is the summary of a part that has ended in good order.
type savedPart struct {
	Part  seal.PartID `json:"part"`
	Boxes uint64      `json:"boxes"`
	Head  header      `json:"head"`
	Call  Call        `json:"call"`
	End   End         `json:"end"`
	Span  pcm.Span    `json:"span"`
	Gaps  []Gap       `json:"gaps,omitempty"`
	Late  []Gap       `json:"late,omitempty"`
	Bytes int64       `json:"bytes"`
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
	l.changed, l.held, l.saved = map[CallID]bool{}, map[CallID]bool{}, time.Now()
	folder, key := filepath.Join(s.dir, catalogueDir), s.ring.Derive("catalogue")
	if how == keeping || how == remaking {
		var err error
		if l.lock, err = lockFolder(folder); err != nil {
			s.problem(catalogueDir, Problem{Text: catalogueWords(err)})
		}
	}
	if how != fromBoxes && how != remaking {
		index, state, err := catalogue.Load(folder, key)
		if err == nil {
			if err = s.remember(index, state); err != nil {
				index.Close()
			}
		}
		if err == nil {
			if l.index = index; l.lock == nil {
				index.Detach()
			}
			held, _ := index.Newest(&catalogue.Query{Held: catalogue.Yes}, index.Len())
			for _, id := range held {
				l.held[formatCallID(id)] = true
			}
			return
		}
		// Damaged, foreign or not there: the boxes say all.
		l.recalled, l.parts, s.said = nil, nil, newAnnotations()
	}
	if l.index = catalogue.New(folder, key); l.lock == nil {
		l.index.Detach()
	}
	l.news = true
}

// remember reads the state and all rows.
func (s *Store) remember(x *catalogue.Index, state []byte) error {
	var saved savedState
	if err := json.Unmarshal(state, &saved); err != nil {
		return catalogue.ErrDamaged
	}
	if saved.Annotations != nil {
		s.said.read = saved.Annotations
	}
	l := &s.listing
	l.recalled, l.parts = map[seal.PartID]*savedPart{}, map[CallID]int{}
	return x.All(func(f catalogue.Found) error {
		var c savedCall
		if err := json.Unmarshal(f.Row, &c); err != nil {
			return catalogue.ErrDamaged
		}
		l.parts[formatCallID(f.ID)] = c.Parts
		if len(c.Said) > 0 {
			s.said.of[formatCallID(f.ID)] = c.Said
		}
		for i := range c.Ended {
			l.recalled[c.Ended[i].Part] = &c.Ended[i]
		}
		return nil
	})
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

// recall takes a part's summary from the snapshot, if the part is as it was then. The caller
// holds refreshing.
func (s *Store) recall(p *storedPart, boxes uint64) bool {
	was := s.listing.recalled[p.id]
	if was == nil || was.Boxes != boxes {
		return false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if p.live != nil || p.listed {
		return false
	}
	p.summary = summary{
		listed: true, head: was.Head, call: was.Call, end: &was.End, span: was.Span,
		gaps: was.Gaps, late: was.Late, bytes: was.Bytes,
	}
	id, told := p.head.Call.ID, s.listing.changed[p.head.Call.ID]
	s.list(p)
	if !told {
		delete(s.listing.changed, id) // the index knows
	}
	s.ended[p.id] = struct{}{}
	return true
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

// recalled ends the use of the snapshot: what it has and the store has not goes.
func (s *Store) recalled() {
	s.mu.Lock()
	defer s.mu.Unlock()
	l := &s.listing
	for id, n := range l.parts {
		if len(s.calls[id]) != n {
			l.changed[id] = true
		}
	}
	l.recalled, l.parts = nil, nil
	s.index()
}

// index tells the index what changed. The caller holds mu.
func (s *Store) index() {
	l := &s.listing
	if len(l.changed) == 0 {
		return
	}
	l.news = true
	if err := s.put(slices.Sorted(maps.Keys(l.changed))); err != nil {
		// Its rows on the disk cannot be had: it begins anew, in memory.
		s.problems[catalogueDir] = Problem{Text: catalogueWords(err)}
		l.index.Close()
		l.index, l.inMemory = catalogue.New("", [32]byte{}), true
		if err := s.put(s.order); err != nil {
			panic("storage: " + err.Error()) // in memory nothing can be in the way
		}
	}
	clear(l.changed)
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
		if len(s.calls[id]) == 0 {
			delete(s.said.of, id)
		}
		if bits, ok := parseCallID(id); ok && len(s.calls[id]) == 0 && !errors.Is(l.index.Remove(bits), catalogue.ErrUnknown) {
			l.gone = true
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
	saved := savedCall{Parts: len(s.calls[id]), Said: s.said.of[id]}
	for _, p := range s.calls[id] {
		if boxes, _ := p.extent(); p.end != nil && !p.damaged {
			saved.Ended = append(saved.Ended, savedPart{
				Part: p.id, Boxes: boxes, Head: p.head, Call: p.call, End: *p.end, Span: p.span, Gaps: p.gaps, Late: p.late, Bytes: p.bytes,
			})
		}
	}
	c.Row, _ = json.Marshal(saved) // without it the boxes are opened
	return c
}

// saveListing writes the snapshot when it is due. The caller holds refreshing.
func (s *Store) saveListing() {
	l := &s.listing
	s.mu.Lock()
	index, due := l.index, l.lock != nil && !l.inMemory && (l.gone || l.news && l.every > 0 && time.Since(l.saved) >= l.every)
	if due {
		l.news, l.gone, l.saved = false, false, time.Now()
	}
	s.mu.Unlock()
	if !due {
		return
	}
	err := index.Save(s.state())
	s.mu.Lock()
	defer s.mu.Unlock()
	if delete(s.problems, catalogueDir); err != nil {
		s.problems[catalogueDir] = Problem{Text: catalogueWords(err)}
	}
}

// state is what the snapshot says besides its rows. The caller holds refreshing.
func (s *Store) state() []byte {
	b, err := json.Marshal(savedState{Annotations: s.said.read})
	if err != nil {
		panic("storage: " + err.Error()) // strings and numbers
	}
	return b
}

// closeListing writes the snapshot for the last time. A Refresh that comes later writes none.
func (s *Store) closeListing() {
	s.refreshing.Lock()
	defer s.refreshing.Unlock()
	s.mu.Lock()
	defer s.mu.Unlock()
	l := &s.listing
	if l.index == nil {
		return // the folder could not even be looked at
	}
	if l.lock != nil {
		if !l.inMemory && (l.news || l.gone) {
			// There is nobody left to tell: without it the next Open takes longer.
			_ = l.index.Save(s.state())
		}
		_ = l.lock.Close() // it was only locked
		l.lock = nil
	}
	l.index.Close()
}

// catalogueWords says of the catalogue's snapshot what to do.
func catalogueWords(err error) string {
	if errors.Is(err, fs.ErrPermission) {
		err = advise(err)
	}
	return fmt.Sprintf("%v; every call is listed all the same, but the next start takes longer", err)
}
