package capture

import (
	"fmt"
	"slices"

	"linevault/codec/pcm"
	"linevault/daemon/pause"
	"linevault/storage"
)

// payment is a terminal's transaction, as it tells of it: there should be a pause around it.
type payment struct {
	pcm.Span // To is open while it goes on
	by       pause.Source
	ref      string // the terminal's own
	call     *span
	paused   bool // somebody asked for a pause as it began or ended
}

// maxPayments is how many of them a line follows at once.
const maxPayments = 32

// pays takes note of a transaction that begins or ends.
func (l *Line) pays(m Mark, at pcm.Pos) Receipt {
	goesOn := func(p payment) bool { return p.To == open && p.by == m.Source && (m.Reason == "" || p.ref == m.Reason) }
	i := slices.IndexFunc(l.payments, goesOn)
	c := l.live()
	switch {
	case m.Do == PaymentEnds && i < 0, m.Do == PaymentBegins && c == nil, len(l.payments) >= maxPayments:
		return Receipt{Idle: true, State: l.doing()}
	case m.Do == PaymentEnds:
		p := &l.payments[i]
		p.To, p.paused = max(at, p.From), p.paused || len(l.gate.Asking()) > 0
	case i < 0:
		l.payments = append(l.payments, payment{
			Span: pcm.Span{From: at, To: open}, by: m.Source, ref: m.Reason, call: c, paused: len(l.gate.Asking()) > 0,
		})
	}
	return l.receipt(at)
}

// judgePayments looks, once audio of a payment's time leaves the gate and no pause can reach it
// any more, whether there was one; ending is the call that ends, if one does.
func (l *Line) judgePayments(ending *span) {
	l.payments = slices.DeleteFunc(l.payments, func(p payment) bool {
		switch {
		case p.call == ending && ending != nil && ending.more && p.To > ending.To:
			return false // it goes on in the next part
		case p.call == ending && ending != nil:
			p.To = min(p.To, ending.To)
		case !slices.Contains(l.calls, p.call):
			return true // nothing of that call was kept
		case p.To > l.gate.Left():
			return false
		}
		l.judge(p)
		return true
	})
	if ending != nil && ending.more {
		for i := range l.payments {
			if l.payments[i].call == ending {
				l.payments[i].call = l.calls[0]
			}
		}
	}
}

// judge puts a payment that nobody paused into quarantine.
func (l *Line) judge(p payment) {
	c, f := p.call, l.Source.Format()
	before, after := f.Samples(l.Pause.GuardBefore), f.Samples(l.Pause.GuardAfter)
	touches := func(a storage.Asked) bool {
		return !a.Missed && a.At-before < p.To && (a.To == 0 || a.To+after > p.From)
	}
	if p.paused || c.dead || c.rec == nil || slices.ContainsFunc(c.pauses, touches) {
		return
	}
	c.note(storage.Asked{Kind: storage.ByTerminal, By: p.by.Name, Reason: p.ref, At: p.From, To: p.To, Missed: true})
	s := pcm.Span{From: p.From - before, To: p.To + after}
	if !l.quarantine(c, s, p.by, "a payment, and no pause") {
		return
	}
	l.Health.Raise("no pause "+string(c.id), l.Source.ID(), fmt.Sprintf(
		"%s took a payment on %s and nobody paused it: that time is in quarantine; purge or release it on the call's page, and look why there was no pause",
		p.by.Name, l.Call.Name))
}

// quarantine keeps s from being played until somebody has looked, and says whether any of it is
// in the call.
func (l *Line) quarantine(c *span, s pcm.Span, by pause.Source, why string) bool {
	if s = s.Intersect(c.Span); s.Empty() {
		return false
	}
	if err := c.rec.Quarantine(s, by.Name, why); err != nil {
		l.broke(c, err)
		return false
	}
	l.update(c)
	return true
}
