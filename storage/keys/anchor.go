package keys

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"golang.org/x/mod/sumdb/tlog"
)

// Anchor is how the ledger was at one time, kept in the ring: who can write files and has not
// the root key cannot make another, and a ring that is older than the newest root key opens no
// more. So a ledger that does not begin with it is not the one that was there.
type Anchor struct {
	Entries int64     `json:"entries"`
	Hash    tlog.Hash `json:"hash"` // of the tree of those entries
	At      time.Time `json:"at"`
	Root    string    `json:"root"` // names the root key that held then
}

// Tree is the ledger's tree as it was then.
func (a Anchor) Tree() tlog.Tree { return tlog.Tree{N: a.Entries, Hash: a.Hash} }

// Anchor returns what the ring has of the ledger; ok is false where it has nothing yet.
func (k *Ring) Anchor() (a Anchor, ok bool, err error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if err := k.load(); err != nil || k.file.anchor == nil {
		return a, false, err
	}
	return *k.file.anchor, true, nil
}

// KeepAnchor puts an anchor in the place of the one before. A ring with a damaged line is left
// as it is until whoever needs new keys writes it anew: this is not worth touching it for.
func (k *Ring) KeepAnchor(a Anchor) error {
	return k.changeOwn(func() error {
		if len(k.file.problems) > 0 {
			return nil
		}
		f := k.file
		a.At, a.Root = a.At.UTC().Truncate(time.Second), k.key.root
		f.anchor = &a
		return k.save(f)
	})
}

// anchorLine is the line of what is kept of the ledger, if anything is.
func (k ringKey) anchorLine(b []byte, a *Anchor) []byte {
	if a == nil {
		return b
	}
	text, err := json.Marshal(a)
	if err != nil {
		panic("keys: " + err.Error()) // text and numbers
	}
	return fmt.Appendf(b, "ledger %s\n", base64.StdEncoding.EncodeToString(k.seal(text, "ledger")))
}

// takeAnchor takes in such a line.
func (k ringKey) takeAnchor(f *ringFile, sealed []byte) error {
	b, err := k.open(sealed, "ledger")
	var a Anchor
	if err != nil || json.Unmarshal(b, &a) != nil || a.Entries < 0 {
		return errors.New("what was kept of the ledger is damaged: whether an older ledger was put back is not known; " +
			"run `linevault check --checkpoint` with a report that was printed")
	}
	f.anchor = &a
	return nil
}
