package pri

import (
	"slices"
	"time"

	"linevault/hal/pri/q921"
	"linevault/hal/pri/q931"
)

// message takes in a message of a call. print is a hash of the whole of it.
func (t *Tap) message(m *q931.Message, from q921.Side, at time.Duration, print uint64) {
	k := key{origin: from, ref: m.Ref}
	if m.Flag {
		k.origin = from.Other()
	}
	c, last := t.calls[k], t.count
	switch {
	case m.Type == q931.Setup && m.Flag: // only the side that chose the reference sends SETUP
		return
	case m.Type == q931.Setup:
		c = t.offered(c, m, k, at, print)
	case c == nil:
		c = t.join(m, k, at)
	}
	if c == nil {
		return
	}
	first := len(t.events)
	c.touched = max(c.touched, at)
	c.Doubtful = false
	c.replied = c.replied || from != k.origin
	t.details(c, m, at)
	if c.ID > last && !c.service {
		t.report(Began, c, at)
		began := t.events[len(t.events)-1]
		t.events = slices.Insert(t.events[:len(t.events)-1], first, began)
	}
	if c.State < Clearing || m.Type == q931.Release || m.Type == q931.ReleaseComplete {
		t.progress(c, m, from, at)
	}
}

// offered finds or makes the call of a SETUP. It returns nil for a retransmission.
func (t *Tap) offered(c *call, m *q931.Message, k key, at time.Duration, print uint64) *call {
	switch {
	case c == nil:
	case c.setup == print && !c.replied: // sent again on expiry of T303 (Q.931 5.1.1)
		c.touched = max(c.touched, at)
		return nil
	case c.Joined && c.setup == 0 && at-c.First <= settle && c.State < Clearing:
		// the other receiver was read first
		c.setup, c.Joined = print, false
		c.First = min(c.First, at)
		c.Start = seen(min(at, c.First))
		t.setup(c, m, at)
		return c
	default:
		t.abandon(c, at, Superseded)
	}
	c = t.add(k, at)
	c.setup, c.Start = print, seen(at)
	t.setup(c, m, at)
	return c
}

// setup takes in what only SETUP says.
func (t *Tap) setup(c *call, m *q931.Message, at time.Duration) {
	c.Calling = m.Number(q931.CallingNumber)
	c.CallingSub = m.Subaddress(q931.CallingSubaddr)
	c.CalledSub = m.Subaddress(q931.CalledSubaddr)
	c.Redirecting = m.Number(q931.RedirectingNumber)
	c.Display = m.Display()
	early := c.Called
	c.Called = ""
	c.dial(dialled(m) + early)
	if ch, ok := m.Channel(); ok && !c.fixed && ch.Slot() != 0 {
		c.take(ch.Slot(), true)
		t.claim(c, at)
	}
}

// dialled is the digits of SETUP or INFORMATION (Q.931 5.1.1, 5.1.3).
func dialled(m *q931.Message) string {
	if n := m.Number(q931.CalledNumber); n.Presentation != q931.Absent {
		return n.Digits
	}
	return m.Keypad()
}

// join makes the call of a message whose SETUP was not heard, or returns nil if the message does
// not prove that there is or was a call.
func (t *Tap) join(m *q931.Message, k key, at time.Duration) *call {
	switch m.Type {
	case q931.Release, q931.ReleaseComplete:
		if cause, _ := m.Cause(); cause == q931.InvalidCallRef {
			return nil
		}
	case q931.Status:
		if state, ok := m.CallState(); !ok || state == q931.StateNull {
			return nil
		}
	case q931.StatusEnquiry, q931.Segment:
		return nil
	case q931.Alerting, q931.CallProceeding, q931.Progress, q931.Connect, q931.SetupAck,
		q931.ConnectAck, q931.Hold, q931.HoldAck, q931.HoldReject, q931.Retrieve, q931.RetrieveAck,
		q931.RetrieveReject, q931.Disconnect, q931.Facility, q931.Notify, q931.Information,
		q931.UserInformation, q931.CongestionCtrl, q931.Register:
	default:
		return nil
	}
	if t.freed(k, at) {
		return nil
	}
	c := t.add(k, at)
	c.Joined = true
	c.service = m.Type == q931.Register
	return c
}

// details takes in what may come in any message.
func (t *Tap) details(c *call, m *q931.Message, at time.Duration) {
	if b, ok := m.Bearer(); ok {
		c.Bearer = b
	}
	if c.Display == "" {
		c.Display = m.Display()
	}
	c.Complete = c.Complete || m.Complete()
	c.Inband = c.Inband || m.Inband()
	if n, ok := m.Notification(); ok {
		switch n {
		case q931.UserSuspended, q931.RemoteHold:
			t.report(FarHeld, c, at)
		case q931.UserResumed, q931.RemoteRetrieve:
			t.report(FarBack, c, at)
		}
	}
	if n := m.Number(q931.RedirectionNumber); n.Digits != "" {
		t.elsewhere(c, n, at)
	}
	t.components(c, m, at)
}

// elsewhere notes who the far end is now: before the answer a diversion, after it a transfer.
func (t *Tap) elsewhere(c *call, n q931.Number, at time.Duration) {
	if c.Answer.Seen || c.State == Active {
		c.Party = n
		t.report(Renamed, c, at)
		return
	}
	c.DivertedTo = n
	t.report(Diverted, c, at)
}

// progress moves the call by one message.
func (t *Tap) progress(c *call, m *q931.Message, from q921.Side, at time.Duration) {
	switch m.Type {
	case q931.SetupAck, q931.CallProceeding, q931.Alerting, q931.Progress, q931.Connect:
		t.reply(c, m, from, at)
	case q931.ConnectAck:
		t.answer(c, at)
	case q931.Information:
		if from == c.origin && !c.Answer.Seen && c.dial(dialled(m)) {
			t.report(Dialled, c, at)
		}
	case q931.HoldAck:
		t.park(c, at)
	case q931.RetrieveAck:
		t.retrieve(c, m, at)
	case q931.Disconnect, q931.Release, q931.ReleaseComplete:
		t.clear(c, m, from, at)
	case q931.Status:
		t.status(c, m, at)
	}
}

// reply takes in an answer to SETUP: any of them may fix the channel (Q.931 5.1.2, 5.2.3.1), the
// first does so even by silence.
func (t *Tap) reply(c *call, m *q931.Message, from q921.Side, at time.Duration) {
	if from == c.origin && m.Type != q931.Progress {
		return
	}
	if from != c.origin && m.Type != q931.Progress {
		t.fix(c, m, at)
	}
	switch m.Type {
	case q931.SetupAck:
		c.State = max(c.State, Dialling)
	case q931.CallProceeding:
		c.State = max(c.State, Routing)
	case q931.Alerting:
		if c.State < Ringing {
			c.State = Ringing
			t.report(Rang, c, at)
		}
	case q931.Connect:
		if n := m.Number(q931.ConnectedNumber); n.Presentation != q931.Absent {
			c.Connected = n
		}
		t.answer(c, at)
	}
}

func (t *Tap) answer(c *call, at time.Duration) {
	c.State = Active
	if !c.Answer.Seen {
		c.Answer = seen(at)
		t.report(Answered, c, at)
	}
}

// fix settles the call's channel.
func (t *Tap) fix(c *call, m *q931.Message, at time.Duration) {
	slot := c.Slot()
	if ch, ok := m.Channel(); ok && ch.Slot() != 0 {
		slot = ch.Slot()
	}
	if slot == 0 || c.fixed && slot == c.Slot() {
		return
	}
	t.leave(c)
	c.take(slot, false)
	t.claim(c, at)
	if !c.Start.Seen {
		c.Start = seen(at)
	}
	t.report(Fixed, c, at)
}

// park takes in that the call gave up its channel (Q.932 6.2.3).
func (t *Tap) park(c *call, at time.Duration) {
	if c.Held {
		return
	}
	t.leave(c)
	c.Held = true
	t.report(Held, c, at)
}

// retrieve takes in the channel that the call comes back on (Q.932 6.2.4).
func (t *Tap) retrieve(c *call, m *q931.Message, at time.Duration) {
	t.leave(c)
	c.Held = false
	if ch, ok := m.Channel(); ok && ch.Slot() != 0 {
		c.take(ch.Slot(), false)
	}
	t.claim(c, at)
	t.report(Retrieved, c, at)
}
