package pri

import (
	"time"

	"linevault/hal/pri/q931"
)

// components takes in the supplementary services of a message.
func (t *Tap) components(c *call, m *q931.Message, at time.Duration) {
	for x := range m.Components() {
		switch x.Kind {
		case q931.Invoke:
			t.invoked(c, x, at)
		case q931.Result:
			if id, ok := x.LinkID(); ok && x.Op == q931.LinkIDRequest {
				c.linkID, c.hasLink = id, true
			}
		case q931.Failure, q931.Reject:
			if c.joining != nil && c.invokeID == x.InvokeID {
				c.Transferred, c.joining.Transferred = false, false
				c.joining = nil
			}
		}
	}
}

func (t *Tap) invoked(c *call, x q931.Component, at time.Duration) {
	switch x.Op {
	case q931.DivertingLegInfo2:
		if n, ok := x.Redirecting(); ok && c.Redirecting.Digits == "" {
			c.Redirecting = n
		}
	case q931.DivertingLegInfo1, q931.CallDeflection, q931.CallRerouting:
		if n, ok := x.Target(); ok {
			c.DivertedTo = n
			t.report(Diverted, c, at)
		}
	case q931.TransferInform:
		if n, ok := x.Target(); ok && n.Digits != "" {
			c.Party = n
			t.report(Renamed, c, at)
		}
	case q931.ExplicitTransfer:
		if id, ok := x.LinkID(); ok {
			t.transfer(c, t.named(c, id), x.InvokeID, at)
		}
	case q931.ImplicitTransfer:
		t.transfer(c, t.held(c), x.InvokeID, at)
	}
}

// transfer notes that the user asked to join two of its calls (EN 300 369-1, 9.2).
func (t *Tap) transfer(c, other *call, invokeID int, at time.Duration) {
	c.Transferred = true
	if other != nil {
		other.Transferred = true
		c.joining, c.invokeID = other, invokeID
		t.report(Transferred, other, at)
	}
	t.report(Transferred, c, at)
}

// named is the live call, other than c, that the network gave that link identity last.
func (t *Tap) named(c *call, id int) (found *call) {
	for _, o := range t.oldest() {
		if o != c && o.hasLink && o.linkID == id && o.Live() {
			found = o
		}
	}
	return found
}

// held is the call on hold, if there is just one other than c.
func (t *Tap) held(c *call) (found *call) {
	for _, o := range t.oldest() {
		if o != c && o.Held && o.Live() {
			if found != nil {
				return nil
			}
			found = o
		}
	}
	return found
}
