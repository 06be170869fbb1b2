package storage

import (
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"linevault/storage/durable"
	"linevault/storage/keys/journal"
	"linevault/storage/ledger"
)

// Request is what one person asks for and another one must approve.
type Request struct {
	ID     string            `json:"id"`
	Kind   string            `json:"kind"`
	Call   CallID            `json:"call,omitempty"`
	By     string            `json:"by"`
	At     time.Time         `json:"at"`
	Reason string            `json:"reason"`
	More   map[string]string `json:"more,omitempty"` // what else its kind needs to know
	// Approved is who approved it, where it is done later.
	Approved string `json:"approved,omitempty"`
}

// AskedErasure is the kind of request that asks for an erasure; the desk has others.
const AskedErasure = "erasure"

// ErrNoRequest is a request that is not there: it was approved, refused or withdrawn.
var ErrNoRequest = errors.New("there is no such request any more: somebody has approved or refused it")

// ErrSamePerson is somebody who approves what they asked for themselves.
var ErrSamePerson = errors.New("who asks cannot approve as well: another person must")

// SamePerson reports whether two names are one person's, also where one of them was at the
// command line.
func SamePerson(a, b string) bool {
	name := func(s string) string { return strings.TrimPrefix(strings.TrimSpace(s), "command line: ") }
	return strings.EqualFold(name(a), name(b))
}

func (s *Store) requests() state { return stateFile(s.dir, "requests", s.ring) }

// Requests lists what waits for a second person, oldest first.
func (s *Store) Requests() ([]Request, error) {
	var list []Request
	_, err := s.requests().read(&list)
	return list, err
}

// Request is the request with that id, or ErrNoRequest.
func (s *Store) Request(id string) (Request, error) {
	list, err := s.Requests()
	if err != nil {
		return Request{}, err
	}
	i := slices.IndexFunc(list, func(r Request) bool { return r.ID == id })
	if i < 0 {
		return Request{}, ErrNoRequest
	}
	return list[i], nil
}

// Ask notes a request and enters it in the ledger. One like it that waits already is an error.
func (s *Store) Ask(r Request, book *ledger.Ledger) (Request, error) {
	if r.By == "" || strings.TrimSpace(r.Reason) == "" {
		return r, errors.New("a request needs a reason, and who asks")
	}
	r.ID, r.At = string(NewCallID(time.Now())), time.Now().UTC().Truncate(time.Second)
	err := s.alone(func() error {
		list, err := s.Requests()
		if err != nil {
			return err
		}
		for _, o := range list {
			if o.Kind == r.Kind && o.Call == r.Call && o.More["account"] == r.More["account"] {
				return fmt.Errorf("%s has asked for this on %s already, and it waits for another person", o.By, o.At.In(councilTime).Format("2 January"))
			}
		}
		return s.requests().write(append(list, r))
	})
	if err != nil {
		return r, err
	}
	return r, r.enter(book, r.Kind+" asked", r.By, r.Reason)
}

// Approve notes on a request that somebody else has approved it, for what is done later.
func (s *Store) Approve(id, by string, book *ledger.Ledger) error {
	var approved Request
	err := s.alone(func() error {
		list, err := s.Requests()
		if err != nil {
			return err
		}
		i := slices.IndexFunc(list, func(r Request) bool { return r.ID == id })
		switch {
		case i < 0, list[i].Approved != "": // nobody is put in the place of who approved it
			return ErrNoRequest
		case SamePerson(list[i].By, by):
			return ErrSamePerson
		}
		approved = list[i]
		list[i].Approved = by
		return s.requests().write(list)
	})
	if err != nil {
		return err
	}
	return approved.enter(book, approved.Kind+" approved", by, approved.Reason)
}

// Settled takes a request off the list: what it asked for was done.
func (s *Store) Settled(id string) error {
	return s.alone(func() error {
		list, err := s.Requests()
		if err != nil {
			return err
		}
		return s.requests().write(slices.DeleteFunc(list, func(r Request) bool { return r.ID == id }))
	})
}

// Refuse takes a request off the list undone. Who asked may withdraw it so.
func (s *Store) Refuse(id, by, reason string, book *ledger.Ledger) error {
	r, err := s.Request(id)
	if err != nil {
		return err
	}
	if err := s.Settled(id); err != nil {
		return err
	}
	return r.enter(book, r.Kind+" refused", by, reason)
}

func (r Request) enter(book *ledger.Ledger, kind, by, reason string) error {
	data := map[string]string{"request": r.ID}
	maps.Copy(data, r.More)
	if !SamePerson(by, r.By) {
		data["asked"] = r.By
	}
	_, err := book.Append(ledger.Event{At: time.Now().UTC(), Kind: kind, Who: by, Call: string(r.Call), Purpose: reason, Data: data})
	return err
}

// alone runs f while no other process destroys anything, nor changes what is kept beside.
func (s *Store) alone(f func() error) error {
	dir := filepath.Join(s.dir, destructionDir)
	if err := durable.MakeFolder(dir); err != nil {
		return folderError(s.dir, err)
	}
	unlock, err := journal.Lock(filepath.Join(dir, "lock"))
	if err != nil {
		return folderError(s.dir, err)
	}
	defer unlock()
	return f()
}
