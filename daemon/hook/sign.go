package hook

import (
	"crypto/ed25519"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"time"
)

// The prefixes that Standard Webhooks gives to secrets.
const (
	shared  = "whsec_" // of both ends, HMAC-SHA256: signature v1
	private = "whsk_"  // of the sender alone, Ed25519: signature v1a
)

// Signer signs messages. It holds one secret or, while one is changed for another, several.
type Signer struct{ sign []func([]byte) string }

// NewSecret makes a secret for both ends.
func NewSecret() string {
	b := make([]byte, 32)
	_, _ = rand.Read(b) // it never fails
	return shared + base64.StdEncoding.EncodeToString(b)
}

var errSecret = errors.New(`not a secret of the form "whsec_…" or "whsk_…"; linevault token --webhook makes one`)

// ParseSigner reads secrets, between white space.
func ParseSigner(text string) (*Signer, error) {
	s := &Signer{}
	for secret := range strings.FieldsSeq(text) {
		version, rest := "", ""
		if r, ok := strings.CutPrefix(secret, shared); ok {
			version, rest = "v1", r
		} else if r, ok := strings.CutPrefix(secret, private); ok {
			version, rest = "v1a", r
		}
		key, err := base64.StdEncoding.DecodeString(rest)
		switch {
		case version == "v1" && err == nil && len(key) >= 24 && len(key) <= 64:
			s.sign = append(s.sign, func(m []byte) string {
				h := hmac.New(sha256.New, key)
				h.Write(m)
				return "v1," + base64.StdEncoding.EncodeToString(h.Sum(nil))
			})
		case version == "v1a" && err == nil && (len(key) == ed25519.SeedSize || len(key) == ed25519.PrivateKeySize):
			k := ed25519.NewKeyFromSeed(key[:ed25519.SeedSize])
			s.sign = append(s.sign, func(m []byte) string {
				return "v1a," + base64.StdEncoding.EncodeToString(ed25519.Sign(k, m))
			})
		default:
			return nil, errSecret
		}
	}
	if len(s.sign) == 0 {
		return nil, errSecret
	}
	return s, nil
}

// header is the value of webhook-signature.
func (s *Signer) header(id string, at time.Time, body []byte) string {
	m := append(fmt.Appendf(nil, "%s.%d.", id, at.Unix()), body...)
	var all []string
	for _, f := range s.sign {
		all = append(all, f(m))
	}
	return strings.Join(all, " ")
}

// Format hides secrets from whoever prints a Signer.
func (s *Signer) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte("Signer(…)")) }
