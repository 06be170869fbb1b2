package storage

import (
	"slices"
	"time"

	"linevault/storage/keys"
	"linevault/storage/seal"
)

// Entered is what the ledger has of a part that has ended.
type Entered struct {
	Call  CallID
	Class string
	Start time.Time
	Last  [][32]byte // the hashes of the boxes that it was seen to end with
}

// found ticks off a box that the ledger has as a part's last.
func (c *checker) found(id seal.PartID, hash [32]byte) {
	if e := c.entered[id]; e != nil {
		e.Last = slices.DeleteFunc(e.Last, func(h [32]byte) bool { return h == hash })
	}
}

// near is how far a part's period may be from the day on which it began: a recorder whose clock
// is wrong takes the newest key that there is, a week ahead.
const near = (keys.Ahead + 1) * 24 * time.Hour

// durable reports what the ledger has and the store has not, unless a certificate says that it
// was destroyed.
func (c *checker) durable() {
	if len(c.entered) == 0 || !c.s.settled() {
		return
	}
	certificates, err := Certificates(c.s.dir, CertificateKey(c.s.ring))
	if err != nil {
		c.r.Add(Durable, destructionDir, "%v", err)
	}
	parts, periods := map[string]bool{}, map[string][]time.Time{}
	for _, x := range certificates {
		for _, p := range x.Parts {
			parts[p.Part] = true
		}
		for _, p := range x.Periods {
			periods[p.Class] = append(periods[p.Class], dayEnd(p.Day))
		}
	}
	for id, e := range c.entered {
		expired := func(end time.Time) bool { return e.Start.Sub(end).Abs() <= near }
		if len(e.Last) > 0 && !parts[id.String()] && !slices.ContainsFunc(periods[e.Class], expired) {
			c.r.about(e.Call, Durable, "ledger", "part %s, begun %s, was entered in the ledger and what it ended with is not here: "+
				"restore its segment from a backup", id, e.Start.UTC().Format(time.RFC3339))
		}
	}
}
