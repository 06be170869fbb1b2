// Package account is how every call that the signalling shows gets its one entry in the ledger:
// the recorder writes down, in notes that outlast it, that a call began and what became of it.
package account

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"path/filepath"
	"time"

	"linevault/codec/pcm"
	"linevault/storage"
)

// Note is one thing that the recorder knows of a call. It holds no number and no readable name: what it
// says is of use only to who can open the recordings.
type Note struct {
	What What           `json:"w"`
	Key  string         `json:"k"`           // the signalled call
	Call storage.CallID `json:"c,omitempty"` // its recording, or one of them
	Line string         `json:"l,omitempty"` // of the first note of a call: Opaque of its line
	Day  string         `json:"d,omitempty"` // and the day on which it began
	N    int            `json:"n,omitempty"` // and the how manieth call of that line, day and book it is
	At   time.Time      `json:"t,omitzero"`
	Why  Why            `json:"y,omitempty"`
}

// What says what a note is of.
type What string

// What notes are of.
const (
	Shown What = "shown" // the signalling showed a call that is over; no recording of it is known
	Began What = "began" // a recording of the call began
	Kept  What = "kept"  // that recording is complete, or, if Why says so, there is none
	Over  What = "over"  // the call is over, and no recording of it will begin
)

// Why says why there is no recording.
type Why string

// Why there is no recording.
const (
	Storage   Why = "storage"    // what it was to be written to failed
	NoSound   Why = "no sound"   // no sound came from the card while it went on
	Untaken   Why = "untaken"    // the card told of it and the line did not take it up
	Restarted Why = "restarted"  // the recorder ended before anything of it was stored
	Ignored   Why = "not spoken" // it rang, and nobody spoke
)

// String is the reason as people read it.
func (w Why) String() string {
	switch w {
	case Storage:
		return "it could not be stored"
	case NoSound:
		return "no sound from the card"
	case Untaken:
		return "the line did not take it up"
	case Restarted:
		return "recorder restarted"
	case Ignored:
		return "it rang and nobody spoke"
	}
	return string(w)
}

// Opaque stands for a line in notes.
func Opaque(line pcm.LineID) string {
	sum := sha256.Sum256([]byte("linevault account\x00" + string(line)))
	return hex.EncodeToString(sum[:12])
}

// zone is where days begin and end.
var zone = func() *time.Location {
	z, err := time.LoadLocation("Europe/London")
	if err != nil {
		return time.Local // a machine without time zones: its own will do
	}
	return z
}()

// DayOf is the day that an instant belongs to, as 2026-11-22, by the clock on the wall.
func DayOf(t time.Time) string { return t.In(zone).Format(time.DateOnly) }

// Folder is where the notes of a data folder are.
func Folder(dir string) string { return filepath.Join(dir, "account") }

func (n Note) encode() []byte {
	b, err := json.Marshal(n)
	if err != nil {
		panic("account: " + err.Error()) // strings and numbers can be written
	}
	return b
}

// ParseNote reads what a Book wrote.
func ParseNote(b []byte) (Note, error) {
	var n Note
	if err := json.Unmarshal(b, &n); err != nil || n.Key == "" {
		return n, fmt.Errorf("a note of a call does not read as one: %w", err)
	}
	return n, nil
}
