package storage

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"

	"golang.org/x/sys/unix"

	"linevault/codec/pcm"
	"linevault/storage/seal"
)

// Kept is a part of a call that has ended, as evidence of it is made.
type Kept struct {
	Part   seal.PartID
	Call   Call // as the part's own header and end say it
	Number int  // in its call, from 0
	Span   pcm.Span
	Gaps   []Gap // what was not kept, in order, and what is withheld
	Why    EndReason
	Boxes  [][32]byte // SHA-256 of each sealed box, in order: each is sealed to the one before
}

// ErrUnsettled is a part of which nobody can say yet how it ends.
var ErrUnsettled = errors.New("the part may be going on, and the recorder cannot be asked")

// Ended lists the parts of a call that have ended, in order.
func (s *Store) Ended(id CallID) []seal.PartID {
	s.mu.Lock()
	defer s.mu.Unlock()
	var ids []seal.PartID
	parts, _ := s.wake(id) // Kept says what is wrong
	for _, p := range parts {
		if p.over() {
			ids = append(ids, p.id)
		}
	}
	return ids
}

// TakeEnded lists the parts that have ended since Entered was last called, at first all of
// those that it was not called for.
func (s *Store) TakeEnded() []seal.PartID {
	s.mu.Lock()
	defer s.mu.Unlock()
	var ids []seal.PartID
	maps.Copy(s.told, s.ended)
	clear(s.ended)
	for id := range s.told {
		ids = append(ids, id)
	}
	slices.SortFunc(ids, func(a, b seal.PartID) int { return slices.Compare(a[:], b[:]) })
	return ids
}

// Entered says that what TakeEnded listed is in the ledger, or is known to whoever took it: it
// need not be told of again, also not after a restart.
func (s *Store) Entered() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.listing.news = s.listing.news || len(s.told) > 0
	clear(s.told)
}

// over reports whether a part has ended, by an end or because nobody records it any more.
// Store.mu is held.
func (p *storedPart) over() bool {
	return p.listed && (p.end != nil || p.live == nil)
}

// Kept opens all boxes of a part that has ended, so that what is said of them was so.
func (s *Store) Kept(id seal.PartID) (Kept, error) {
	s.mu.Lock()
	p := s.partOf(id, s.told[id])
	if p == nil || !p.over() {
		s.mu.Unlock()
		return Kept{}, fmt.Errorf("part %s: it has not ended", id)
	}
	k := Kept{
		Part: id, Call: p.call, Number: p.head.Number, Span: p.span, Why: Interrupted,
		Gaps: withLate(slices.Clone(p.gaps), p.late, p.span),
	}
	k.Call.Start, k.Call.From, k.Call.Clock = p.head.Call.Start, p.head.Call.From, p.head.Call.Clock
	ended := p.end != nil
	if ended {
		k.Why = p.end.Why
	}
	total, _ := p.extent()
	s.mu.Unlock()
	if !ended && !s.settled() {
		return Kept{}, fmt.Errorf("part %s: %w", id, ErrUnsettled)
	}
	r, err := s.readerIn(id, k.Call.ID, nil)
	if err != nil {
		return Kept{}, err
	}
	defer r.close()
	r.refresh = true
	for n := range total {
		if _, err := r.open(n); err != nil {
			return Kept{}, err
		}
		k.Boxes = append(k.Boxes, r.before)
	}
	return k, nil
}

// settled reports whether what is seen without an end has none: the recorder was asked, or
// there is none.
func (s *Store) settled() bool {
	if _, err := s.askLive(); err == nil {
		return true
	}
	f, err := os.Open(filepath.Join(s.dir, lockFile))
	if err != nil {
		return errors.Is(err, os.ErrNotExist)
	}
	defer f.Close()
	return unix.Flock(int(f.Fd()), unix.LOCK_SH|unix.LOCK_NB) == nil
}
