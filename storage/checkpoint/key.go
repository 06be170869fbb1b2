package checkpoint

import (
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"strings"

	"golang.org/x/mod/sumdb/note"
)

// PublicKey is the half of a box's signing key that everyone may know, as one line of text:
// name, hash and key, as golang.org/x/mod/sumdb/note writes it.
type PublicKey string

// ParsePublicKey finds the public key in a text: a line that is one, or ends with one.
func ParsePublicKey(b []byte) (PublicKey, error) {
	for line := range strings.Lines(string(b[:min(len(b), maxText)])) {
		fields := strings.Fields(line)
		if len(fields) == 0 {
			continue
		}
		k := PublicKey(fields[len(fields)-1])
		if same, err := k.again(); err == nil && same == k {
			return k, nil
		}
	}
	return "", errors.New("there is no public key of a box in it: `linevault ledger status` prints it")
}

// maxText is how much of a text is looked at.
const maxText = 16 << 10

// Name is the name that the box signs as.
func (k PublicKey) Name() string {
	name, _, _ := strings.Cut(string(k), "+")
	return name
}

// again is the line of the key that k has, as we write it: the same key can be written in
// several ways.
func (k PublicKey) again() (PublicKey, error) {
	fields := strings.SplitN(string(k), "+", 3) // base64 has plus signs of its own
	b, err := base64.StdEncoding.Strict().DecodeString(fields[len(fields)-1])
	if err != nil || len(b) != 1+ed25519.PublicKeySize {
		return "", errForm
	}
	line, err := note.NewEd25519VerifierKey(keyName(b[1:]), b[1:])
	return PublicKey(line), err
}

// Fingerprint is the SHA-256 of the key's line, in groups that can be read out.
func (k PublicKey) Fingerprint() string {
	sum := sha256.Sum256([]byte(k))
	h := strings.ToUpper(hex.EncodeToString(sum[:16]))
	var groups []string
	for i := 0; i < len(h); i += 4 {
		groups = append(groups, h[i:i+4])
	}
	return strings.Join(groups, " ")
}

func keyName(public ed25519.PublicKey) string {
	sum := sha256.Sum256(public)
	return "linevault/" + hex.EncodeToString(sum[:8])
}

// Key signs checkpoints. It never prints.
type Key struct {
	sign   func([]byte) []byte // a function, because fmt would go into the key
	public PublicKey
	hash   uint32
}

// The signature algorithm, as note numbers it.
const algorithm = 1

// NewKey is the key that comes of a secret seed.
func NewKey(seed [32]byte) *Key {
	private := ed25519.NewKeyFromSeed(seed[:])
	public := private.Public().(ed25519.PublicKey)
	name := keyName(public)
	line, err := note.NewEd25519VerifierKey(name, public)
	if err != nil {
		panic("checkpoint: " + err.Error()) // the lengths are right
	}
	sum := sha256.Sum256(append([]byte(name+"\n"), append([]byte{algorithm}, public...)...))
	return &Key{
		sign:   func(b []byte) []byte { return ed25519.Sign(private, b) },
		public: PublicKey(line), hash: binary.BigEndian.Uint32(sum[:]),
	}
}

// Public is the half that everyone may know.
func (k *Key) Public() PublicKey { return k.public }

// Sign signs a checkpoint, under the key's own name.
func (k *Key) Sign(c Checkpoint) ([]byte, error) {
	c.Origin = k.public.Name()
	if strings.ContainsAny(c.Boot, "\n ") {
		return nil, fmt.Errorf("sign a checkpoint: the boot's name %q is not one word", c.Boot)
	}
	signed, err := note.Sign(&note.Note{Text: c.text()}, signer{k})
	if err != nil {
		return nil, fmt.Errorf("sign a checkpoint: %w", err)
	}
	return signed, nil
}

// signer is a Key as note wants one.
type signer struct{ k *Key }

func (s signer) Name() string                    { return s.k.public.Name() }
func (s signer) KeyHash() uint32                 { return s.k.hash }
func (s signer) Sign(msg []byte) ([]byte, error) { return s.k.sign(msg), nil }

// Format prints Key(…), whatever the verb.
func (k Key) Format(f fmt.State, _ rune) {
	_, _ = f.Write([]byte("Key(…)")) // fmt.State reports errors of its own writer
}

// LogValue is Key(…).
func (k Key) LogValue() slog.Value { return slog.StringValue("Key(…)") }

// MarshalText is Key(…), for JSON and everything else that writes values out.
func (k Key) MarshalText() ([]byte, error) { return []byte("Key(…)"), nil }
