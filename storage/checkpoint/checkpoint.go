// Package checkpoint is what a ledger says of itself to the world outside: how many entries
// it has and the hash of them all, signed by the box. Whoever has kept one can tell later
// whether the ledger still begins with what it held then. It needs nothing of the box, so
// that it can be checked anywhere.
package checkpoint

import (
	"encoding/base64"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// Checkpoint is the state of a ledger at one time. Signed, it is a note as C2SP's
// tlog-checkpoint has it: the lines origin, size, hash, then "at" and "boot".
type Checkpoint struct {
	Origin string // the name of the key that signs it
	Tree   tlog.Tree
	At     time.Time // of the box's clock, to the second
	Boot   string    // which run of the machine made it; may be empty
}

// MaxSize bounds what Open reads.
const MaxSize = 4 << 10

func (c Checkpoint) text() string {
	s := fmt.Sprintf("%s\n%d\n%s\nat %s\n", c.Origin, c.Tree.N, base64.StdEncoding.EncodeToString(c.Tree.Hash[:]),
		c.At.UTC().Format(time.RFC3339))
	if c.Boot != "" {
		s += "boot " + c.Boot + "\n"
	}
	return s
}

var errForm = errors.New("this is not a checkpoint as a Linevault writes one")

// parse reads what text writes, and nothing else.
func parse(text string) (Checkpoint, error) {
	lines := strings.Split(text, "\n")
	if len(lines) < 5 || len(lines) > 6 {
		return Checkpoint{}, errForm
	}
	c := Checkpoint{Origin: lines[0]}
	var err error
	if c.Tree.N, err = strconv.ParseInt(lines[1], 10, 64); err != nil || c.Tree.N < 0 {
		return c, errForm
	}
	hash, err := base64.StdEncoding.Strict().DecodeString(lines[2])
	if err != nil || len(hash) != tlog.HashSize {
		return c, errForm
	}
	c.Tree.Hash = tlog.Hash(hash)
	at, _ := strings.CutPrefix(lines[3], "at ")
	if c.At, err = time.Parse(time.RFC3339, at); err != nil {
		return c, errForm
	}
	c.Boot, _ = strings.CutPrefix(lines[4], "boot ")
	if c.text() != text {
		return c, errForm
	}
	return c, nil
}

// Open reads a signed checkpoint. Its error says that the signature is not of that key, or
// that something in it was changed.
func Open(signed []byte, k PublicKey) (Checkpoint, error) {
	if len(signed) > MaxSize {
		return Checkpoint{}, errForm
	}
	v, err := note.NewVerifier(string(k))
	if err != nil {
		return Checkpoint{}, fmt.Errorf("the public key: %w", err)
	}
	text, err := openNote(signed, v)
	if err == errForm {
		return Checkpoint{}, err
	}
	if err != nil {
		return Checkpoint{}, fmt.Errorf("the checkpoint is not signed by the key %s, or was changed since (%w)", k.Name(), err)
	}
	c, err := parse(text)
	if err == nil && c.Origin != k.Name() {
		err = fmt.Errorf("the checkpoint is of %s and its signature of %s", c.Origin, k.Name())
	}
	return c, err
}

// openNote is the text of a note that one key signed, and that is written as we write it.
func openNote(signed []byte, v note.Verifier) (text string, err error) {
	n, err := note.Open(signed, note.VerifierList(v))
	if err != nil {
		return "", err
	}
	if len(n.Sigs) != 1 || len(n.UnverifiedSigs) != 0 {
		return "", errForm
	}
	// The same signature can be written in several ways. We take ours alone.
	if _, err := base64.StdEncoding.Strict().DecodeString(n.Sigs[0].Base64); err != nil {
		return "", errForm
	}
	if want := fmt.Sprintf("%s\n— %s %s\n", n.Text, n.Sigs[0].Name, n.Sigs[0].Base64); want != string(signed) {
		return "", errForm
	}
	return n.Text, nil
}
