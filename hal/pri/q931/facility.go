package q931

import (
	"bytes"
	"iter"
)

// ComponentKind is what a remote operations component is (Q.932 8.2.3.1, X.229).
type ComponentKind uint8

// The kinds of component.
const (
	Invoke ComponentKind = iota + 1
	Result
	Failure // return error
	Reject
)

// Operation is a supplementary service's operation.
type Operation uint8

// The operations that change who is on a call: EN 300 207-1 for diversion, EN 300 369-1 for
// transfer.
const (
	OtherOperation    Operation = iota
	CallDeflection              // local 13: the called user sends the call elsewhere
	CallRerouting               // local 14
	DivertingLegInfo1           // local 18: tells the caller that the call is diverted
	DivertingLegInfo2           // local 15: tells the called user who diverted
	ImplicitTransfer            // local 6: EctExecute
	LinkIDRequest               // 0.4.0.369.1.4: names a call for ExplicitTransfer
	ExplicitTransfer            // 0.4.0.369.1.1: joins this call with the one that was named
	TransferInform              // 0.4.0.369.1.5: the far end has been transferred
)

var localOperations = map[int]Operation{
	6: ImplicitTransfer, 13: CallDeflection, 14: CallRerouting, 15: DivertingLegInfo2, 18: DivertingLegInfo1,
}

// ectOperations is 0.4.0.369.1 as BER encodes it; one octet more names the operation.
var ectOperations = []byte{0x04, 0x00, 0x82, 0x71, 0x01}

// Component is one component of a facility element. It shares the memory that was parsed.
type Component struct {
	Kind     ComponentKind
	InvokeID int
	Op       Operation // of Invoke and Result
	Argument []byte    // what follows the operation, BER
}

// Values of the facility element (Q.932 8.2.3) and the tags of its components.
const (
	remoteOperations = 0x11
	tagInteger       = 0x02
	tagOID           = 0x06
	tagEnumerated    = 0x0A
	tagSequence      = 0x30
	tagContext       = 0xA0
	tagLinkedID      = 0x80
	maxComponents    = 8
)

// Components yields the remote operations of all facility elements, leaving out what cannot be read.
func (m *Message) Components() iter.Seq[Component] {
	return func(yield func(Component) bool) {
		n := 0
		for i := range m.Body {
			e := &m.Body[i]
			if e.Codeset != 0 || e.ID != FacilityElement || len(e.Value) == 0 || e.Value[0]&0x1F != remoteOperations {
				continue
			}
			_, b := group(e.Value)
			for len(b) > 0 && n < maxComponents {
				tag, value, rest, ok := tlv(b)
				if !ok {
					break
				}
				b, n = rest, n+1
				if c, ok := component(tag, value); ok && !yield(c) {
					return
				}
			}
		}
	}
}

func component(tag byte, b []byte) (Component, bool) {
	c := Component{Kind: ComponentKind(tag & 0x1F)}
	if tag&^0x1F != tagContext || c.Kind < Invoke || c.Kind > Reject {
		return c, false
	}
	t, id, b, ok := tlv(b)
	if !ok {
		return c, false
	}
	if t == tagInteger {
		c.InvokeID, ok = integer(id)
	} else {
		ok = c.Kind == Reject // a reject may name no invocation
	}
	if !ok {
		return c, false
	}
	if len(b) > 0 && b[0] == tagLinkedID {
		if _, _, b, ok = tlv(b); !ok {
			return c, false
		}
	}
	if c.Kind == Result && len(b) > 0 {
		if t, b, _, ok = tlv(b); !ok || t != tagSequence {
			return c, false
		}
	}
	if (c.Kind == Invoke || c.Kind == Result) && len(b) > 0 {
		t, v, rest, ok := tlv(b)
		if !ok {
			return c, false
		}
		c.Op, c.Argument = operation(t, v), rest
	}
	return c, true
}

func operation(tag byte, b []byte) Operation {
	switch tag {
	case tagInteger:
		if n, ok := integer(b); ok {
			return localOperations[n]
		}
	case tagOID:
		if op, ok := bytes.CutPrefix(b, ectOperations); ok && len(op) == 1 {
			switch op[0] {
			case 1:
				return ExplicitTransfer
			case 4:
				return LinkIDRequest
			case 5:
				return TransferInform
			}
		}
	}
	return OtherOperation
}

// LinkID is the call's name in a result of LinkIDRequest or an invocation of ExplicitTransfer.
func (c Component) LinkID() (int, bool) {
	t, v, _, ok := tlv(c.Argument)
	if !ok || t != tagInteger {
		return 0, false
	}
	return integer(v)
}

// Redirecting is who diverted the call, from DivertingLegInfo2 (EN 300 207-1, annex A).
func (c Component) Redirecting() (Number, bool) {
	b, reason, ok := c.sequence(tagInteger)
	if !ok {
		return NoNumber, false
	}
	n := NoNumber
	for len(b) > 0 {
		var t byte
		var v []byte
		if t, v, b, ok = tlv(b); !ok {
			break
		}
		if t == tagContext|1 { // divertingNr; [2] is the number called at first
			if p, ok := presentedNumber(v); ok {
				n = p
			}
		}
	}
	n.Reason = diversionReasons[reason]
	return n, true
}

// Target is where the call goes instead: the number of CallDeflection, CallRerouting,
// DivertingLegInfo1 and TransferInform.
func (c Component) Target() (Number, bool) {
	t, b, _, ok := tlv(c.Argument)
	if !ok || t != tagSequence {
		return NoNumber, false
	}
	for len(b) > 0 {
		var v, whole []byte
		whole = b
		if t, v, b, ok = tlv(b); !ok {
			return NoNumber, false
		}
		switch {
		case t == tagEnumerated:
		case c.Op == CallDeflection && t == tagSequence, c.Op == CallRerouting && t == tagSequence:
			return partyNumber(v)
		case t&0xE0 == tagContext:
			return presentedNumber(whole)
		default:
			return NoNumber, false
		}
	}
	return NoNumber, false
}

// sequence opens the argument, takes a leading count of that tag and the reason after it.
func (c Component) sequence(first byte) (rest []byte, reason int, ok bool) {
	t, b, _, ok := tlv(c.Argument)
	if !ok || t != tagSequence {
		return nil, 0, false
	}
	if t, _, b, ok = tlv(b); !ok || t != first {
		return nil, 0, false
	}
	t, v, b, ok := tlv(b)
	if !ok || t != tagEnumerated {
		return nil, 0, false
	}
	reason, ok = integer(v)
	return b, reason, ok
}

// diversionReasons maps EN 300 207-1 to Q.931 4.6.7.
var diversionReasons = map[int]Reason{
	1: Unconditional, 2: OnBusy, 3: OnNoReply, 4: Deflected, 5: Deflected,
}
