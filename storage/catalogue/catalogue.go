// Package catalogue is a searchable index of contacts, in about 70 bytes of memory each: any
// filters combined, newest first, counted exactly. What it keeps on disk is sealed, and can be
// made anew from the segments.
package catalogue

import (
	"bytes"
	"errors"
	"time"
)

// ID names a contact. IDs sort by time: the greatest is the newest.
type ID [16]byte

// Compare orders IDs.
func (id ID) Compare(o ID) int { return bytes.Compare(id[:], o[:]) }

// Contact is what is searched of a call or a chat, and its row. Empty fields are not searched.
type Contact struct {
	ID         ID
	Start      time.Time
	Length     time.Duration
	Far, Own   string // the other party's number and the line's own
	Line       string
	Department string
	Agent      string // searched together with
	Extension  string
	Direction  string
	State      string   // what became of it: recorded, partly, not by policy, lost
	Why        string   // why it ended, or was lost
	Class      string   // retention class
	Periods    []string // of the keys that it is sealed under
	Last       string   // of its end
	Kind       string   // call or chat
	Purpose    []string
	Flags      []string
	Gaps       []string // causes of the gaps in it
	Rating     uint8    // 1 to 9; 0 is none
	Held       bool     // legal hold
	Note       string

	// Row is what a list shows. The index keeps it, sealed, and does not look into it.
	Row []byte
}

// Query says which contacts are wanted; all of what it asks must hold. Zero values ask nothing.
type Query struct {
	Before               ID // older than this one
	From, To             time.Time
	MinLength, MaxLength time.Duration // both included, in whole milliseconds

	Number                        string // digits that either number has in it
	Far, FarBegins, FarEnds, Part string // the other party's number: whole, its first, its last digits, any part of it
	Line, Department, Agent       string
	Direction, State, Why         string
	Class, Kind, Purpose, Flag    string
	Period, Last                  string
	Gap                           string // a gap of this cause, or AnyGap
	MinRating, MaxRating          uint8  // an unrated contact has neither
	Held                          Choice
	Note                          string // words that words of the note begin with
}

// AnyFlag asks for a flag of whatever words.
const AnyFlag = "*"

// AnyGap asks for a gap of whatever cause.
const AnyGap = "*"

// Choice is yes, no, or either.
type Choice uint8

// The choices.
const (
	Either Choice = iota
	Yes
	No
)

// Found is a contact that a query found.
type Found struct {
	ID  ID
	Row []byte // the caller's
}

// ErrUnknown is a contact that is not in the index.
var ErrUnknown = errors.New("not in the catalogue")

// millis is a length as the index keeps it.
func millis(d time.Duration) uint32 {
	return uint32(min(max(0, d.Milliseconds()), 1<<32-1))
}
