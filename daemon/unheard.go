package main

import (
	"cmp"
	"fmt"
	"time"

	"linevault/codec/pcm"
	"linevault/daemon/account"
	"linevault/daemon/capture"
	"linevault/daemon/config"
	"linevault/daemon/health"
	"linevault/hal"
	"linevault/hal/pri/card"
	"linevault/storage"
)

// unheard enters what cards tell of calls that are over, so that those that were on no line are
// accounted for, too.
type unheard struct {
	cfg    *config.Config
	book   *account.Book
	writer *storage.Writer
	told   chan over
	stop   chan struct{}
	done   chan struct{}
}

type over struct {
	card config.Card
	card.Over
}

// manyOver is how many calls may wait while the disk is slow: many times what circuits hold.
const manyOver = 4096

// openAccount begins the account of calls in a data folder.
func openAccount(dir string, cfg *config.Config, w *storage.Writer, board *health.Board) (*unheard, error) {
	const key = "account"
	book, err := account.Open(dir, func(err error) {
		if err == nil {
			board.Clear(key)
			return
		}
		board.Raise(key, "", fmt.Sprintf("the account of calls cannot be written: %v; calls are recorded all the same, make room on the disk", err))
	})
	if err != nil {
		return nil, err
	}
	u := &unheard{cfg: cfg, book: book, writer: w, told: make(chan over, manyOver), stop: make(chan struct{}), done: make(chan struct{})}
	go u.run()
	return u, nil
}

// over takes what a card tells. It waits only while thousands of calls wait already.
func (u *unheard) over(k config.Card, o card.Over) { u.told <- over{k, o} }

func (u *unheard) run() {
	defer close(u.done)
	t := time.NewTicker(10 * time.Second)
	defer t.Stop()
	for {
		select {
		case o := <-u.told:
			u.enter(o)
		case <-t.C:
			u.book.Sweep()
		case <-u.stop:
			for len(u.told) > 0 {
				u.enter(<-u.told)
			}
			return
		}
	}
}

// end enters what cards have told; they are closed, and what one that hangs tells later is not waited for.
func (u *unheard) end() {
	close(u.stop)
	<-u.done
}

func (u *unheard) enter(o over) {
	c := u.call(o)
	if o.Why == "" {
		u.book.Ended(o.Reference, c.Line, c.Start)
		return
	}
	g := storage.Gap{Cause: storage.NotByPolicy}
	switch o.Why {
	case card.DataCall:
		g.Reason = "data call"
	case card.NoLine:
		g.Reason = fmt.Sprintf("timeslot %d is not a line", o.Timeslot)
	case card.NoChannel:
		g.Cause, g.Reason = storage.Lost, "no timeslot: it was over before one was agreed"
	case card.CardLost:
		g.Cause, g.Reason = storage.Lost, "card lost"
	}
	capture.Enter(u.book, u.writer, c, o.Reference, time.Duration(o.To-o.From), g)
}

// call is what is known of the call: its line is that of its timeslot, or else the circuit.
func (u *unheard) call(o over) storage.Call {
	c := storage.Call{
		Line: pcm.LineID("card-" + config.ID(o.card.Name)), Name: "Card " + o.card.Name + ", no line", Class: "standard",
		FarNumber: storage.Number(o.Far), Called: storage.Number(o.Called), Direction: storage.Direction(o.Direction),
		Format: pcm.Format{Rate: 8000, Legs: 2}, Start: time.Now().Add(-time.Duration(hal.Now() - o.From)), Software: version,
	}
	first := true
	for _, l := range u.cfg.Line {
		if l.Card != o.card.Name {
			continue
		}
		if first {
			c.Class, first = l.Class, false
		}
		if l.Channels[0] == o.Timeslot && o.Why != card.NoChannel {
			c.Line, c.Name, c.Department = config.ID(l.Name), l.Name, l.Department
			c.LineNumber, c.Class = storage.Number(l.Number), l.Class
		}
	}
	if d, ok := u.cfg.DDIOf(c.Line, o.Called); ok && o.Direction == "in" {
		c.Name, c.Department = cmp.Or(d.Name, c.Name), cmp.Or(d.Department, c.Department)
		c.LineNumber, c.Class = cmp.Or(storage.Number(d.Number), c.LineNumber), cmp.Or(d.Class, c.Class)
	}
	return c
}
