package seal

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"sync"
	"sync/atomic"
)

// MaxBoxes is how many boxes one part may have. Nonces are random: at this many the odds
// that two boxes of a key share one are still below 2^-32 (NIST SP 800-38D, 8.3).
const MaxBoxes = 1 << 32

// ErrOpen is all that Open says of a box that does not open: it is damaged, of another
// place, or of another key.
var ErrOpen = errors.New("box does not open: damaged, moved, or of another key")

// ErrCommitment says that a key is not the one that its part was written with.
var ErrCommitment = errors.New("key is not the one that this part was written with")

const keySize = 32

// Key is the key of one part. It never prints, and several goroutines may use it.
type Key struct {
	// The secret lies behind two pointers. Format is not asked when a Key is an unexported
	// field of what is printed; fmt then shows where the first pointer leads, if the verb
	// does not suit it, but the second as an address.
	s *keyState
}

type keyState struct {
	secret *[keySize]byte
	commit [32]byte
	aead   atomic.Pointer[cipher.AEAD] // nil once forgotten
}

// NewKey makes a random key.
func NewKey() *Key {
	var secret [keySize]byte
	rand.Read(secret[:]) // never fails
	k := newKey(secret[:])
	clear(secret[:])
	return k
}

// newKey copies secret, from which come the key that seals boxes and the commitment.
func newKey(secret []byte) *Key {
	s := &keyState{secret: (*[keySize]byte)(slices.Clone(secret))}
	enc := derive(secret, "linevault box key v1")
	copy(s.commit[:], derive(secret, "linevault part key commitment v1"))
	block, err := aes.NewCipher(enc)
	clear(enc)
	if err != nil {
		panic("seal: " + err.Error()) // the key's length is right
	}
	aead, err := cipher.NewGCMWithRandomNonce(block)
	if err != nil {
		panic("seal: " + err.Error()) // an AES block cipher always has a GCM
	}
	s.aead.Store(&aead)
	return &Key{s: s}
}

// derive is 32 bytes of HKDF-SHA256 of a uniformly random secret.
func derive(secret []byte, label string) []byte {
	b, err := hkdf.Key(sha256.New, secret, nil, label, 32)
	if err != nil {
		panic("seal: " + err.Error()) // the lengths are right
	}
	return b
}

// places lends the additional data, which would be allocated for each box otherwise.
var places = sync.Pool{New: func() any { return new([placeSize]byte) }}

// Seal appends the box that holds plain at its place to dst. It does not allocate when dst
// has room for len(plain) + Overhead bytes; plain must not overlap that room. Sealing with a
// forgotten key, or beyond MaxBoxes, is a bug and panics.
func (k *Key) Seal(dst []byte, at Place, plain []byte) []byte {
	aead := k.s.aead.Load()
	if aead == nil {
		panic("seal: sealing with a forgotten key")
	}
	if at.Box >= MaxBoxes {
		panic("seal: a part has too many boxes")
	}
	aad := places.Get().(*[placeSize]byte)
	defer places.Put(aad)
	at.encode(aad)
	dst = append(dst, Version)
	return (*aead).Seal(dst, nil, plain, aad[:])
}

// Open appends what box holds to dst, if the box was sealed with this key for just this
// place. It does not allocate when dst has room; box must not overlap that room. Its error
// is ErrOpen, or says that box was written by a newer version.
func (k *Key) Open(dst []byte, at Place, box []byte) ([]byte, error) {
	aead := k.s.aead.Load()
	if len(box) < Overhead || aead == nil {
		return nil, ErrOpen
	}
	if v := box[0]; v != Version {
		return nil, versionError("box", v)
	}
	aad := places.Get().(*[placeSize]byte)
	defer places.Put(aad)
	at.encode(aad)
	plain, err := (*aead).Open(dst, nil, box[1:], aad[:])
	if err != nil {
		return nil, ErrOpen
	}
	return plain, nil
}

// Commitment binds a part to this key alone: AES-GCM by itself would let someone who may
// choose keys make a box that opens under two of them, to two different sounds. The part's
// header carries it in clear; it tells nothing of the key.
func (k *Key) Commitment() [32]byte { return k.s.commit }

// Check reports ErrCommitment unless k is the key that commitment was made of. A reader
// calls it before it opens a part's first box.
func (k *Key) Check(commitment [32]byte) error {
	if subtle.ConstantTimeCompare(k.s.commit[:], commitment[:]) != 1 {
		return ErrCommitment
	}
	return nil
}

// Forget overwrites the key; it opens and seals nothing any more. What the runtime may
// still have copied (the expanded AES key, registers, stacks) goes when the memory is used
// again: the process must not be swapped out or dumped.
func (k *Key) Forget() {
	k.s.aead.Store(nil)
	clear(k.s.secret[:])
}

// Format prints Key(…), whatever the verb.
func (k Key) Format(f fmt.State, _ rune) { hide(f, "Key") }

// LogValue is Key(…).
func (k Key) LogValue() slog.Value { return slog.StringValue("Key(…)") }

// MarshalText is Key(…), for JSON and everything else that writes values out.
func (k Key) MarshalText() ([]byte, error) { return []byte("Key(…)"), nil }

func hide(w io.Writer, name string) {
	_, _ = io.WriteString(w, name+"(…)") // fmt.State reports errors of its own writer
}

func versionError(what string, v byte) error {
	if v > Version {
		return fmt.Errorf("%s is of format %d and this program reads up to %d: update it", what, v, Version)
	}
	return ErrOpen
}
