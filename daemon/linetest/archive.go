package linetest

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"time"

	"linevault/codec/pcm"
	"linevault/storage/durable"
	"linevault/storage/keys"
	"linevault/storage/keys/journal"
	"linevault/storage/ledger"
)

// Folder is where certificates lie in a data folder, sealed: they name people and lines.
const Folder = "linetests"

// Archive keeps the certificates of a box. It is safe for concurrent use.
type Archive struct {
	dir  string
	box  string
	book *ledger.Ledger
	aead func() cipher.AEAD // functions, because fmt would go into the keys
	key  func() ed25519.PrivateKey
}

// ErrNone says that there is no such certificate.
var ErrNone = errors.New("there is no such certificate")

// OpenArchive is the archive of a data folder. What it keeps is entered in book first. The
// box is what certificates call it; it may be empty.
func OpenArchive(dir, box string, ring *keys.Ring, book *ledger.Ledger) (*Archive, error) {
	seed, secret := ring.Derive("line test certificates"), ring.Derive("line test seal")
	block, err := aes.NewCipher(secret[:])
	if err != nil {
		return nil, fmt.Errorf("line tests: %w", err)
	}
	aead, err := cipher.NewGCMWithRandomNonce(block)
	if err != nil {
		return nil, fmt.Errorf("line tests: %w", err)
	}
	private := ed25519.NewKeyFromSeed(seed[:])
	return &Archive{
		dir: filepath.Join(dir, Folder), box: box, book: book,
		aead: func() cipher.AEAD { return aead }, key: func() ed25519.PrivateKey { return private },
	}, nil
}

// PublicKey verifies the archive's certificates.
func (a *Archive) PublicKey() ed25519.PublicKey { return a.key().Public().(ed25519.PublicKey) }

// Fingerprint is that of the public key, to be read out.
func (a *Archive) Fingerprint() string { return fingerprint(a.PublicKey()) }

// Box is what certificates call this box.
func (a *Archive) Box() string { return a.box }

// Kind is how the ledger calls a test that is over.
const Kind = "line tested"

// Keep signs a certificate, enters it in the ledger and puts it into the archive.
func (a *Archive) Keep(c *Certificate) error {
	signed, err := c.sign(a.key())
	if err != nil {
		return fmt.Errorf("certificate %s: %w", c.ID, err)
	}
	sum := sha256.Sum256(signed)
	if _, err := a.book.Append(ledger.Event{
		At: time.Now().UTC(), Kind: Kind, Who: c.By, Call: c.Call, Text: fmt.Sprintf("%s: %s", c.Name, c.Outcome),
		Data: map[string]string{"line": string(c.Line), "certificate": c.ID, "sha256": hex.EncodeToString(sum[:])},
	}); err != nil {
		return fmt.Errorf("certificate %s: %w", c.ID, err)
	}
	if err := a.put(c.ID, a.aead().Seal(nil, nil, signed, []byte(label(c.ID)))); err != nil {
		return fmt.Errorf("certificate %s: %w", c.ID, err)
	}
	return nil
}

// label binds a sealed certificate to its name.
func label(id string) string { return "linevault line test 1 " + id }

// put makes a certificate's file. A crash may have left others that nobody would make again.
func (a *Archive) put(id string, b []byte) error {
	if err := durable.MakeFolder(a.dir); err != nil {
		return err
	}
	unlock, err := journal.Lock(filepath.Join(a.dir, "lock"))
	if err != nil {
		return err
	}
	defer unlock()
	return errors.Join(durable.Sweep(a.dir, idForm.MatchString), durable.Write(filepath.Join(a.dir, id), b))
}

var idForm = regexp.MustCompile(`^[a-z2-7]{16}$`)

// Signed is a certificate as it was signed.
func (a *Archive) Signed(id string) ([]byte, error) {
	if !idForm.MatchString(id) {
		return nil, ErrNone
	}
	sealed, err := os.ReadFile(filepath.Join(a.dir, id))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, ErrNone
	}
	if err != nil {
		return nil, fmt.Errorf("certificate %s: %w", id, err)
	}
	b, err := a.aead().Open(nil, nil, sealed, []byte(label(id)))
	if err != nil {
		return nil, fmt.Errorf("certificate %s: %w", id, ErrCertificate)
	}
	return b, nil
}

// Read is a certificate that verifies.
func (a *Archive) Read(id string) (*Certificate, error) {
	b, err := a.Signed(id)
	if err != nil {
		return nil, err
	}
	c, err := Parse(b, a.PublicKey())
	if err != nil {
		return nil, fmt.Errorf("certificate %s: %w", id, err)
	}
	return c, nil
}

// List is the certificates of a line, or of all if it is empty, newest first. One that does not
// verify is an error, beside the others.
func (a *Archive) List(line pcm.LineID) ([]*Certificate, error) {
	files, err := os.ReadDir(a.dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("line tests: %w", err)
	}
	var all []*Certificate
	var errs []error
	for _, f := range files {
		if !idForm.MatchString(f.Name()) {
			continue
		}
		c, err := a.Read(f.Name())
		if err != nil {
			errs = append(errs, err)
		} else if line == "" || c.Line == line {
			all = append(all, c)
		}
	}
	slices.SortFunc(all, func(x, y *Certificate) int { return y.Done.Compare(x.Done) })
	return all, errors.Join(errs...)
}
