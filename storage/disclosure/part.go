package disclosure

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"strconv"
	"time"
)

// Part is one part of a call: what was kept under one key.
type Part struct {
	ID     string    `json:"id"`
	Call   string    `json:"call"`
	Number int       `json:"number"` // in its call, from 0
	Line   string    `json:"line"`
	Class  string    `json:"class"`
	Start  time.Time `json:"start"`
	From   int64     `json:"from"` // in samples of the line's clock
	To     int64     `json:"to"`
	Rate   int       `json:"rate"` // samples a second
	End    string    `json:"end"`  // why it ended
	Gaps   []Gap     `json:"gaps"`
	// Boxes are the SHA-256 of the sealed boxes, in order. The last box is sealed to the one
	// before it, and so on to the first.
	Boxes []string `json:"boxes"`
}

// Gap is a stretch, in samples of the line's clock, that was not kept or is not played.
type Gap struct {
	From   int64  `json:"from"`
	To     int64  `json:"to"`
	Cause  string `json:"cause"`
	By     string `json:"by,omitempty"`
	Reason string `json:"reason,omitempty"`
}

// mostGaps is how many bytes of gaps are in a ledger entry in full; of more only the hash is.
const mostGaps = 32 << 10

// Kind is that of the ledger's entry of a part.
const Kind = "recording"

// Entry is what the ledger's entry of a part says of it. Who has the part can make it again
// and compare.
func (p *Part) Entry() map[string]string {
	gaps, err := json.Marshal(p.Gaps)
	if err != nil {
		panic("disclosure: " + err.Error()) // strings and numbers can be written
	}
	sum := sha256.Sum256(gaps)
	list := sha256.New()
	last := ""
	for _, b := range p.Boxes {
		list.Write([]byte(b + "\n"))
		last = b
	}
	e := map[string]string{
		"part": p.ID, "number": strconv.Itoa(p.Number), "line": p.Line, "class": p.Class,
		"start": p.Start.UTC().Format(time.RFC3339Nano), "from": strconv.FormatInt(p.From, 10), "to": strconv.FormatInt(p.To, 10),
		"rate": strconv.Itoa(p.Rate), "end": p.End, "boxes": strconv.Itoa(len(p.Boxes)), "last_box": last,
		"boxes_sha256": hex.EncodeToString(list.Sum(nil)), "gaps": string(gaps), "gaps_sha256": hex.EncodeToString(sum[:]),
	}
	if len(gaps) > mostGaps {
		delete(e, "gaps")
	}
	return e
}
