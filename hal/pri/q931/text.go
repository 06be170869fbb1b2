package q931

// maxDisplay is how long a display may be (Q.931 4.5.16).
const maxDisplay = 82

// Display is the text that the message shows, "" if none (Q.931 4.5.16).
func (m *Message) Display() string {
	b, _ := m.Find(Display)
	if len(b) > 0 && b[0]&0x80 != 0 { // a display type, as some switches send
		b = b[1:]
	}
	return text(b, maxDisplay)
}

// Keypad is the digits of a keypad facility, "" if none (Q.931 4.5.18).
func (m *Message) Keypad() string {
	b, _ := m.Find(Keypad)
	return text(b, MaxDigits)
}

// Complete reports whether the message says that the called number is complete (Q.931 4.5.27).
func (m *Message) Complete() bool {
	_, ok := m.Find(SendingComplete)
	return ok
}

// Subaddress is the printable form of a subaddress (Q.931 4.5.9, 4.5.11), "" if none: IA5
// digits of an NSAP, or the octets of a user specified one as text.
func (m *Message) Subaddress(id ElementID) string {
	b, ok := m.Find(id)
	if !ok || len(b) < 2 {
		return ""
	}
	const user = 2
	kind := b[0] >> 4 & 7
	b = b[1:]
	if kind != user && b[0] == 0x50 { // authority and format identifier of IA5 text (X.213 A.5.2.1)
		b = b[1:]
	}
	return text(b, 20)
}

// text is b as IA5 characters, at most limit of them, what cannot be printed left out.
func text(b []byte, limit int) string {
	clean := true
	for _, c := range b {
		clean = clean && c >= 0x20 && c < 0x7F
	}
	if clean {
		return string(b[:min(len(b), limit)])
	}
	out := make([]byte, 0, min(len(b), limit))
	for _, c := range b {
		if c &= 0x7F; c >= 0x20 && c < 0x7F && len(out) < limit {
			out = append(out, c)
		}
	}
	return string(out)
}
