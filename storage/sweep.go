package storage

import (
	"errors"
	"os"
	"path/filepath"
	"slices"

	"linevault/storage/durable"
	"linevault/storage/internal/crash"
	"linevault/storage/seal"
	"linevault/storage/segment"
)

func removeSegment(dir, name string) error {
	crash.At("remove " + name)
	err := os.Remove(filepath.Join(dir, segmentsDir, name))
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	return errors.Join(err, durable.SyncFolder(filepath.Join(dir, segmentsDir)))
}

// sweep takes the boxes of what is destroyed out of every closed segment, and says which still
// have some: those that the recorder writes, and damaged ones. What lies there opens no more.
func (s *Store) sweep() (rest []string, err error) {
	if err := s.sweepAnnotations(); err != nil {
		return nil, err
	}
	found := s.withDestroyed()
	if len(found) == 0 {
		return nil, nil
	}
	scratch, err := s.scratch()
	if err != nil {
		return nil, err
	}
	for name, gone := range found {
		_, err := segment.Without(filepath.Join(s.dir, segmentsDir), scratch, name,
			func(id seal.PartID) bool { return gone[id] })
		if err != nil && !errors.Is(err, os.ErrNotExist) {
			rest = append(rest, name)
		}
	}
	slices.Sort(rest)
	if err := s.Refresh(); err != nil {
		return nil, err
	}
	return rest, os.RemoveAll(scratch)
}

// withDestroyed is which segments have which parts that are destroyed.
func (s *Store) withDestroyed() map[string]map[seal.PartID]bool {
	var parts []*storedPart
	s.mu.Lock()
	for _, p := range s.parts {
		if s.noted[p.period] != "" {
			parts = append(parts, p)
		}
	}
	s.mu.Unlock()
	found := map[string]map[seal.PartID]bool{}
	for _, p := range parts {
		if !s.destroyed(p.id, p.period) {
			continue
		}
		s.mu.Lock()
		var names []string
		for _, at := range p.places {
			names = append(names, at.segment)
		}
		if p.live != nil && p.live.Segment != "" {
			names = append(names, p.live.Segment)
		}
		s.mu.Unlock()
		for _, name := range names {
			if found[name] == nil {
				found[name] = map[seal.PartID]bool{}
			}
			found[name][p.id] = true
		}
	}
	return found
}
