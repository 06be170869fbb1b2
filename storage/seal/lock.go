package seal

import (
	"crypto/hpke"
	"encoding/binary"
	"errors"
	"fmt"
	"log/slog"
)

// Locked is a part's key, locked to the public key of a period: the version, the
// encapsulated key (ML-KEM-768 ciphertext, then P-256 point), the sealed part key.
type Locked []byte

// LockedSize is how long a Locked is.
const LockedSize = 1 + 1088 + 65 + keySize + tagSize

// ErrUnlock is all that Unlock says of a Locked that does not open.
var ErrUnlock = errors.New("part key does not open: damaged, or of another period or part")

// Recipient locks part keys. The recorder has Recipients only: it cannot open what it wrote.
type Recipient interface {
	Lock(part PartID, k *Key) (Locked, error)
}

// Identity unlocks what was locked to it. Only the desk has one.
type Identity interface {
	Unlock(part PartID, l Locked) (*Key, error)
}

// PublicKey is the public half of a period's key pair: a Recipient.
type PublicKey struct {
	class, day string
	key        hpke.PublicKey
}

// PrivateKey is the private half of a period's key pair: an Identity. It never prints. As in
// Key, the secret lies behind two pointers.
type PrivateKey struct{ s *privateState }

type privateState struct {
	class, day string
	key        hpke.PrivateKey
}

// NewPrivateKey makes the key pair of a period.
func NewPrivateKey(class, day string) (*PrivateKey, error) {
	k, err := hpke.MLKEM768P256().GenerateKey()
	if err != nil {
		return nil, fmt.Errorf("make the key of %s %s: %w", class, day, err)
	}
	return &PrivateKey{&privateState{class, day, k}}, nil
}

// ParsePrivateKey is the reverse of PrivateKey.Bytes.
func ParsePrivateKey(class, day string, b []byte) (*PrivateKey, error) {
	k, err := hpke.MLKEM768P256().NewPrivateKey(b)
	if err != nil {
		return nil, fmt.Errorf("private key of %s %s: %w", class, day, err)
	}
	return &PrivateKey{&privateState{class, day, k}}, nil
}

// ParsePublicKey is the reverse of PublicKey.Bytes.
func ParsePublicKey(class, day string, b []byte) (*PublicKey, error) {
	k, err := hpke.MLKEM768P256().NewPublicKey(b)
	if err != nil {
		return nil, fmt.Errorf("public key of %s %s: %w", class, day, err)
	}
	return &PublicKey{class, day, k}, nil
}

// Bytes is the key as 32 secret bytes, for whoever seals them.
func (k *PrivateKey) Bytes() ([]byte, error) { return k.s.key.Bytes() }

// Public is the half that locks.
func (k *PrivateKey) Public() *PublicKey {
	return &PublicKey{k.s.class, k.s.day, k.s.key.PublicKey()}
}

// Bytes is the key as 1249 bytes.
func (k *PublicKey) Bytes() []byte { return k.key.Bytes() }

// Lock locks a part's key to the period.
func (k *PublicKey) Lock(part PartID, key *Key) (Locked, error) {
	if key.s.aead.Load() == nil {
		panic("seal: locking a forgotten key")
	}
	b, err := hpke.Seal(k.key, hpke.HKDFSHA256(), hpke.AES256GCM(), info(k.class, k.day, part), key.s.secret[:])
	if err != nil {
		return nil, fmt.Errorf("lock the key of part %s to %s %s: %w", part, k.class, k.day, err)
	}
	return append(Locked{Version}, b...), nil
}

// Unlock is the reverse of Lock. Its error is ErrUnlock, or says that l was written by a
// newer version.
func (k *PrivateKey) Unlock(part PartID, l Locked) (*Key, error) {
	if len(l) == 0 {
		return nil, ErrUnlock
	}
	if l[0] > Version {
		return nil, versionError("part key", l[0])
	}
	if len(l) != LockedSize || l[0] != Version {
		return nil, ErrUnlock
	}
	secret, err := hpke.Open(k.s.key, hpke.HKDFSHA256(), hpke.AES256GCM(), info(k.s.class, k.s.day, part), l[1:])
	if err != nil || len(secret) != keySize {
		return nil, ErrUnlock
	}
	key := newKey(secret)
	clear(secret)
	return key, nil
}

// info binds a Locked to its period and part; each name goes after its length, so that no
// two of them run together.
func info(class, day string, part PartID) []byte {
	b := []byte("linevault part key v1")
	for _, s := range []string{class, day} {
		b = binary.BigEndian.AppendUint16(b, uint16(len(s)))
		b = append(b, s...)
	}
	return append(b, part[:]...)
}

// Format prints PrivateKey(…), whatever the verb.
func (k PrivateKey) Format(f fmt.State, _ rune) { hide(f, "PrivateKey") }

// LogValue is PrivateKey(…).
func (k PrivateKey) LogValue() slog.Value { return slog.StringValue("PrivateKey(…)") }

// MarshalText is PrivateKey(…), for JSON and everything else that writes values out.
func (k PrivateKey) MarshalText() ([]byte, error) { return []byte("PrivateKey(…)"), nil }
