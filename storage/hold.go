package storage

import (
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"time"

	"linevault/storage/keys/journal"
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
	Asked    string `json:"asked,omitempty"`
	AskedWhy string `json:"asked_why,omitempty"`
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
	if by == "" || reason == "" || review.IsZero() {
		return errors.New("a legal hold needs a reason, who sets it, and a day to review it")
	}
	if _, err := s.Find(id); err != nil {
		return err
	}
	h := Hold{Call: id, Reason: reason, By: by, At: time.Now().UTC().Truncate(time.Second), Review: review}
	err := s.changeHolds(func(list []Hold) ([]Hold, error) {
		if slices.ContainsFunc(list, func(o Hold) bool { return o.Call == id }) {
			return nil, fmt.Errorf("call %s is under legal hold already", id)
		}
		return append(list, h), nil
	})
	if err != nil {
		return err
	}
	return enterHold(book, "hold set", id, by, reason, map[string]string{"review": review.Format(time.DateOnly)})
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
			list[i].Asked, list[i].AskedWhy = by, reason
			return list, nil
		case list[i].Asked == by:
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

// changeHolds replaces the list while no destruction runs.
func (s *Store) changeHolds(f func([]Hold) ([]Hold, error)) error {
	dir := s.holds().dir
	if err := journal.MakeFolder(dir); err != nil {
		return folderError(s.dir, err)
	}
	unlock, err := journal.Lock(filepath.Join(dir, "lock"))
	if err != nil {
		return folderError(s.dir, err)
	}
	defer unlock()
	list, err := s.Holds()
	if err != nil {
		return err
	}
	if list, err = f(list); err != nil {
		return err
	}
	return s.holds().write(list)
}

func enterHold(book *ledger.Ledger, kind string, id CallID, by, reason string, data map[string]string) error {
	_, err := book.Append(ledger.Event{At: time.Now().UTC(), Kind: kind, Who: by, Call: string(id), Purpose: reason, Data: data})
	return err
}
