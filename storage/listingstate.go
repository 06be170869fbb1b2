package storage

import (
	"encoding/hex"
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"time"

	"linevault/storage/catalogue"
	"linevault/storage/seal"
)

// savedState is what the snapshot knows besides its rows.
type savedState struct {
	Segments    map[string]segmentMark    `json:"segments"` // of which the rows have all
	Doubtful    []string                  `json:"doubtful,omitempty"`
	Notes       map[string]string         `json:"notes,omitempty"` // of keys, by period
	Annotations map[string]annotationMark `json:"annotations,omitempty"`
	Held        []CallID                  `json:"held,omitempty"`
	Open        []CallID                  `json:"open,omitempty"`     // not settled
	Unlisted    []byte                    `json:"unlisted,omitempty"` // parts of no call that is listed, as a row
	Untold      map[string]CallID         `json:"untold,omitempty"`   // parts that TakeEnded is to list
}

// remember takes in what the snapshot says besides its rows, and wakes what is not settled. The
// caller holds mu.
func (s *Store) remember(state []byte) error {
	var saved savedState
	if err := json.Unmarshal(state, &saved); err != nil {
		return catalogue.ErrDamaged
	}
	s.listing.unproved = true
	if saved.Segments != nil {
		s.segments = saved.Segments
	}
	for _, name := range saved.Doubtful {
		s.listing.doubtful[name] = true
	}
	for name, names := range saved.Notes {
		if p, ok := annotationPeriod(name); ok {
			s.noted[p] = names
		}
	}
	if saved.Annotations != nil {
		s.said.read = saved.Annotations
	}
	for _, id := range saved.Held {
		s.listing.held[id] = true
	}
	for name, call := range saved.Untold {
		if b, err := hex.DecodeString(name); err == nil && len(b) == len(seal.PartID{}) {
			s.ended[seal.PartID(b)] = call
		}
	}
	if len(saved.Unlisted) > 0 {
		parts, _, err := readRow(saved.Unlisted)
		if err != nil {
			return err
		}
		for _, p := range parts {
			p.live, p.summary = nil, summary{}
			s.parts[p.id], s.moved[p.id] = p, true
		}
		if most, some := atOnce[s.how]; some && len(parts) > most {
			maps.Copy(s.later.parts, s.moved)
			clear(s.moved)
		}
	}
	for _, id := range saved.Open {
		parts, err := s.wake(id)
		if err != nil {
			return err
		}
		for _, p := range slices.Clone(parts) {
			if s.moved[p.id] = true; p.end == nil || p.damaged {
				s.unlist(p)
				p.summary = summary{}
			}
		}
	}
	return nil
}

// state is what the snapshot says besides its rows. The caller holds mu and refreshing.
func (s *Store) state() []byte {
	saved := savedState{
		Segments: map[string]segmentMark{}, Notes: map[string]string{}, Annotations: maps.Clone(s.said.read),
		Held: slices.Collect(maps.Keys(s.listing.held)), Untold: map[string]CallID{},
	}
	for _, w := range s.said.waiting {
		delete(saved.Annotations, w.period.String()) // what nobody heard yet is read again
	}
	doubtful := map[string]bool{}
	for _, p := range s.problems {
		doubtful[p.Segment] = true
	}
	for name, mark := range s.segments {
		if doubtful[name] {
			saved.Doubtful = append(saved.Doubtful, name)
			continue
		}
		saved.Segments[name] = mark
	}
	for p, names := range s.noted {
		saved.Notes[p.String()] = names
	}
	for id, parts := range s.calls {
		if !settled(parts) {
			saved.Open = append(saved.Open, id)
		}
	}
	var unlisted []*storedPart
	for _, p := range s.parts {
		if p.of == "" {
			unlisted = append(unlisted, p)
		}
	}
	if len(unlisted) > 0 {
		saved.Unlisted = appendRow(nil, unlisted, nil)
	}
	for _, list := range []map[seal.PartID]CallID{s.ended, s.told} {
		for id, call := range list {
			saved.Untold[id.String()] = call
		}
	}
	b, err := json.Marshal(saved)
	if err != nil {
		panic("storage: " + err.Error()) // strings and numbers
	}
	return b
}

// startOver forgets all that was read, because the catalogue cannot be believed: the next look
// makes it anew from the boxes. The caller holds mu, and refreshing but at Open.
func (s *Store) startOver() {
	l := &s.listing
	err := l.broken
	l.index.Close()
	if l.broken = nil; err == nil || errors.Is(err, catalogue.ErrDamaged) || errors.Is(err, errRow) {
		s.newIndex()
	} else {
		s.problems[catalogueDir] = Problem{Text: catalogueWords(err)}
		l.index, l.inMemory = catalogue.New("", [32]byte{}), true
	}
	l.unproved, l.news = false, true
	s.keeping.Lock()
	for id, k := range s.kept {
		k.Forget()
		delete(s.kept, id)
	}
	s.keeping.Unlock()
	s.later.periods = nil
	clear(s.later.waits)
	clear(s.later.parts)
	clear(l.changed)
	clear(l.held)
	clear(l.doubtful)
	clear(s.parts)
	clear(s.calls)
	clear(s.gone)
	clear(s.segments)
	clear(s.noted)
	clear(s.locked)
	clear(s.moved)
	s.said = newAnnotations()
}

// recover makes the catalogue anew if err says that it cannot be believed.
func (s *Store) recover(err error) error {
	s.mu.Lock()
	s.listing.broken = err
	s.mu.Unlock()
	return s.Refresh()
}

// saveListing writes the snapshot when it is due. The caller holds refreshing.
func (s *Store) saveListing() {
	l := &s.listing
	s.mu.Lock()
	every := l.every
	if s.later.behind() {
		every = min(every, saveLater)
	}
	index, due := l.index, l.lock != nil && !l.inMemory && (l.lost || l.news && every > 0 && time.Since(l.saved) >= every)
	shred := l.shred
	var state []byte
	if due {
		l.news, l.lost, l.shred, l.saved = false, false, false, time.Now()
		state = s.state()
	}
	s.mu.Unlock()
	if !due {
		return
	}
	err := s.saveCatalogue(index, state, shred)
	s.mu.Lock()
	defer s.mu.Unlock()
	if err != nil && shred {
		l.lost, l.shred = true, true // at the next look
	}
	if delete(s.problems, catalogueDir); err != nil {
		s.problems[catalogueDir] = Problem{Text: catalogueWords(err)}
	}
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
		if !l.inMemory && !l.partial && (l.news || l.lost) && l.broken == nil {
			// There is nobody left to tell: without it the next Open takes longer.
			_ = s.saveCatalogue(l.index, s.state(), l.shred)
		}
		_ = l.lock.Close() // it was only locked
		l.lock = nil
	}
	l.index.Close()
}
