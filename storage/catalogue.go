package storage

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"linevault/codec/pcm"
	"linevault/storage/catalogue"
)

// ErrNoCall is a call that the store does not have.
var ErrNoCall = errors.New("no such call")

// Query says which calls are wanted; all of what it asks must hold. Zero values ask for all.
type Query struct {
	Before CallID // older than this one
	Limit  int    // rows in the page; zero is 50
	Line   pcm.LineID
	Number string // digits that either number has in it
	From   time.Time
	To     time.Time // not included
	Cause  Cause     // a gap of this cause, or AnyCause

	Far, FarBegins, FarEnds string // the other party's number: whole, its first digits, its last
	Department              string
	Direction               Direction
	MinLength, MaxLength    time.Duration // by the line's clock, in whole milliseconds, both included
	State                   State
	Why                     EndReason
	Class                   string // retention class
	Held                    bool   // under legal hold
	Kind                    Kind
	Agent                   string // or extension
	Purpose                 string
	Flag                    string // its words, or AnyFlag
	MinStars, MaxStars      int    // a call without a rating has neither
	Note                    string // words that words of a note begin with
	NoTotal                 bool   // Page.Total is not wanted
}

// AnyCause asks for a gap of whatever cause.
const AnyCause Cause = catalogue.AnyGap

// AnyFlag asks for a flag of whatever words.
const AnyFlag = catalogue.AnyFlag

// Kind is what kind of contact it is.
type Kind string

// The kinds of contact. Nothing records chats yet.
const (
	IsCall Kind = "call"
	IsChat Kind = "chat"
)

// Page is the newest rows of a query.
type Page struct {
	Rows  []Row  `json:"rows"`
	Next  CallID `json:"next,omitempty"` // the Before of the page after; empty on the last
	Total int    `json:"total"`          // calls that the query finds, on all pages
}

// defaultLimit is how many rows a page has.
const defaultLimit = 50

// Calls lists calls, newest first.
func (s *Store) Calls(q Query) (Page, error) {
	page, err := s.page(q)
	if err != nil && s.recover(err) == nil {
		return s.page(q)
	}
	return page, err
}

func (s *Store) page(q Query) (Page, error) {
	if q.Limit <= 0 {
		q.Limit = defaultLimit
	}
	c := q.catalogue()
	page := Page{Rows: []Row{}}
	if q.Before != "" {
		var ok bool
		if c.Before, ok = parseCallID(q.Before); !ok {
			return page, nil // nothing is older than what is no id
		}
	}
	s.mu.Lock()
	index, released := s.listing.index, s.released
	s.mu.Unlock()
	found, more, err := index.Page(&c, q.Limit)
	if err == nil && !q.NoTotal {
		c.Before = catalogue.ID{}
		page.Total, err = index.Count(&c)
	}
	for i := 0; i < len(found) && err == nil; i++ {
		var parts []*storedPart
		var said []Annotation
		if parts, said, err = readRow(found[i].Row); err == nil {
			page.Rows = append(page.Rows, rowOf(parts, said, released[parts[0].head.Call.ID]))
		}
	}
	if err != nil {
		return Page{Rows: []Row{}}, fmt.Errorf("the list of calls: %w", err)
	}
	if more {
		page.Next = formatCallID(found[len(found)-1].ID)
	}
	return page, nil
}

// catalogue is the query as the index takes it, but for Before.
func (q *Query) catalogue() catalogue.Query {
	c := catalogue.Query{
		From: q.From, To: q.To, MinLength: q.MinLength, MaxLength: q.MaxLength,
		Number: q.Number, Far: q.Far, FarBegins: q.FarBegins, FarEnds: q.FarEnds,
		Line: string(q.Line), Department: folded(q.Department), Direction: string(q.Direction),
		State: string(q.State), Why: string(q.Why), Class: q.Class, Gap: string(q.Cause),
		Kind: string(q.Kind), Agent: folded(q.Agent), Purpose: folded(q.Purpose), Flag: folded(q.Flag), Note: q.Note,
		MinRating: uint8(min(max(0, q.MinStars), MaxStars+1)), MaxRating: uint8(min(max(0, q.MaxStars), MaxStars)),
	}
	if q.Held {
		c.Held = catalogue.Yes
	}
	return c
}

// folded is a label as it is searched.
func folded(s string) string { return strings.ToLower(strings.Join(strings.Fields(s), " ")) }

// Find returns the row of a call, or ErrNoCall, or ErrUnlisted where it may be there.
func (s *Store) Find(id CallID) (Row, error) {
	row, err := s.find(id)
	if err != nil && !errors.Is(err, ErrNoCall) && !errors.Is(err, ErrUnlisted) && s.recover(err) == nil {
		return s.find(id)
	}
	return row, err
}

func (s *Store) find(id CallID) (Row, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	parts, err := s.wake(id)
	if err == nil && len(parts) == 0 {
		err = fmt.Errorf("call %s: %w", id, ErrNoCall)
	}
	if !s.later.progress.Whole && (err != nil && errors.Is(err, ErrNoCall) || err == nil && lacks(parts)) {
		err = fmt.Errorf("call %s: %w", id, ErrUnlisted)
	}
	if err != nil {
		return Row{}, err
	}
	return s.row(id), nil
}

// list puts a part into its call. The caller holds mu.
func (s *Store) list(p *storedPart) {
	id := p.head.Call.ID
	if p.of != "" && p.of != id {
		s.unlist(p)
	}
	s.listing.changed[id] = true
	if len(s.calls[id]) == 0 {
		_, _ = s.wake(id) // the next look begins anew
	}
	if !slices.Contains(s.calls[id], p) {
		s.calls[id] = append(s.calls[id], p)
	}
	delete(s.gone, id)
	slices.SortFunc(s.calls[id], func(a, b *storedPart) int { return cmp.Compare(a.head.Number, b.head.Number) })
	p.of, s.calls[id][0].used = id, s.looks
}

// unlist takes a part that is gone out of its call. The caller holds mu.
func (s *Store) unlist(p *storedPart) {
	id := p.of
	if id == "" {
		return
	}
	p.of = ""
	s.listing.changed[id] = true
	s.calls[id] = slices.DeleteFunc(s.calls[id], func(o *storedPart) bool { return o == p })
	if len(s.calls[id]) == 0 {
		delete(s.calls, id)
		s.gone[id] = true
	}
}
