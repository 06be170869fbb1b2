package certificate

import (
	"bytes"
	"crypto/ed25519"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"linevault/storage/checkpoint"
)

// MaxSize bounds what is read of a file: an expiry lists every part that went.
const MaxSize = 64 << 20

const keyWords = "key "

// Export is a certificate with what it takes to check it elsewhere: after it a line with the
// box's public key, and that key's signature of the key that certificates are signed with.
func Export(certificate []byte, signedBy ed25519.PublicKey, box *checkpoint.Key) ([]byte, error) {
	vouch, err := box.Vouch(signedBy)
	if err != nil {
		return nil, err
	}
	b := fmt.Appendf(bytes.Clone(certificate), "%s%s\n", keyWords, box.Public())
	return append(b, vouch...), nil
}

// Facts are what a certificate says, as far as a report shows it.
type Facts struct {
	ID       string            `json:"id"`
	Kind     string            `json:"kind"`
	Call     string            `json:"call"`
	From     time.Duration     `json:"from"`
	To       time.Duration     `json:"to"`
	By       string            `json:"by"`
	Reason   string            `json:"reason"`
	Approved string            `json:"approved"`
	Done     time.Time         `json:"done"`
	Parts    []json.RawMessage `json:"parts"`
	Periods  []json.RawMessage `json:"periods"`
	Calls    int               `json:"calls"`
	SelfTest struct {
		Keys   int `json:"keys"`
		Boxes  int `json:"boxes"`
		Opened int `json:"opened"`
	} `json:"self_test"`
}

// Result is what a verification found.
type Result struct {
	Facts    *Facts   // nil if nothing can be said
	Problems []string // a sentence each; none if all holds
	// Trusted is whether the key came from whoever verifies, and not out of the file.
	Trusted bool
	Key     checkpoint.PublicKey
}

// OK reports whether nothing is wrong.
func (r *Result) OK() bool { return len(r.Problems) == 0 }

var (
	errAlone = errors.New("it was not exported: nothing in it says which box signed it; ask the council for what " +
		"`linevault certificates ID --export FILE` writes")
	errKey = errors.New("the line with the box's public key was changed")
)

// Verify checks an exported certificate. A key that is empty is taken out of the file itself.
func Verify(b []byte, key checkpoint.PublicKey) *Result {
	r := &Result{Key: key, Trusted: key != ""}
	if err := r.verify(b); err != nil {
		r.Facts, r.Problems = nil, append(r.Problems, "the certificate: "+err.Error())
	}
	return r
}

func (r *Result) verify(b []byte) error {
	at := bytes.LastIndex(b, []byte("\n"+keyWords)) + 1
	if at == 0 {
		return errAlone
	}
	line, vouch, _ := bytes.Cut(b[at:], []byte("\n"))
	inside, err := checkpoint.ParsePublicKey(line)
	if err != nil || keyWords+string(inside) != string(line) {
		return errKey
	}
	if !r.Trusted {
		r.Key = inside
	}
	if inside != r.Key {
		return fmt.Errorf("it is of the box %s and the key that you gave is of %s", inside.Name(), r.Key.Name())
	}
	signedBy, err := checkpoint.OpenVouch(vouch, r.Key)
	if err != nil {
		return err
	}
	says, err := Open(b[:at], signedBy)
	if err != nil {
		return err
	}
	r.Facts = &Facts{}
	if err := json.Unmarshal(says, r.Facts); err != nil {
		return errors.New("the box signed what a newer Linevault wrote: use the newest linevault-verify")
	}
	if n := r.Facts.SelfTest.Opened; n != 0 {
		return fmt.Errorf("the box says itself that it could still open %d of what was to be destroyed", n)
	}
	return nil
}
