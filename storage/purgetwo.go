package storage

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"linevault/codec/pcm"
	"linevault/storage/ledger"
)

// AskedPurge is the kind of request that asks for a purge which takes two people.
const AskedPurge = "purge"

// aloneAtOnce is the longest span that one person may purge. Card data is said in a minute or
// two; who purges more destroys a call rather than a number in it.
const aloneAtOnce = 10 * time.Minute

// ErrTakesTwo is a purge of so much of a call that one person may not do it alone.
var ErrTakesTwo = errors.New("that is more than ten minutes, or with what was purged before more than half of the call: another person must approve it")

// TakesTwo reports whether a purge takes two people: it is of more than ten minutes at once,
// or it leaves, with what was purged before, less than half of the call. A call that goes on is
// as long as it is by now. What is in quarantine one person may purge, as CheckPurge says.
func (r Row) TakesTwo(from, to time.Duration) bool {
	to = max(from, to)
	if !r.Live {
		to = max(from, min(to, r.Length))
	}
	f := r.Format
	cut := pcm.Span{From: r.From + f.Samples(from), To: r.From + f.Samples(to)}
	left := []pcm.Span{cut}
	var gone time.Duration
	for _, g := range r.Gaps {
		switch g.Cause {
		case Purged:
			gone += f.Duration(g.Span.Len())
			left = without(left, g.Span)
		case Quarantined:
			left = without(left, g.Span)
		}
	}
	var goes time.Duration
	for _, s := range left {
		goes += f.Duration(s.Len())
	}
	return goes > aloneAtOnce || goes > 0 && 2*(gone+goes) > r.Length
}

// AskPurge asks for a purge that another person must approve.
func (s *Store) AskPurge(id CallID, from, to time.Duration, by, reason string, book *ledger.Ledger) error {
	if err := checkPurge(from, to, by, reason); err != nil {
		return err
	}
	_, err := s.Ask(Request{
		Kind: AskedPurge, Call: id, By: by, Reason: reason, More: map[string]string{"from": from.String(), "until": to.String()},
	}, book)
	return err
}

// Span is from when to when in its call a request for a purge is.
func (r Request) Span() (from, to time.Duration, err error) {
	from, err1 := time.ParseDuration(r.More["from"])
	to, err2 := time.ParseDuration(r.More["until"])
	if err := errors.Join(err1, err2); err != nil {
		return 0, 0, fmt.Errorf("the request %s: %w", r.ID, err)
	}
	return from, to, nil
}

// PurgeApproved does the purge that one person asked for and another approves.
func (s *Store) PurgeApproved(r Request, approved string, book *ledger.Ledger) (*Certificate, error) {
	if strings.TrimSpace(approved) == "" || SamePerson(r.By, approved) {
		return nil, ErrSamePerson
	}
	from, to, err := r.Span()
	if err == nil {
		err = checkPurge(from, to, r.By, r.Reason)
	}
	if err != nil {
		return nil, err
	}
	row, err := s.Find(r.Call)
	if err != nil {
		return nil, err
	}
	if err := row.CheckPurge(from, to); err != nil {
		return nil, err
	}
	return s.destroyParts(job{Kind: Purge, Call: r.Call, From: from, To: to, By: r.By, Reason: r.Reason, Approved: approved}, book)
}
