package segment

import (
	"encoding/binary"
	"errors"

	"linevault/storage/seal"
)

// Entry says where a part's boxes lie in one segment. Their numbers follow each other.
type Entry struct {
	Part       seal.PartID
	Number     uint32
	Ended      bool // its last box is here
	Commits    bool // its first box is here
	Commitment [32]byte
	First      uint64  // number of the first box
	Offsets    []int64 // where the head of each box is, in the stream
}

var errEntry = errors.New("damaged entry of a part")

// The flags of an entry.
const (
	entryEnded   = 0x01
	entryCommits = 0x02
)

// append adds e without its part, which is the key that it is stored under.
func (e *Entry) append(b []byte) []byte {
	var flags byte
	if e.Ended {
		flags |= entryEnded
	}
	if e.Commits {
		flags |= entryCommits
	}
	b = append(b, Version, flags)
	b = binary.AppendUvarint(b, uint64(e.Number))
	if e.Commits {
		b = append(b, e.Commitment[:]...)
	}
	b = binary.AppendUvarint(b, e.First)
	b = binary.AppendUvarint(b, uint64(len(e.Offsets)))
	var before int64
	for _, o := range e.Offsets {
		b = binary.AppendUvarint(b, uint64(o-before))
		before = o
	}
	return b
}

// parseEntry reads the entry of part.
func parseEntry(part seal.PartID, b []byte) (*Entry, error) {
	if len(b) < 2 || b[0] != Version || b[1]&^(entryEnded|entryCommits) != 0 {
		return nil, errEntry
	}
	e := &Entry{Part: part, Ended: b[1]&entryEnded != 0, Commits: b[1]&entryCommits != 0}
	n := 2
	number, ok := uvarint(b, &n)
	if !ok || number > 1<<32-1 {
		return nil, errEntry
	}
	e.Number = uint32(number)
	if e.Commits {
		if len(b) < n+len(e.Commitment) {
			return nil, errEntry
		}
		n += copy(e.Commitment[:], b[n:])
	}
	var count uint64
	if e.First, ok = uvarint(b, &n); !ok {
		return nil, errEntry
	}
	// Every offset takes a byte at least, which bounds what a damaged count can ask for.
	if count, ok = uvarint(b, &n); !ok || count > uint64(len(b)-n) {
		return nil, errEntry
	}
	e.Offsets = make([]int64, count)
	var at uint64
	for i := range e.Offsets {
		delta, ok := uvarint(b, &n)
		if at += delta; !ok || delta > 1<<40 || at > 1<<40 || (i > 0 && delta == 0) {
			return nil, errEntry
		}
		e.Offsets[i] = int64(at)
	}
	if n != len(b) {
		return nil, errEntry
	}
	return e, nil
}
