package segment

import (
	"encoding/binary"
	"errors"
	"fmt"

	"linevault/storage/seal"
)

// MaxSealed is the longest sealed box that a segment takes.
const MaxSealed = 4 << 20

// maxHead is the longest head: flags, number, part, commitment, box, length, check.
const maxHead = 1 + binary.MaxVarintLen32 + 16 + 32 + binary.MaxVarintLen64 + binary.MaxVarintLen32 + 1

// The flags of a head. The two low bits are the box's kind.
const (
	kindMask   = 0x03
	lastFlag   = 0x04
	declares   = 0x08 // the part's id follows its number: its first box in this segment
	commits    = 0x10 // the commitment of the part's key follows: a header box
	knownFlags = kindMask | lastFlag | declares | commits
)

// Head is what stands before a sealed box. It is not secret, and only what the box's own
// seal confirms is believed.
type Head struct {
	Number     uint32 // of the part, in this segment only
	Declares   bool
	Part       seal.PartID // where Declares
	Commits    bool
	Commitment [32]byte // where Commits
	Box        uint64
	Kind       seal.Kind
	Last       bool
	Length     int // of the sealed bytes that follow
}

var errHead = errors.New("damaged head of a box")

// append adds h to b in its stored form, which ends with a checksum: a flipped bit must not
// send the reader to a wrong place.
func (h Head) append(b []byte) []byte {
	start := len(b)
	flags := byte(h.Kind) & kindMask
	if h.Last {
		flags |= lastFlag
	}
	if h.Declares {
		flags |= declares
	}
	if h.Commits {
		flags |= commits
	}
	b = append(b, flags)
	b = binary.AppendUvarint(b, uint64(h.Number))
	if h.Declares {
		b = append(b, h.Part[:]...)
	}
	if h.Commits {
		b = append(b, h.Commitment[:]...)
	}
	b = binary.AppendUvarint(b, h.Box)
	b = binary.AppendUvarint(b, uint64(h.Length))
	return append(b, crc8(b[start:]))
}

// parseHead reads a head from the start of b and says how long it is.
func parseHead(b []byte) (Head, int, error) {
	if len(b) < 5 || b[0]&^knownFlags != 0 || b[0]&kindMask == 0 {
		return Head{}, 0, errHead
	}
	h := Head{
		Kind: seal.Kind(b[0] & kindMask), Last: b[0]&lastFlag != 0,
		Declares: b[0]&declares != 0, Commits: b[0]&commits != 0,
	}
	n := 1
	number, ok := uvarint(b, &n)
	if !ok || number > 1<<32-1 {
		return Head{}, 0, errHead
	}
	h.Number = uint32(number)
	if h.Declares {
		if len(b) < n+len(h.Part) {
			return Head{}, 0, errHead
		}
		n += copy(h.Part[:], b[n:])
	}
	if h.Commits {
		if len(b) < n+len(h.Commitment) {
			return Head{}, 0, errHead
		}
		n += copy(h.Commitment[:], b[n:])
	}
	var length uint64
	if h.Box, ok = uvarint(b, &n); !ok {
		return Head{}, 0, errHead
	}
	if length, ok = uvarint(b, &n); !ok || length > MaxSealed {
		return Head{}, 0, errHead
	}
	h.Length = int(length)
	if n >= len(b) || b[n] != crc8(b[:n]) {
		return Head{}, 0, errHead
	}
	return h, n + 1, nil
}

// uvarint reads a number at b[*n:] and moves n past it. It takes only the shortest form.
func uvarint(b []byte, n *int) (uint64, bool) {
	v, k := binary.Uvarint(b[min(*n, len(b)):])
	if k <= 0 || (k > 1 && b[*n+k-1] == 0) {
		return 0, false
	}
	*n += k
	return v, true
}

var crcTable = func() (t [256]byte) {
	for i := range t {
		c := byte(i)
		for range 8 {
			if c&0x80 != 0 {
				c = c<<1 ^ 0x07
			} else {
				c <<= 1
			}
		}
		t[i] = c
	}
	return t
}()

// crc8 is the CRC-8 with polynomial 07 that starts from ff, so that zeros are no head.
func crc8(b []byte) byte {
	c := byte(0xff)
	for _, x := range b {
		c = crcTable[c^x]
	}
	return c
}

// DamageError is a stretch of a segment that could not be read.
type DamageError struct {
	Segment string
	Offset  int64 // in the stream of boxes, or -1
	Err     error
}

func (e *DamageError) Error() string {
	if e.Offset < 0 {
		return fmt.Sprintf("segment %s: %v", e.Segment, e.Err)
	}
	return fmt.Sprintf("segment %s: at byte %d: %v", e.Segment, e.Offset, e.Err)
}

func (e *DamageError) Unwrap() error { return e.Err }
