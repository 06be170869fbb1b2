package storage

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"linevault/codec/pcm"
	"linevault/storage/ledger"
)

// Released is a quarantined span of a call that somebody looked into: it holds no card data,
// and is played as anything else.
type Released struct {
	Call   CallID    `json:"call"`
	Span   pcm.Span  `json:"span"`
	By     string    `json:"by"`
	Reason string    `json:"reason"`
	At     time.Time `json:"at"`
}

// ErrNotQuarantined is a release of what is not in quarantine.
var ErrNotQuarantined = errors.New("nothing is in quarantine there: it was released or destroyed already")

func (s *Store) releases() state { return stateFile(s.dir, "released", s.ring) }

// Release ends the quarantine of what of a call lies from one time to another, counted from its
// start. Who does it vouches that it is no card data; that is in the ledger first.
func (s *Store) Release(id CallID, from, to time.Duration, by, reason string, book *ledger.Ledger) error {
	if by == "" || strings.TrimSpace(reason) == "" {
		return errors.New("a release needs to say who looked and why this is no card data")
	}
	row, err := s.Find(id)
	if err != nil {
		return err
	}
	f := row.Format
	// A sample more on each side, so that times that were rounded reach it all.
	wide := pcm.Span{From: row.From + f.Samples(from) - 1, To: row.From + f.Samples(to) + 1}
	var found []Released
	for _, g := range row.Gaps {
		if span := g.Span.Intersect(wide); g.Cause == Quarantined && !span.Empty() {
			found = append(found, Released{Call: id, Span: span, By: by, Reason: reason, At: time.Now().UTC().Truncate(time.Second)})
		}
	}
	if len(found) == 0 {
		return ErrNotQuarantined
	}
	_, err = book.Append(ledger.Event{
		At: time.Now().UTC(), Kind: "quarantine released", Who: by, Call: string(id), Purpose: reason, Text: fmt.Sprintf("%v to %v", from, to),
	})
	if err != nil {
		return err
	}
	err = s.alone(func() error {
		var list []Released
		if _, err := s.releases().read(&list); err != nil {
			return err
		}
		return s.releases().write(append(list, found...))
	})
	if err != nil {
		return err
	}
	return s.Refresh()
}

// noteReleases looks what has been released by now.
func (s *Store) noteReleases() {
	var list []Released
	_, err := s.releases().read(&list)
	s.mu.Lock()
	defer s.mu.Unlock()
	const about = "releases"
	if delete(s.problems, about); err != nil {
		s.problems[about] = Problem{Text: fmt.Sprintf("what was released from quarantine: %v: it stays in quarantine", err)}
		return
	}
	now := map[CallID][]Released{}
	for _, r := range list {
		now[r.Call] = append(now[r.Call], r)
	}
	for id, were := range now {
		if len(s.released[id]) != len(were) {
			s.listing.changed[id] = true
		}
	}
	s.released = now
}

// unreleased is what of a call's late spans is still not to be played.
func unreleased(free []Released, late []Gap) []Gap {
	if len(free) == 0 {
		return late
	}
	var left []Gap
	for _, g := range late {
		spans := []pcm.Span{g.Span}
		if g.Cause == Quarantined {
			for _, r := range free {
				var rest []pcm.Span
				for _, p := range spans {
					rest = append(rest, subtract(p, r.Span)...)
				}
				spans = slices.DeleteFunc(rest, pcm.Span.Empty)
			}
		}
		for _, p := range spans {
			g.Span = p
			left = append(left, g)
		}
	}
	return left
}

// PurgeLate destroys what of a call was to be paused and had been recorded by then. The call
// must have ended.
func (s *Store) PurgeLate(id CallID, by string, book *ledger.Ledger) ([]*Certificate, error) {
	row, err := s.Find(id)
	if err != nil {
		return nil, err
	}
	var done []*Certificate
	for _, g := range row.Gaps {
		if g.Cause != Withheld {
			continue
		}
		f := row.Format
		reason := "a pause arrived too late"
		if g.By != "" {
			reason += ": " + g.By
		}
		c, err := s.PurgeSpan(id, f.Duration(g.Span.From-row.From), f.Duration(g.Span.To-row.From), by, reason, book)
		if errors.Is(err, ErrNothingThere) {
			continue
		}
		if err != nil {
			return done, err
		}
		done = append(done, c)
	}
	return done, nil
}
