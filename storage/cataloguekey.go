package storage

import (
	"errors"
	"path/filepath"

	"linevault/storage/catalogue"
)

// The catalogue's manifest is sealed under a passing secret of the ring, and has the keys of
// all blocks. When something was destroyed, the blocks that knew of it are written anew, the
// manifest is sealed under a new secret, and the old one leaves the ring under a new root key:
// a copy of the catalogue from before opens no more.

// cataloguePurpose is what the passing secrets' keys are for.
const cataloguePurpose = "catalogue"

// catalogueKey is what the next manifest is sealed with.
func (s *Store) catalogueKey() ([32]byte, error) {
	keys := s.ring.PassingOn(cataloguePurpose)
	if len(keys) == 0 {
		if err := s.ring.Renew(); err != nil {
			return [32]byte{}, err
		}
		keys = s.ring.PassingOn(cataloguePurpose)
	}
	if len(keys) == 0 {
		return [32]byte{}, errors.New("the keyring has no secret for the catalogue")
	}
	return keys[0], nil
}

// loadTries is how often the snapshot is looked at, while another process may be changing it
// and its key.
const loadTries = 3

// loadCatalogue reads the snapshot with whichever key opens it.
func (s *Store) loadCatalogue() (x *catalogue.Index, state []byte, err error) {
	err = catalogue.ErrDamaged
	for range loadTries {
		keys := s.ring.PassingOn(cataloguePurpose)
		for i, key := range keys {
			if x, state, err = catalogue.Load(filepath.Join(s.dir, catalogueDir), key); err == nil {
				if i > 0 || len(keys) > 1 {
					s.listing.lost, s.listing.shred = true, true // a crash kept it from being finished
				}
				x.Renew(keys[0])
				return x, state, nil
			}
		}
		if !errors.Is(err, catalogue.ErrDamaged) || s.ring.Reload() != nil {
			break
		}
	}
	return nil, nil, err
}

// saveCatalogue writes the snapshot, under a new key where something in the last one is to be
// readable no more. The caller holds refreshing.
func (s *Store) saveCatalogue(index *catalogue.Index, state []byte, shred bool) error {
	if shred {
		if err := s.ring.Renew(); err != nil {
			return err
		}
		key, err := s.catalogueKey()
		if err != nil {
			return err
		}
		index.Renew(key)
	}
	if err := index.Save(state); err != nil {
		return err
	}
	if !shred {
		return nil
	}
	return s.ring.Expire()
}

// keepCatalogue makes this process the one that keeps the snapshot, if no other is: what it
// destroys is to leave the snapshot, too.
func (s *Store) keepCatalogue() {
	s.refreshing.Lock()
	defer s.refreshing.Unlock()
	s.mu.Lock()
	defer s.mu.Unlock()
	l := &s.listing
	if l.lock != nil || l.proving || l.index == nil || l.inMemory {
		return
	}
	folder := filepath.Join(s.dir, catalogueDir)
	lock, err := lockFolder(folder)
	if err != nil || lock == nil {
		return // the desk does it, at its next look
	}
	key, err := s.catalogueKey()
	if err != nil {
		_ = lock.Close() // it was only locked
		return
	}
	l.lock = lock
	l.index.Attach(folder, key)
}
