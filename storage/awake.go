package storage

import (
	"errors"
	"fmt"
	"slices"

	"linevault/storage/catalogue"
	"linevault/storage/keys"
	"linevault/storage/seal"
	"linevault/storage/segment"
)

// A call's parts are in memory while somebody wants them, and while something about them is not
// settled. All others are asleep: the catalogue's row has all that the Store knows of them.

// keepAwake is for how many looks a call stays in memory that nobody wants.
var keepAwake = 3

// wake brings a call into memory, where it is not; it returns nothing for one that is not
// there. The caller holds mu.
func (s *Store) wake(id CallID) ([]*storedPart, error) {
	if parts := s.calls[id]; len(parts) > 0 {
		parts[0].used = s.looks
		return parts, nil
	}
	bits, ok := parseCallID(id)
	if !ok || s.gone[id] || s.listing.index == nil {
		return nil, nil
	}
	row, err := s.listing.index.Find(bits)
	if errors.Is(err, catalogue.ErrUnknown) {
		return nil, nil
	}
	if err == nil {
		err = s.rouse(id, row)
	}
	if err != nil {
		s.listing.broken = err
		return nil, fmt.Errorf("call %s: %w", id, err)
	}
	return s.calls[id], nil
}

// rouse takes a sleeping call's row into memory. The caller holds mu.
func (s *Store) rouse(id CallID, row []byte) error {
	parts, said, err := readRow(row)
	if err != nil {
		return err
	}
	for i, p := range parts {
		if there := s.parts[p.id]; there != nil {
			// Boxes of it turned up while it slept.
			for _, at := range p.places {
				there.put(at)
			}
			if !there.listed {
				there.summary = p.summary
			}
			p, parts[i] = there, there
		}
		p.live, p.of, p.used = nil, id, s.looks
		s.parts[p.id] = p
	}
	if s.calls[id] = parts; len(said) > 0 {
		s.said.of[id] = said
	}
	return nil
}

// wakePeriod wakes all calls that have a part of a period. The caller holds mu.
func (s *Store) wakePeriod(p period) error {
	err := s.asleep(catalogue.Query{Period: p.String()}, s.rouse)
	if err != nil {
		s.listing.broken = err
	}
	return err
}

// wakeSegment wakes all calls that may have boxes in a segment. The caller holds mu.
func (s *Store) wakeSegment(name string) {
	if n, err := segment.ParseName(name); err == nil {
		_ = s.wakePeriod(period{n.Class, keys.Day(n.Day)}) // the next look begins anew
	}
}

// asleep gives each sleeping call that q finds to f. The caller holds mu.
func (s *Store) asleep(q catalogue.Query, f func(CallID, []byte) error) error {
	if s.listing.index == nil {
		return nil
	}
	return s.listing.index.Each(&q, func(found catalogue.Found) error {
		id := formatCallID(found.ID)
		if len(s.calls[id]) > 0 || s.gone[id] {
			return nil
		}
		return f(id, found.Row)
	})
}

// eachCall gives f every call, awake or asleep, that q finds; parts of one that is asleep are
// not to be kept. Calls that are awake come whatever q says. The caller holds mu.
func (s *Store) eachCall(q catalogue.Query, f func(CallID, []*storedPart)) error {
	for id, parts := range s.calls {
		f(id, parts)
	}
	return s.asleep(q, func(id CallID, row []byte) error {
		parts, _, err := readRow(row)
		if err == nil {
			f(id, parts)
		}
		return err
	})
}

// settled reports whether all that there is to know of a part is known, and nobody is at it.
func (p *storedPart) settled() bool {
	return p.listed && p.end != nil && !p.damaged && p.live == nil && len(p.places) > 0
}

func settled(parts []*storedPart) bool {
	return !slices.ContainsFunc(parts, func(p *storedPart) bool { return !p.settled() })
}

// sleep lets go of calls that the catalogue has and nobody wanted for a while. The caller holds
// mu and refreshing.
func (s *Store) sleep() {
	s.looks++
	clear(s.gone)
	if s.listing.proving {
		return
	}
	for id, parts := range s.calls {
		if _, ok := parseCallID(id); !ok || !settled(parts) || parts[0].used+keepAwake > s.looks || s.listing.changed[id] {
			continue
		}
		for _, p := range parts {
			delete(s.parts, p.id)
			s.forget(p.id)
		}
		delete(s.calls, id)
		delete(s.said.of, id)
	}
}

// partOf is a part of a call, which is woken where it sleeps; nil if it is not there. The
// caller holds mu.
func (s *Store) partOf(id seal.PartID, call CallID) *storedPart {
	if s.parts[id] == nil && call != "" {
		if _, err := s.wake(call); err != nil {
			return nil
		}
	}
	return s.parts[id]
}

// put adds where boxes lie, or replaces what is known of the same ones.
func (p *storedPart) put(at place) {
	i := slices.IndexFunc(p.places, func(o place) bool { return o.segment == at.segment && o.first == at.first })
	if i >= 0 {
		p.places[i] = at
		return
	}
	p.places = append(p.places, at)
}

// dropAsleep takes sleeping calls out of the catalogue of which every part was in a period that
// is destroyed whole, and wakes those that have other parts. The caller holds mu.
func (s *Store) dropAsleep(p period) error {
	var drop []CallID
	err := s.asleep(catalogue.Query{Period: p.String()}, func(id CallID, row []byte) error {
		parts, _, err := readRow(row)
		switch {
		case err != nil:
			return err
		case slices.ContainsFunc(parts, func(o *storedPart) bool { return o.period != p }):
			return s.rouse(id, row)
		}
		drop = append(drop, id)
		return nil
	})
	s.listing.shred = s.listing.shred || len(drop) > 0
	for i := 0; i < len(drop) && err == nil; i++ {
		s.gone[drop[i]] = true
		err = s.strike(drop[i])
	}
	if err != nil {
		s.listing.broken = err
	}
	return err
}

// String is a period as the catalogue and file names have it.
func (p period) String() string { return string(p.day) + "." + p.class }
