package disclosure

import (
	"encoding/json"
	"time"

	"golang.org/x/mod/sumdb/tlog"
)

// Proofs is the ledger's entries that a pack rests on, each with the proof that the ledger
// held it: one for each part, in order, and last that of the disclosure itself.
type Proofs struct {
	Size    int64   `json:"size"` // of the ledger that the checkpoint is of
	Entries []Proof `json:"entries"`
}

// Proof is one entry and its proof.
type Proof struct {
	Index  int64    `json:"index"`
	Record []byte   `json:"record"` // a salt of 32 bytes, and the event as JSON
	Hashes [][]byte `json:"proof"`  // from the entry to the root, as RFC 6962 has them
}

// event is an event of the ledger, as far as a pack is about it.
type event struct {
	At        time.Time         `json:"at"`
	Kind      string            `json:"kind"`
	Who       string            `json:"who"`
	Call      string            `json:"call"`
	Purpose   string            `json:"purpose"`
	Reference string            `json:"reference"`
	Text      string            `json:"text"`
	Data      map[string]string `json:"data"`
}

const saltSize = 32

// check checks that the ledger of a tree held the entry, and reads its event.
func (p Proof) check(tree tlog.Tree) (event, error) {
	var e event
	proof := make(tlog.RecordProof, len(p.Hashes))
	for i, h := range p.Hashes {
		if len(h) != tlog.HashSize {
			return e, notPack("entry %d: its proof was changed", p.Index)
		}
		proof[i] = tlog.Hash(h)
	}
	if p.Index < 0 || p.Index >= tree.N {
		return e, notPack("entry %d is not in the ledger that the checkpoint is of, which has %d entries", p.Index, tree.N)
	}
	if err := tlog.CheckRecord(proof, tree.N, tree.Hash, p.Index, tlog.RecordHash(p.Record)); err != nil {
		return e, notPack("entry %d is not in the ledger that the checkpoint is of: it was changed, or is another ledger's", p.Index)
	}
	if len(p.Record) < saltSize || json.Unmarshal(p.Record[saltSize:], &e) != nil {
		return e, notPack("entry %d holds no event", p.Index)
	}
	return e, nil
}

// KindDisclosure is that of the ledger's entry of a disclosure.
const KindDisclosure = "disclosure"

// Entry is what the ledger's entry of a disclosure says, besides who and why; sum is the
// SHA-256 of the manifest in hex.
func (m *Manifest) Entry(sum string) map[string]string {
	return map[string]string{
		"to": m.Request.To, "basis": m.Request.Basis, "manifest_sha256": sum,
		"made": m.Made.UTC().Format(time.RFC3339Nano),
	}
}
