package storage

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"linevault/storage/ledger"
)

// Hold keeps a call beyond its retention, until two people release it.
type Hold struct {
	Call   CallID    `json:"call"`
	Reason string    `json:"reason"`
	By     string    `json:"by"`
	At     time.Time `json:"at"`
	Review time.Time `json:"review"` // when somebody must ask whether it is still needed
	// Asked is who wants it released, where somebody does.
	Asked    string    `json:"asked,omitempty"`
	AskedWhy string    `json:"asked_why,omitempty"`
	AskedAt  time.Time `json:"asked_at,omitzero"`
}

func (s *Store) holds() state { return stateFile(s.dir, "holds", s.ring) }

// Holds lists the legal holds.
func (s *Store) Holds() ([]Hold, error) {
	var list []Hold
	_, err := s.holds().read(&list)
	return list, err
}

func (s *Store) held(id CallID) (bool, error) {
	list, err := s.Holds()
	return slices.ContainsFunc(list, func(h Hold) bool { return h.Call == id }), err
}

// SetHold puts a call under legal hold.
func (s *Store) SetHold(id CallID, by, reason string, review time.Time, book *ledger.Ledger) error {
	n, err := s.SetHolds([]CallID{id}, by, reason, review, book)
	if err == nil && n == 0 {
		err = fmt.Errorf("call %s is under legal hold already", id)
	}
	return err
}

// SetHolds puts calls under legal hold, all at once, and reports how many were not already.
func (s *Store) SetHolds(ids []CallID, by, reason string, review time.Time, book *ledger.Ledger) (set int, err error) {
	if by == "" || reason == "" || review.IsZero() {
		return 0, errors.New("a legal hold needs a reason, who sets it, and a day to review it")
	}
	for _, id := range ids {
		if _, err := s.Find(id); err != nil {
			return 0, err
		}
	}
	at := time.Now().UTC().Truncate(time.Second)
	var entries []ledger.Event
	err = s.changeHolds(func(list []Hold) ([]Hold, error) {
		there := map[CallID]bool{}
		for _, h := range list {
			there[h.Call] = true
		}
		for _, id := range ids {
			if there[id] {
				continue
			}
			there[id] = true
			list = append(list, Hold{Call: id, Reason: reason, By: by, At: at, Review: review})
			entries = append(entries, ledger.Event{
				At: at, Kind: "hold set", Who: by, Call: string(id), Purpose: reason,
				Data: map[string]string{"review": review.Format(time.DateOnly)},
			})
		}
		return list, nil
	})
	if err != nil || len(entries) == 0 {
		return 0, err
	}
	for some := range slices.Chunk(entries, 500) {
		if _, err := book.AppendAll(some); err != nil {
			return len(entries), err
		}
	}
	return len(entries), nil
}

// ReleaseHold releases a hold when a second person asks for it; the first one's request is
// noted. It reports whether the hold is gone.
func (s *Store) ReleaseHold(id CallID, by, reason string, book *ledger.Ledger) (released bool, err error) {
	if by == "" || reason == "" {
		return false, errors.New("releasing a legal hold needs a reason, and who asks for it")
	}
	asked := ""
	err = s.changeHolds(func(list []Hold) ([]Hold, error) {
		i := slices.IndexFunc(list, func(h Hold) bool { return h.Call == id })
		switch {
		case i < 0:
			return nil, fmt.Errorf("call %s is not under legal hold", id)
		case list[i].Asked == "":
			list[i].Asked, list[i].AskedWhy, list[i].AskedAt = by, reason, time.Now().UTC().Truncate(time.Second)
			return list, nil
		case SamePerson(list[i].Asked, by):
			return nil, fmt.Errorf("%s has asked for this release already: another person must, too", by)
		}
		asked, released = list[i].Asked, true
		return slices.Delete(list, i, i+1), nil
	})
	if err != nil {
		return false, err
	}
	if released {
		return true, enterHold(book, "hold released", id, by, reason, map[string]string{"asked": asked})
	}
	return false, enterHold(book, "hold release asked", id, by, reason, nil)
}

// KeepHold takes the request for a release back: the hold stays.
func (s *Store) KeepHold(id CallID, by, reason string, book *ledger.Ledger) error {
	asked := ""
	err := s.changeHolds(func(list []Hold) ([]Hold, error) {
		i := slices.IndexFunc(list, func(h Hold) bool { return h.Call == id })
		if i < 0 || list[i].Asked == "" {
			return nil, ErrNoRequest
		}
		asked = list[i].Asked
		list[i].Asked, list[i].AskedWhy, list[i].AskedAt = "", "", time.Time{}
		return list, nil
	})
	if err != nil {
		return err
	}
	return enterHold(book, "hold release refused", id, by, reason, map[string]string{"asked": asked})
}

// ReviewHold sets another day on which somebody must ask whether a hold is still needed.
func (s *Store) ReviewHold(id CallID, by, reason string, review time.Time, book *ledger.Ledger) error {
	if by == "" || reason == "" || review.IsZero() {
		return errors.New("a review needs its outcome, who made it, and the day of the next one")
	}
	err := s.changeHolds(func(list []Hold) ([]Hold, error) {
		i := slices.IndexFunc(list, func(h Hold) bool { return h.Call == id })
		if i < 0 {
			return nil, fmt.Errorf("call %s is not under legal hold", id)
		}
		list[i].Review = review
		return list, nil
	})
	if err != nil {
		return err
	}
	return enterHold(book, "hold reviewed", id, by, reason, map[string]string{"review": review.Format(time.DateOnly)})
}

// changeHolds replaces the list while no destruction runs.
func (s *Store) changeHolds(f func([]Hold) ([]Hold, error)) error {
	return s.alone(func() error {
		list, err := s.Holds()
		if err != nil {
			return err
		}
		if list, err = f(list); err != nil {
			return err
		}
		return s.holds().write(list)
	})
}

func enterHold(book *ledger.Ledger, kind string, id CallID, by, reason string, data map[string]string) error {
	_, err := book.Append(ledger.Event{At: time.Now().UTC(), Kind: kind, Who: by, Call: string(id), Purpose: reason, Data: data})
	return err
}
