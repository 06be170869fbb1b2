package storage

import (
	"fmt"
	"slices"
	"strings"

	"linevault/storage/keys"
	"linevault/storage/seal"
)

// Sample is one box of a period, tried with keys that a recovery copy gave.
type Sample struct {
	Period keys.Period `json:"period"`
	Part   string      `json:"part,omitempty"`  // of which a box was opened
	Err    string      `json:"error,omitempty"` // why none was
}

// Drill opens a box of each period of the store in dir that has recordings, in memory, with a
// ring that keys.Recovered opened. It changes nothing.
func Drill(dir string, live Live, ring *keys.Ring) ([]Sample, error) {
	if err := checkFormat(dir); err != nil {
		return nil, err
	}
	s, err := openWith(dir, live, fromBoxes, ring)
	if err != nil {
		return nil, err
	}
	defer s.Close()
	s.mu.Lock()
	by := map[period][]seal.PartID{}
	for id, p := range s.parts {
		if total, _ := p.extent(); total > 0 {
			by[p.period] = append(by[p.period], id)
		}
	}
	s.mu.Unlock()
	var all []Sample
	for p, ids := range by {
		slices.SortFunc(ids, func(a, b seal.PartID) int { return strings.Compare(a.String(), b.String()) })
		all = append(all, s.sample(p, ids))
	}
	slices.SortFunc(all, func(a, b Sample) int {
		return strings.Compare(string(a.Period.Day)+a.Period.Class, string(b.Period.Day)+b.Period.Class)
	})
	return all, nil
}

// sample opens a box of the first part of a period that opens.
func (s *Store) sample(p period, ids []seal.PartID) Sample {
	found := Sample{Period: keys.Period{Class: p.class, Day: p.day}}
	for _, id := range ids {
		err := s.openOne(id)
		if err == nil {
			found.Part, found.Err = id.String(), ""
			return found
		}
		found.Err = err.Error()
	}
	return found
}

// openOne opens a part's header and its first box of sound, if it has one yet.
func (s *Store) openOne(id seal.PartID) error {
	r, err := s.reader(id, nil)
	if err != nil {
		return err
	}
	defer r.close()
	s.mu.Lock()
	p := s.parts[id]
	total := uint64(0)
	if p != nil {
		total, _ = p.extent()
	}
	s.mu.Unlock()
	for n := range min(total, 2) {
		if _, err := r.open(n); err != nil {
			return fmt.Errorf("box %d: %w", n, err)
		}
	}
	return nil
}
