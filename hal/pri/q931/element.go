package q931

// Element is one information element (Q.931 4.5). It shares the memory that was parsed.
type Element struct {
	Codeset uint8
	ID      ElementID
	Value   []byte // contents; of a single octet element, its low four bits
}

// ElementID identifies an element within its codeset.
type ElementID uint8

// The elements of codeset 0 that are read (Q.931 table 4-3).
const (
	BearerCapability   ElementID = 0x04
	CauseElement       ElementID = 0x08
	CallStateElement   ElementID = 0x14
	ChannelID          ElementID = 0x18
	FacilityElement    ElementID = 0x1C
	ProgressIndicator  ElementID = 0x1E
	NotificationIndic  ElementID = 0x27
	Display            ElementID = 0x28
	Keypad             ElementID = 0x2C
	ConnectedNumber    ElementID = 0x4C
	ConnectedSubaddr   ElementID = 0x4D
	CallingNumber      ElementID = 0x6C
	CallingSubaddr     ElementID = 0x6D
	CalledNumber       ElementID = 0x70
	CalledSubaddr      ElementID = 0x71
	RedirectingNumber  ElementID = 0x74
	RedirectionNumber  ElementID = 0x76
	RestartIndicator   ElementID = 0x79
	SendingComplete    ElementID = 0xA1
	shift              ElementID = 0x90
	congestionLevel    ElementID = 0xB0
	repeatIndicator    ElementID = 0xD0
	singleOctetElement           = 0x80
)

// elements walks the elements of a message, following shifts of the codeset (Q.931 4.5.2 to 4.5.4).
func (m *Message) elements(b []byte) {
	locked, next := uint8(0), int8(-1)
	for len(b) > 0 {
		e := Element{Codeset: locked}
		if next >= 0 {
			e.Codeset, next = uint8(next), -1
		}
		id := ElementID(b[0])
		if id&singleOctetElement != 0 {
			single := b[:1]
			b = b[1:]
			switch id & 0xF0 {
			case shift:
				if set := uint8(id) & 7; id&8 != 0 {
					next = int8(set)
				} else if set > locked { // a locking shift never goes down (4.5.3)
					locked = set
				}
				continue
			case congestionLevel, repeatIndicator:
				e.ID = id & 0xF0
			default:
				e.ID = id
			}
			e.Value = single
			m.add(e)
			continue
		}
		if len(b) < 2 || len(b) < 2+int(b[1]) {
			m.Cut = true
			return
		}
		e.ID, e.Value = id, b[2:2+int(b[1])]
		b = b[2+int(b[1]):]
		m.add(e)
	}
}

func (m *Message) add(e Element) {
	if len(m.Body) >= MaxElements {
		m.Dropped++
		return
	}
	if m.Body == nil {
		m.Body = make([]Element, 0, 8)
	}
	m.Body = append(m.Body, e)
}

// Find is the first element of codeset 0 with that id. Later ones of the same kind are less
// preferred, except where a function of this package says so.
func (m *Message) Find(id ElementID) ([]byte, bool) {
	for i := range m.Body {
		if e := &m.Body[i]; e.Codeset == 0 && e.ID == id {
			return e.Value, true
		}
	}
	return nil, false
}

// group skips an octet group: octets of which all but the last have bit 8 clear (Q.931 4.5.1).
// It returns the group and the rest.
func group(b []byte) (g, rest []byte) {
	for i, x := range b {
		if x&0x80 != 0 {
			return b[:i+1], b[i+1:]
		}
	}
	return b, nil
}
