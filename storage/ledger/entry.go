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

// entry is one record of the file entries: how far into its batch it is (2 bytes, big endian),
// the event's number (6 bytes), its leaf, and the sealed salt and event.
type entry struct {
	index  int64
	first  int64 // of the batch that was written with it, under one fsync
	leaf   tlog.Hash
	sealed []byte
	at     int64 // where its record begins; not part of it
}

const entryHead = 8 + tlog.HashSize

const saltSize = 32

func (e entry) encode() []byte {
	b := binary.BigEndian.AppendUint64(nil, e.number())
	b = append(b, e.leaf[:]...)
	return append(b, e.sealed...)
}

// indexBits is how many bits the event's number has.
const indexBits = 48

// number is both numbers as they are stored. An entry very far into its batch stands for
// itself: nothing then tells that a hole before it was torn.
func (e entry) number() uint64 {
	into := uint64(e.index - e.first)
	if into >= 1<<(64-indexBits) {
		into = 0
	}
	return into<<indexBits | uint64(e.index)
}

// parse reads the payload of a record; the entry shares its memory.
func parse(at int64, payload []byte) (entry, error) {
	if len(payload) < entryHead {
		return entry{}, errors.New("entry is too short")
	}
	number := binary.BigEndian.Uint64(payload)
	e := entry{
		index:  int64(number & (1<<indexBits - 1)),
		leaf:   tlog.Hash(payload[8:entryHead]),
		sealed: payload[entryHead:],
		at:     at,
	}
	if e.first = e.index - int64(number>>indexBits); e.first < 0 {
		return entry{}, errors.New("entry has no number")
	}
	return e, nil
}

// additional binds a sealed event to its numbers and its leaf.
func (e entry) additional() []byte {
	b := append([]byte(nil), "linevault ledger v1"...)
	b = binary.BigEndian.AppendUint64(b, e.number())
	return append(b, e.leaf[:]...)
}

// seal makes the entry of an event, in a batch that begins with number first.
func (l *Ledger) seal(index, first int64, e Event) (entry, error) {
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
	made := entry{index: index, first: first, leaf: tlog.RecordHash(record)}
	made.sealed = l.aead().Seal(nil, nil, record, made.additional())
	return made, nil
}

var errSeal = errors.New("does not open: altered, or sealed under another key")

// record opens an entry: salt and body, which hash to its leaf.
func (l *Ledger) record(e entry) ([]byte, error) {
	b, err := l.aead().Open(nil, nil, e.sealed, e.additional())
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
