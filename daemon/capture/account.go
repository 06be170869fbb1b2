package capture

import (
	"time"

	"linevault/codec/pcm"
	"linevault/daemon/account"
	"linevault/daemon/call"
	"linevault/storage"
)

// began writes down that a call begins.
func (l *Line) began(c *span) {
	l.Ear.Began()
	if l.Account != nil {
		l.Account.Begin(c.id, c.first.Reference, l.Source.ID(), c.start)
	}
}

// account writes down what became of a call whose recording is finished.
func (l *Line) account(c *span) {
	if c.more {
		return
	}
	l.Ear.End()
	if l.Account == nil {
		return
	}
	why := account.Why("")
	switch {
	case c.dead:
		why = account.Storage
	case c.rec == nil:
		why = account.NoSound
	}
	l.Account.Kept(c.id, why)
	if c.first.Reference == "" { // else the card tells when it is over
		l.Account.Over(c.id)
	}
}

// missed enters a call that rang and in which nobody spoke.
func (l *Line) missed(e call.Edge) {
	if l.Account == nil {
		return
	}
	c := &span{first: e, start: l.clock.WallAt(e.At), clock: clockState()}
	c.From = e.At
	l.decide(c)
	k := l.describe(c)
	Enter(l.Account, l.Writer, k, "", 0, storage.Gap{Cause: storage.Lost, Reason: account.Ignored.String()})
}

// Enter makes the recording of a call of which there is no sound: a gap that says why. ref is the call's
// name in the signalling, if it has one.
func Enter(book *account.Book, w *storage.Writer, c storage.Call, ref string, length time.Duration, g storage.Gap) {
	c.ID, c.Signalled = storage.NewCallID(c.Start), ref
	book.Begin(c.ID, ref, c.Line, c.Start)
	why := account.Why("")
	if err := empty(w, c, length, g); err != nil {
		why = account.Storage
	}
	book.Kept(c.ID, why)
	if ref == "" {
		book.Over(c.ID)
	} else {
		book.Ended(ref, c.Line, c.Start)
	}
}

func empty(w *storage.Writer, c storage.Call, length time.Duration, g storage.Gap) error {
	r, err := w.Begin(c)
	if err != nil {
		return err
	}
	end := c.From + max(1, c.Format.Samples(length))
	g.Span = pcm.Span{From: c.From, To: end}
	if err := r.Gap(g); err != nil {
		return err
	}
	return r.Finish(storage.End{At: end, Why: storage.HungUp, Machine: length})
}
