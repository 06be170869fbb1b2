package q931

// tlv takes one element of definite length off b (X.690 8.1). Indefinite lengths and tags of several
// octets do not occur in the operations that are read here.
func tlv(b []byte) (tag byte, value, rest []byte, ok bool) {
	if len(b) < 2 || b[0]&0x1F == 0x1F {
		return 0, nil, nil, false
	}
	tag, n, b := b[0], int(b[1]), b[2:]
	if n > 0x80 {
		octets := n & 0x7F
		if octets > 2 || octets > len(b) {
			return 0, nil, nil, false
		}
		n = 0
		for _, o := range b[:octets] {
			n = n<<8 | int(o)
		}
		b = b[octets:]
	} else if n == 0x80 {
		return 0, nil, nil, false
	}
	if n > len(b) {
		return 0, nil, nil, false
	}
	return tag, b[:n], b[n:], true
}

// integer reads a signed integer of up to four octets.
func integer(b []byte) (int, bool) {
	if len(b) == 0 || len(b) > 4 {
		return 0, false
	}
	n := int(int8(b[0]))
	for _, o := range b[1:] {
		n = n<<8 | int(o)
	}
	return n, true
}

// presentedNumber reads a PresentedNumberUnscreened or PresentedNumberScreened (EN 300 196-1,
// annex D.3).
func presentedNumber(b []byte) (Number, bool) {
	tag, v, _, ok := tlv(b)
	if !ok {
		return NoNumber, false
	}
	n := NoNumber
	switch tag {
	case tagContext:
		if n, ok = partyNumber(v); ok {
			n.Presentation = Allowed
		}
	case 0x81, tagContext | 1:
		n.Presentation = Restricted
	case 0x82, tagContext | 2:
		n.Presentation = Unavailable
	case tagContext | 3:
		if n, ok = partyNumber(v); ok {
			n.Presentation = Restricted
		}
	default:
		return NoNumber, false
	}
	return n, ok
}

// partyNumber reads a PartyNumber (EN 300 196-1, annex D.3).
func partyNumber(b []byte) (Number, bool) {
	tag, v, _, ok := tlv(b)
	if !ok {
		return NoNumber, false
	}
	switch tag {
	case 0x80: // unknown plan
		return Number{Digits: text(v, MaxDigits)}, true
	case tagContext | 1: // public
		n := Number{Plan: PlanISDN}
		return typedDigits(n, v)
	case tagContext | 5: // private
		n := Number{Plan: PlanPrivate}
		return typedDigits(n, v)
	}
	return NoNumber, false
}

func typedDigits(n Number, b []byte) (Number, bool) {
	tag, v, b, ok := tlv(b)
	if !ok || tag != tagEnumerated {
		return NoNumber, false
	}
	if t, ok := integer(v); ok && t >= 0 && t < 8 {
		n.Type = NumberType(t)
	}
	if _, v, _, ok = tlv(b); !ok {
		return NoNumber, false
	}
	n.Digits = text(v, MaxDigits)
	return n, true
}
