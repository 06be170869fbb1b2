package q931

// Media is what a bearer carries, as far as a recorder cares.
type Media uint8

// The media. MediaUnknown is a call whose SETUP was not heard.
const (
	MediaUnknown Media = iota
	Speech             // speech
	Audio              // 3.1 kHz audio: speech, modems, fax
	Data               // nothing to be listened to
)

func (m Media) String() string { return [...]string{"unknown", "speech", "audio", "data"}[m] }

// Bearer is a bearer capability (Q.931 4.5.5).
type Bearer struct {
	Media    Media
	Transfer uint8 // information transfer capability, octet 3
	Layer1   uint8 // user information layer 1 protocol, octet 5; 0 if not given
}

// Information transfer capabilities and layer 1 protocols (Q.931 table 4-6).
const (
	transferSpeech = 0x00
	transferAudio  = 0x10
	transferTones  = 0x11 // unrestricted with tones and announcements, formerly 7 kHz audio

	// G711A and G711U are the layer 1 protocols of telephone speech.
	G711A = 0x03
	G711U = 0x02
)

// ParseBearer reads a bearer capability.
func ParseBearer(b []byte) (Bearer, bool) {
	if len(b) < 2 {
		return Bearer{}, false
	}
	if b[0]>>5&3 != 0 { // not coded by ITU-T: nothing of ours to listen to
		return Bearer{Media: Data}, true
	}
	r := Bearer{Media: Data, Transfer: b[0] & 0x1F}
	_, b = group(b)
	rate := b
	if len(rate) > 0 && rate[0]&0x1F == 0x18 { // multirate: octet 4.1 follows
		b = b[min(1, len(b)):]
	}
	_, b = group(b)
	if len(b) > 0 && b[0]>>5&3 == 1 {
		r.Layer1 = b[0] & 0x1F
	}
	switch r.Transfer {
	case transferSpeech:
		r.Media = Speech
	case transferAudio:
		r.Media = Audio
	case transferTones:
		if r.Layer1 == G711A || r.Layer1 == G711U {
			r.Media = Audio
		}
	}
	return r, true
}

// Bearer is the message's bearer capability. Where SETUP offers several, the last is preferred
// (Q.931 5.11.1).
func (m *Message) Bearer() (Bearer, bool) {
	var last Bearer
	found := false
	for i := range m.Body {
		if e := &m.Body[i]; e.Codeset == 0 && e.ID == BearerCapability {
			if r, ok := ParseBearer(e.Value); ok {
				last, found = r, true
			}
		}
	}
	return last, found
}
