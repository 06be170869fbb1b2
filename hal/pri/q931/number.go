package q931

import "log/slog"

// MaxDigits is how many digits of a number are kept; Q.931 allows 20, overlap sending more.
const MaxDigits = 64

// NumberType is the type of number (Q.931 table 4-11).
type NumberType uint8

// The types of number.
const (
	TypeUnknown     NumberType = 0
	International   NumberType = 1
	National        NumberType = 2
	NetworkSpecific NumberType = 3
	Subscriber      NumberType = 4
	Abbreviated     NumberType = 6
)

// Plan is the numbering plan (Q.931 table 4-11).
type Plan uint8

// The numbering plans.
const (
	PlanUnknown Plan = 0
	PlanISDN    Plan = 1 // E.164
	PlanPrivate Plan = 9
)

// Presentation says whether a number may be shown (Q.931 table 4-11, octet 3a).
type Presentation uint8

// The presentations. Absent is not of the standard: no number was given.
const (
	Allowed     Presentation = 0
	Restricted  Presentation = 1
	Unavailable Presentation = 2 // because of interworking
	Reserved    Presentation = 3
	Absent      Presentation = 4
)

func (p Presentation) String() string {
	switch p {
	case Allowed:
		return "allowed"
	case Restricted:
		return "restricted"
	case Unavailable, Reserved:
		return "unavailable"
	}
	return "none"
}

// Screening says who vouches for a number (Q.931 table 4-11, octet 3a).
type Screening uint8

// The values of Screening.
const (
	NotScreened     Screening = 0 // user provided
	VerifiedPassed  Screening = 1
	VerifiedFailed  Screening = 2
	NetworkProvided Screening = 3
)

// Number is a party's number as signalled, digits without any prefix for its type.
type Number struct {
	Digits       string
	Type         NumberType
	Plan         Plan
	Presentation Presentation
	Screening    Screening
	Reason       Reason // of a redirecting number only
}

// NoNumber stands for a number that was not given at all.
var NoNumber = Number{Presentation: Absent}

// LogValue keeps the last two digits.
func (n Number) LogValue() slog.Value {
	if len(n.Digits) <= 2 {
		return slog.StringValue("**")
	}
	return slog.StringValue("…" + n.Digits[len(n.Digits)-2:])
}

// Reason is why a call was redirected (Q.931 4.6.7; EN 300 207-1 is mapped to it).
type Reason uint8

// The reasons for a redirection.
const (
	ReasonUnknown Reason = 0
	OnBusy        Reason = 1
	OnNoReply     Reason = 2
	Deflected     Reason = 4
	OutOfOrder    Reason = 9
	ByCalled      Reason = 10
	Unconditional Reason = 15
)

// ParseNumber reads a called, calling, connected, redirecting or redirection number (Q.931 4.5.8,
// 4.5.10, 4.6.7): octet 3, then 3a and 3b where they follow, then digits.
func ParseNumber(b []byte) (Number, bool) {
	if len(b) == 0 {
		return NoNumber, false
	}
	g, _ := group(b[:min(len(b), 4)])
	if g[len(g)-1]&0x80 == 0 { // no octet ends the group, so its end cannot be told
		return NoNumber, false
	}
	n := Number{Type: NumberType(g[0] >> 4 & 7), Plan: Plan(g[0] & 15)}
	if len(g) > 1 {
		n.Presentation = Presentation(g[1] >> 5 & 3)
		n.Screening = Screening(g[1] & 3)
	}
	if len(g) > 2 {
		n.Reason = Reason(g[2] & 15)
	}
	n.Digits = text(b[len(g):], MaxDigits)
	return n, true
}

// Number is the first element of that id read as a number, or NoNumber. Where several are given,
// as for two calling numbers, the first that has digits stands.
func (m *Message) Number(id ElementID) Number {
	best := NoNumber
	for i := range m.Body {
		e := &m.Body[i]
		if e.Codeset != 0 || e.ID != id {
			continue
		}
		n, ok := ParseNumber(e.Value)
		if ok && n.Digits != "" {
			return n
		}
		if ok && best.Presentation == Absent {
			best = n
		}
	}
	return best
}
