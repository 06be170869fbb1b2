// Package seal turns plain boxes into sealed ones and back. A box opens only where it was
// made for: in its part, at its number, of its kind, after the box before it. The key of a
// part is random, and is itself locked to the public key of a period.
package seal

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
)

// Version is the format that this package writes: the first byte of every box and of every
// Locked. It is authenticated, too.
const Version byte = 1

// Overhead is how much longer a box is than what it holds: version, nonce and tag.
const Overhead = 1 + nonceSize + tagSize

const (
	nonceSize = 12
	tagSize   = 16
)

// PartID names one part of a call: 16 random bytes.
type PartID [16]byte

// NewPartID is a PartID that nobody has had before.
func NewPartID() PartID {
	var id PartID
	rand.Read(id[:]) // never fails
	return id
}

// String is the PartID in hex.
func (id PartID) String() string { return hex.EncodeToString(id[:]) }

// Kind says what a box holds.
type Kind uint8

// The kinds of box.
const (
	Header Kind = 1 // what is known of the part: the first box
	Sound  Kind = 2 // packets and gaps
	Final  Kind = 3 // how the part ended
	// Said is what somebody said about the part's call: in no segment, and in no chain.
	Said Kind = 4
)

// Place is where a box stands. All of it is authenticated with the box.
type Place struct {
	Part   PartID
	Box    uint64 // 0 is the part's first
	Kind   Kind
	Last   bool     // no box follows in this part
	Before [32]byte // Hash of the box before; zero for box 0
}

// Hash is the SHA-256 of a sealed box, which the next box's Place carries as Before.
func Hash(box []byte) [32]byte { return sha256.Sum256(box) }

const placeLabel = "linevault box"

const placeSize = len(placeLabel) + 1 + 16 + 8 + 1 + 1 + 32

// encode writes the additional data of a box: label, version, part, number, kind, last, before.
func (at Place) encode(b *[placeSize]byte) {
	n := copy(b[:], placeLabel)
	b[n] = Version
	n++
	n += copy(b[n:], at.Part[:])
	binary.BigEndian.PutUint64(b[n:], at.Box)
	n += 8
	b[n], b[n+1] = byte(at.Kind), 0
	if at.Last {
		b[n+1] = 1
	}
	copy(b[n+2:], at.Before[:])
}
