package ledger

import (
	"crypto/rand"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"

	"golang.org/x/mod/sumdb/tlog"

	"linevault/storage/keys/journal"
)

// entry is one record of the file entries: the event's number (8 bytes, big endian), its
// leaf, and the sealed salt and event.
type entry struct {
	index  int64
	leaf   tlog.Hash
	sealed []byte
	at     int64 // where its record begins; not part of it
}

const entryHead = 8 + tlog.HashSize

const saltSize = 32

func (e entry) encode() []byte {
	b := binary.BigEndian.AppendUint64(nil, uint64(e.index))
	b = append(b, e.leaf[:]...)
	return append(b, e.sealed...)
}

// parse reads the payload of a record; the entry shares its memory.
func parse(at int64, payload []byte) (entry, error) {
	if len(payload) < entryHead {
		return entry{}, errors.New("entry is too short")
	}
	e := entry{
		index:  int64(binary.BigEndian.Uint64(payload)),
		leaf:   tlog.Hash(payload[8:entryHead]),
		sealed: payload[entryHead:],
		at:     at,
	}
	if e.index < 0 {
		return entry{}, errors.New("entry has no number")
	}
	return e, nil
}

// additional binds a sealed event to its number and its leaf.
func additional(index int64, leaf tlog.Hash) []byte {
	b := append([]byte(nil), "linevault ledger v1"...)
	b = binary.BigEndian.AppendUint64(b, uint64(index))
	return append(b, leaf[:]...)
}

// seal makes the entry of an event.
func (l *Ledger) seal(index int64, e Event) (entry, error) {
	body, err := json.Marshal(e)
	if err != nil {
		return entry{}, fmt.Errorf("write the event %q: %w", e.Kind, err)
	}
	if most := journal.MaxPayload - entryHead - saltSize - l.aead().Overhead(); len(body) > most {
		return entry{}, fmt.Errorf("write the event %q: it has %d bytes and %d is the most", e.Kind, len(body), most)
	}
	record := make([]byte, saltSize, saltSize+len(body))
	rand.Read(record) // never fails
	record = append(record, body...)
	leaf := tlog.RecordHash(record)
	return entry{index: index, leaf: leaf, sealed: l.aead().Seal(nil, nil, record, additional(index, leaf))}, nil
}

var errSeal = errors.New("does not open: altered, or sealed under another key")

// record opens an entry: salt and body, which hash to its leaf.
func (l *Ledger) record(e entry) ([]byte, error) {
	b, err := l.aead().Open(nil, nil, e.sealed, additional(e.index, e.leaf))
	if err != nil || len(b) < saltSize || tlog.RecordHash(b) != e.leaf {
		return nil, errSeal
	}
	return b, nil
}

// entry reads the entry with a number; the lock is held.
func (l *Ledger) entry(index int64) (entry, error) {
	at, err := l.tree.at(index)
	if err != nil {
		return entry{}, err
	}
	if at == missing {
		return entry{}, errors.New("is missing")
	}
	payload, err := journal.At(l.entries, at)
	if err != nil {
		return entry{}, err
	}
	e, err := parse(at, payload)
	if err == nil && e.index != index {
		err = fmt.Errorf("entry %d is in its place", e.index)
	}
	return e, err
}

func (l *Ledger) event(index int64) (Event, error) {
	e, err := l.entry(index)
	if err != nil {
		return Event{}, fmt.Errorf("entry %d: %w", index, err)
	}
	record, err := l.record(e)
	if err != nil {
		return Event{}, fmt.Errorf("entry %d: %w", index, err)
	}
	var v Event
	if err := json.Unmarshal(record[saltSize:], &v); err != nil {
		return Event{}, fmt.Errorf("entry %d: %w", index, err)
	}
	return v, nil
}
