package storage

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"linevault/codec/pcm"
	"linevault/storage/ledger"
)

// WaitingPurge is the purge of a span of a call that goes on: it is done when the call ends,
// and until then the span is not played.
type WaitingPurge struct {
	Call   CallID        `json:"call"`
	From   time.Duration `json:"from"`
	To     time.Duration `json:"to"`
	By     string        `json:"by"`
	Reason string        `json:"reason"`
	At     time.Time     `json:"at"`
}

func (s *Store) waiting() state { return stateFile(s.dir, "waiting", s.ring) }

// WaitingPurges lists the purges that wait for their calls to end.
func (s *Store) WaitingPurges() ([]WaitingPurge, error) {
	var list []WaitingPurge
	_, err := s.waiting().read(&list)
	return list, err
}

// PurgeWhenEnded has a span of a call that goes on destroyed as soon as the call has ended:
// Finish does it.
func (s *Store) PurgeWhenEnded(id CallID, from, to time.Duration, by, reason string, book *ledger.Ledger) error {
	if err := checkPurge(from, to, by, reason); err != nil {
		return err
	}
	if _, err := s.Find(id); err != nil {
		return err
	}
	w := WaitingPurge{Call: id, From: from, To: to, By: by, Reason: reason, At: time.Now().UTC().Truncate(time.Second)}
	err := s.changeWaiting(func(list []WaitingPurge) []WaitingPurge { return append(list, w) })
	if err != nil {
		return err
	}
	return w.enter(book, "purge asked", fmt.Sprintf("%v to %v, when the call has ended", from, to))
}

func (w WaitingPurge) enter(book *ledger.Ledger, kind, text string) error {
	_, err := book.Append(ledger.Event{At: time.Now().UTC(), Kind: kind, Who: w.By, Call: string(w.Call), Purpose: w.Reason, Text: text})
	return err
}

func (s *Store) changeWaiting(f func([]WaitingPurge) []WaitingPurge) error {
	return s.alone(func() error {
		list, err := s.WaitingPurges()
		if err != nil {
			return err
		}
		return s.waiting().write(f(list))
	})
}

// FinishWaiting purges what waited for calls that have ended by now. The desk calls it often:
// what was asked for in a call goes within a minute of its end.
func (s *Store) FinishWaiting(book *ledger.Ledger) error {
	list, err := s.WaitingPurges()
	if err != nil || len(list) == 0 {
		return err
	}
	if err := s.Refresh(); err != nil {
		return err
	}
	var errs []error
	for _, w := range list {
		if row, err := s.Find(w.Call); err == nil && row.Live {
			continue
		}
		_, err := s.PurgeSpan(w.Call, w.From, w.To, w.By, w.Reason, book)
		switch {
		case errors.Is(err, ErrStillLive), errors.Is(err, ErrUnlisted):
			continue
		case errors.Is(err, ErrNoCall), errors.Is(err, ErrNothingThere):
			err = w.enter(book, "purge not needed", err.Error())
		}
		if err == nil {
			err = s.changeWaiting(func(list []WaitingPurge) []WaitingPurge {
				return slices.DeleteFunc(list, func(o WaitingPurge) bool { return o == w })
			})
		}
		if err != nil {
			errs = append(errs, fmt.Errorf("purge %v to %v of call %s: %w", w.From, w.To, w.Call, err))
		}
	}
	return errors.Join(errs...)
}

// withholdWaiting keeps from being played what waits to be purged.
func (p *Playback) withholdWaiting() error {
	list, err := p.s.WaitingPurges()
	for _, w := range list {
		if w.Call == p.row.Call.ID {
			span := pcm.Span{From: p.span.From + p.format.Samples(w.From), To: p.span.From + p.format.Samples(w.To)}
			p.late = append(p.late, Gap{Span: span, Cause: Withheld, By: w.By, Reason: w.Reason})
		}
	}
	return err
}
