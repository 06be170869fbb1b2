package torture

import (
	"errors"
	"fmt"
	"os/exec"
	"slices"
	"time"

	"linevault/storage"
	"linevault/storage/evidence"
	"linevault/storage/keys"
	"linevault/storage/ledger"
	"linevault/storage/torture/watch"
)

// Desk does in the store in dir what a desk does: it lists calls, enters them in the ledger and
// signs that, purges a second of the oldest call, and runs retention, which destroys nothing.
func Desk(dir string) (err error) {
	ring, err := keys.OpenRing(dir)
	if err != nil {
		return err
	}
	if err := ring.Ensure([]string{class}, time.Now()); err != nil {
		return err
	}
	book, err := ledger.Open(dir, ring.Derive("ledger"))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, book.Close()) }()
	s, err := storage.OpenDesk(dir, nil, time.Hour)
	if err != nil {
		return err
	}
	defer s.Close()
	if err := s.Finish(book); err != nil {
		return err
	}
	page, err := s.Calls(storage.Query{Limit: 1000})
	if err != nil || len(page.Rows) == 0 {
		return errors.Join(err, errors.New("there are no calls"))
	}
	oldest := page.Rows[len(page.Rows)-1]
	purged := slices.ContainsFunc(oldest.Gaps, func(g storage.Gap) bool { return g.Cause == storage.Purged })
	if !purged {
		if _, err := s.PurgeSpan(oldest.ID, 0, time.Second, "ann", "card data", book); err != nil {
			return err
		}
	}
	clock, err := storage.ReadClock()
	if err != nil {
		return err
	}
	clock.Synced = true
	_, err = s.Retain(terms, clock, book)
	if _, ok := errors.AsType[*storage.HeldBackError](err); err != nil && !ok {
		return err
	}
	if err := s.Refresh(); err != nil {
		return err
	}
	if _, err := evidence.New(s, book).Enter(); err != nil {
		return err
	}
	list, err := evidence.OpenAnchored(dir, ring, book)
	if err != nil {
		return err
	}
	_, err = list.Sign(time.Now())
	return errors.Join(err, list.Close())
}

// DeskAt runs cmd, a desk in dir whose n-th call meets the fault, and then one without. a says
// what was recorded there before.
func (f Fault) DeskAt(n int, cmd *exec.Cmd, dir string, a *Acked) (calls int, l Loss, err error) {
	what := ""
	err = watch.Run(cmd, watch.Config{Dir: dir, Judge: func(c watch.Call) watch.Answer {
		if !f.concerns(c) {
			return watch.Answer{}
		}
		i := calls - n
		calls++
		switch {
		case i < 0:
			return watch.Answer{}
		case i == 0:
			what = fmt.Sprintf("%s %s", c.Op, c.Path)
		}
		return f.Do(i)
	}})
	if errors.Is(err, watch.ErrUnavailable) {
		return 0, l, err
	}
	// A desk may end with an error, which its supervisor answers by starting the next one. It
	// must not end otherwise.
	if exit, ok := errors.AsType[*exec.ExitError](err); ok && exit.ExitCode() != 1 {
		l.Dead++
		l.tell("the desk ended: %v", err)
	}
	if err := Desk(dir); err != nil {
		l.Dead++
		l.tell("the next desk: %v", err)
	}
	l.add(deskLoss(dir, a))
	l.name(fmt.Sprintf("the desk's call %d (%s) fails by %s", n, what, f.Name))
	return calls, l, nil
}

// deskLoss is what is wrong in a store after a desk has done its work.
func deskLoss(dir string, a *Acked) (l Loss) {
	report, err := storage.Check(dir, nil, storage.CheckOptions{})
	if err != nil {
		l.tell("check: %v", err)
	} else {
		for _, p := range report.Problems {
			l.tell("check: %s: %s", p.Segment, p.Text)
		}
	}
	l.add(a.Play(dir, storage.Paused, storage.Purged))
	l.add(ledgerLoss(dir))
	return l
}

// ledgerLoss is what is wrong with the ledger.
func ledgerLoss(dir string) (l Loss) {
	ring, err := keys.OpenRing(dir)
	if err != nil {
		l.tell("%v", err)
		return l
	}
	book, err := ledger.Open(dir, ring.Derive("ledger"))
	if err != nil {
		l.tell("%v", err)
		return l
	}
	defer book.Close()
	list, err := evidence.OpenAnchored(dir, ring, book)
	if err != nil {
		l.tell("%v", err)
		return l
	}
	defer list.Close()
	if err := errors.Join(book.Verify(), list.Check(nil)); err != nil {
		l.tell("ledger: %v", err)
	}
	return l
}
