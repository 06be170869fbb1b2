package storage

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"linevault/storage/keys"
	"linevault/storage/seal"
)

// key unlocks the key of a part. The caller forgets it.
func (s *Store) key(id seal.PartID, p period) (*seal.Key, error) {
	l, err := s.lockedKey(id, p)
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	identity, of := s.identity, s.of
	s.mu.Unlock()
	if identity == nil || of != p {
		if identity, err = s.ring.Identity(p.class, p.day); err != nil {
			return nil, err
		}
		s.mu.Lock()
		s.identity, s.of = identity, p
		s.mu.Unlock()
	}
	return identity.Unlock(id, l)
}

func (s *Store) lockedKey(id seal.PartID, p period) (seal.Locked, error) {
	s.mu.Lock()
	l := s.locked[p][id]
	s.mu.Unlock()
	if l != nil {
		return l, destroyedError(id, l)
	}
	// A new part: the recorder has added its key.
	s.reading.Lock()
	defer s.reading.Unlock()
	s.mu.Lock()
	l = s.locked[p][id]
	s.mu.Unlock()
	if l != nil {
		return l, destroyedError(id, l) // another part of the period came first
	}
	m, err := keys.ReadPartFile(s.dir, p.class, p.day)
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	s.keepLocked(p, m)
	s.mu.Unlock()
	if m[id] == nil {
		return nil, fmt.Errorf("part %s: %w of class %s, %s: restore keys/parts from a backup, or, "+
			"if this segment is not of this box, move it out of the folder %s", id, errNoKey, p.class, p.day, segmentsDir)
	}
	return m[id], destroyedError(id, m[id])
}

// errNoKey is a part of which nobody has the key.
var errNoKey = errors.New("its key is not in the key file")

// ErrDestroyed is a part whose key was destroyed: nothing opens it any more.
var ErrDestroyed = errors.New("it was destroyed")

func destroyedError(id seal.PartID, l seal.Locked) error {
	if keys.Destroyed(l) {
		return fmt.Errorf("part %s: %w", id, ErrDestroyed)
	}
	return nil
}

// keyNotes looks for notes that something was destroyed: the names of a period's files of part
// keys change with each. Parts that they are about are gone, or there, from then on.
func (s *Store) keyNotes(changed map[seal.PartID]bool) error {
	all, err := keys.Files(s.dir)
	if err != nil {
		return folderError(s.dir, err)
	}
	now := map[period]string{}
	for p, names := range all {
		if s.later.waits[period{p.Class, p.Day}] {
			continue
		}
		names = slices.DeleteFunc(names, func(n string) bool { return n == string(p.Day)+"."+p.Class })
		slices.Sort(names)
		now[period{p.Class, p.Day}] = strings.Join(names, " ")
	}
	s.mu.Lock()
	news := map[period]bool{}
	for p, names := range now {
		if s.noted[p] != names {
			s.noted[p] = names
			news[p] = true
		}
	}
	for p := range s.noted {
		if _, there := now[p]; !there && !s.later.waits[p] {
			delete(s.noted, p)
			news[p] = true
		}
	}
	for p := range news {
		delete(s.locked, p)
	}
	s.mu.Unlock()
	for p := range news {
		if err := s.keyNews(p, changed); err != nil {
			return err
		}
	}
	return nil
}

// keyNews has the parts of a period described again, but for those that went with all of it
// while they slept.
func (s *Store) keyNews(p period, changed map[seal.PartID]bool) error {
	whole := s.destroyed(keys.Whole, p)
	s.mu.Lock()
	defer s.mu.Unlock()
	var err error
	if whole {
		err = s.dropAsleep(p)
	} else {
		err = s.wakePeriod(p)
	}
	s.changedIn(p, changed)
	return err
}

// mostLocked is how many locked part keys are kept in memory, 1.2 kB each, so that a day's are.
const mostLocked = 20_000

// keepLocked keeps the part keys of a period in memory. The caller holds mu.
func (s *Store) keepLocked(p period, m map[seal.PartID]seal.Locked) {
	n := len(m)
	for _, other := range s.locked {
		n += len(other)
	}
	if n > mostLocked {
		clear(s.locked)
	}
	s.locked[p] = m
}

// changedIn marks the parts of a period to be described again. The caller holds mu.
func (s *Store) changedIn(p period, changed map[seal.PartID]bool) {
	for id, sp := range s.parts {
		if sp.period == p {
			changed[id] = true
		}
	}
}

// destroyed reports whether a note says that the part is destroyed, or that a crash may have
// left it before its key was there.
func (s *Store) destroyed(id seal.PartID, p period) bool {
	s.mu.Lock()
	m, noted := s.locked[p], s.noted[p] != ""
	s.mu.Unlock()
	if !noted {
		return false
	}
	if m == nil {
		var err error
		if m, err = keys.ReadPartFile(s.dir, p.class, p.day); err != nil {
			return false // whoever wants the key is told
		}
		s.mu.Lock()
		s.keepLocked(p, m)
		s.mu.Unlock()
	}
	return keys.Destroyed(m[keys.Whole]) || keys.Destroyed(m[id])
}

// hide takes a part that is destroyed out of every list.
func (s *Store) hide(id seal.PartID) {
	s.mu.Lock()
	p := s.parts[id]
	s.listing.shred = s.listing.shred || p.of != ""
	s.unlist(p)
	p.summary = summary{}
	delete(s.problems, "part "+id.String())
	delete(s.ended, id)
	s.mu.Unlock()
	s.forget(id)
}
