package storage

import (
	"fmt"

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
		return l, nil
	}
	// A new part: the recorder has added its key.
	m, err := keys.ReadPartFile(s.dir, p.class, p.day)
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	s.locked[p] = m
	s.mu.Unlock()
	if m[id] == nil {
		return nil, fmt.Errorf("part %s: its key is not in the key file of class %s, %s: "+
			"restore keys/parts from a backup", id, p.class, p.day)
	}
	return m[id], nil
}
