package storage

import (
	"crypto/ed25519"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"linevault/storage/certificate"
	"linevault/storage/durable"
	"linevault/storage/keys"
)

// Certificate says what was destroyed, by whom and why, and what was tried afterwards.
type Certificate struct {
	ID       string          `json:"id"`
	Kind     DestructionKind `json:"kind"`
	Call     CallID          `json:"call,omitempty"`
	From     time.Duration   `json:"from,omitempty"` // of a purge: from the call's start
	To       time.Duration   `json:"to,omitempty"`
	By       string          `json:"by"`
	Reason   string          `json:"reason"`
	Approved string          `json:"approved,omitempty"` // the second person, where two are needed
	Begun    time.Time       `json:"begun"`
	Done     time.Time       `json:"done"`
	Parts    []DestroyedPart `json:"parts,omitempty"`
	Periods  []keys.Period   `json:"periods,omitempty"` // of an expiry: whole ones
	Calls    int             `json:"calls"`
	RootKey  string          `json:"root_key"` // names the root key that holds since
	SelfTest SelfTest        `json:"self_test"`
	// Rest names the segments that have sealed boxes of it still, which nothing opens.
	Rest []string `json:"rest,omitempty"`
}

// DestructionKind is why something was destroyed.
type DestructionKind string

// The kinds of destruction.
const (
	Purge   DestructionKind = "purge"   // a span of a call, before its time
	Erasure DestructionKind = "erasure" // a whole call, before its time, by two people
	Expiry  DestructionKind = "expiry"  // whole periods, at the end of their retention
)

// DestroyedPart is a part that is no more.
type DestroyedPart struct {
	Part  string   `json:"part"`
	Class string   `json:"class"`
	Day   keys.Day `json:"day"`
	Boxes uint64   `json:"boxes"`
	// Remade is the part that has what was kept of it.
	Remade string `json:"remade,omitempty"`
}

// SelfTest is what the box tried in order to read what was destroyed.
type SelfTest struct {
	Keys   int `json:"keys"`   // private keys tried on the old part keys
	Boxes  int `json:"boxes"`  // old boxes that part keys of the period were tried on
	Opened int `json:"opened"` // of all that; a certificate has 0
}

// ErrCertificate is a certificate that was changed, or that another box signed.
var ErrCertificate = certificate.ErrChanged

// certificateKey is the box's key for certificates. It comes of the store's own secret, which
// lies sealed in the ring.
func certificateKey(ring *keys.Ring) ed25519.PrivateKey {
	seed := ring.Derive("certificates of destruction")
	defer clear(seed[:])
	return ed25519.NewKeyFromSeed(seed[:])
}

// CertificateKey is the public key that a store's certificates are signed with.
func CertificateKey(ring *keys.Ring) ed25519.PublicKey {
	return certificateKey(ring).Public().(ed25519.PublicKey)
}

// sign is the certificate as a file.
func (c *Certificate) sign(key ed25519.PrivateKey) ([]byte, error) {
	j, err := json.Marshal(c)
	if err != nil {
		return nil, err
	}
	return certificate.Sign(j, key), nil
}

// ParseCertificate reads a certificate that was signed with the key.
func ParseCertificate(b []byte, key ed25519.PublicKey) (*Certificate, error) {
	j, err := certificate.Open(b, key)
	if err != nil {
		return nil, err
	}
	var c Certificate
	if err := json.Unmarshal(j, &c); err != nil {
		return nil, ErrCertificate
	}
	return &c, nil
}

// certificatePath is where the certificate of a destruction lies.
func certificatePath(dir, id string) string {
	return filepath.Join(dir, destructionDir, "certificates", id)
}

// ErrNoCertificate is a certificate that there is not.
var ErrNoCertificate = errors.New("there is no such certificate")

// ReadCertificate reads one certificate of a store, and returns its file with it.
func ReadCertificate(dir, id string, key ed25519.PublicKey) (*Certificate, []byte, error) {
	if _, ok := parseCallID(CallID(id)); !ok { // certificates have ids of the same form
		return nil, nil, ErrNoCertificate
	}
	b, err := os.ReadFile(certificatePath(dir, id))
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil, ErrNoCertificate
	}
	if err != nil {
		return nil, nil, err
	}
	c, err := ParseCertificate(b, key)
	return c, b, err
}

// Certificates reads all certificates of a store, oldest first. One that does not verify is
// an error, after the others.
func Certificates(dir string, key ed25519.PublicKey) ([]*Certificate, error) {
	folder := filepath.Join(dir, destructionDir, "certificates")
	list, err := os.ReadDir(folder)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, err
	}
	var all []*Certificate
	var errs []error
	for _, e := range list {
		if strings.HasSuffix(e.Name(), durable.Suffix) {
			continue
		}
		b, err := os.ReadFile(filepath.Join(folder, e.Name()))
		if err == nil {
			var c *Certificate
			if c, err = ParseCertificate(b, key); err == nil {
				all = append(all, c)
			}
		}
		if err != nil {
			errs = append(errs, fmt.Errorf("certificate %s: %w", e.Name(), err))
		}
	}
	return all, errors.Join(errs...)
}
