package storage

import (
	"context"
	"errors"
	"fmt"

	"linevault/storage/seal"
	"linevault/storage/segment"
)

// DamagedError is a box that cannot be had: its sound is lost, and nothing else is. Because
// each box is sealed to the one before it, the box after a damaged one does not open either.
type DamagedError struct {
	Segment string
	Part    seal.PartID
	Box     uint64
	Err     error
}

func (e *DamagedError) Error() string {
	where := e.Segment
	if where == "" {
		where = "(none)"
	}
	return fmt.Sprintf("segment %s: part %s, box %d: %v; the rest of the call plays", where, e.Part, e.Box, e.Err)
}

func (e *DamagedError) Unwrap() error { return e.Err }

var errNowhere = errors.New("the segment with it is missing or was set aside")

// errMoved is a box that the recorder had a moment ago: its segment was closed since, and is
// found by looking again.
var errMoved = errors.New("the recorder no longer has it")

// liveBatch is how many bytes of boxes are asked of the recorder at a time.
const liveBatch = 1 << 20

// partReader opens the boxes of one part. It belongs to one goroutine.
type partReader struct {
	s       *Store
	id      seal.PartID
	call    CallID
	period  period
	key     *seal.Key
	refresh bool // look again when the recorder no longer has a box

	entries map[string]*segment.Entry
	batch   []SealedBox // of the recorder, numbers following each other
	hashed  uint64      // the box whose hash is before
	before  [32]byte
	hasHash bool
	plain   []byte
	opened  uint64 // the box that plain holds, where has
	has     bool
}

// reader makes a partReader with the part's key, checked against its commitment. A key that is
// given was checked before.
func (s *Store) reader(id seal.PartID, key *seal.Key) (*partReader, error) {
	return s.readerIn(id, "", key)
}

// readerOf is reader for a part of a call that may have fallen asleep.
func (s *Store) readerOf(p *storedPart) (*partReader, error) {
	s.mu.Lock()
	call := p.head.Call.ID
	s.mu.Unlock()
	return s.readerIn(p.id, call, nil)
}

func (s *Store) readerIn(id seal.PartID, call CallID, key *seal.Key) (*partReader, error) {
	s.mu.Lock()
	p := s.partOf(id, call)
	if p == nil {
		s.mu.Unlock()
		return nil, fmt.Errorf("part %s: not here", id)
	}
	per, places, live := p.period, p.places, p.live
	call = p.of
	s.mu.Unlock()
	r := &partReader{s: s, id: id, call: call, period: per, key: key, entries: map[string]*segment.Entry{}}
	if key != nil {
		return r, nil
	}
	key, err := s.key(id, per)
	if err != nil {
		return nil, err
	}
	for _, at := range places {
		if at.commits {
			err = errors.Join(err, key.Check(at.commit))
		}
	}
	if live != nil {
		err = errors.Join(err, key.Check(live.Commitment))
	}
	if err != nil {
		key.Forget()
		return nil, fmt.Errorf("part %s: %w", id, err)
	}
	r.key = key
	return r, nil
}

func (r *partReader) close() { r.key.Forget() }

// open returns what a box holds, good until the next open.
func (r *partReader) open(n uint64) ([]byte, error) {
	if r.has && r.opened == n {
		return r.plain, nil
	}
	at := seal.Place{Part: r.id, Box: n}
	if n > 0 {
		if !r.hasHash || r.hashed != n-1 {
			b, name, err := r.sealed(n - 1)
			if err != nil {
				return nil, &DamagedError{name, r.id, n, fmt.Errorf("the box before it: %w", err)}
			}
			r.hash(n-1, b.Sealed)
		}
		at.Before = r.before
	}
	b, name, err := r.sealed(n)
	if err != nil {
		return nil, &DamagedError{name, r.id, n, err}
	}
	at.Kind, at.Last = b.Kind, b.Last
	r.has = false
	plain, err := r.key.Open(r.plain[:0], at, b.Sealed)
	if err != nil {
		return nil, &DamagedError{name, r.id, n, err}
	}
	r.hash(n, b.Sealed)
	r.plain, r.opened, r.has = plain, n, true
	return plain, nil
}

func (r *partReader) hash(n uint64, sealed []byte) {
	r.hashed, r.before, r.hasHash = n, seal.Hash(sealed), true
}

// sealed finds a box in the part's segments or asks the recorder for it.
func (r *partReader) sealed(n uint64) (SealedBox, string, error) {
	b, name, err := r.find(n)
	if r.refresh && (errors.Is(err, errNowhere) || errors.Is(err, errMoved)) {
		// The recorder may have closed the segment since we looked.
		if rerr := r.s.Refresh(); rerr != nil {
			return b, name, rerr
		}
		return r.find(n)
	}
	return b, name, err
}

func (r *partReader) find(n uint64) (SealedBox, string, error) {
	r.s.mu.Lock()
	p := r.s.partOf(r.id, r.call)
	if p == nil {
		r.s.mu.Unlock()
		return SealedBox{}, "", errNowhere
	}
	places, live := p.places, p.live
	r.s.mu.Unlock()
	err, name := errNowhere, ""
	for i := range places {
		at := &places[i]
		if n < at.first || n-at.first >= at.count {
			continue
		}
		var b SealedBox
		if b, err = r.fromSegment(at, n); err == nil {
			return b, at.segment, nil
		}
		name = at.segment
	}
	if live != nil && n >= live.From && n < live.Boxes {
		b, lerr := r.fromRecorder(n)
		if lerr == nil {
			return b, live.Segment, nil
		}
		err, name = fmt.Errorf("%w: %w", errMoved, lerr), live.Segment
	}
	return SealedBox{}, name, err
}

func (r *partReader) fromSegment(at *place, n uint64) (b SealedBox, err error) {
	offsets := at.offsets
	err = r.s.files.use(at.segment, func(seg *segment.Reader) error {
		if offsets == nil {
			e := r.entries[at.segment]
			if e == nil {
				var err error
				if e, err = seg.Entry(r.id); err != nil {
					return err
				}
				if e == nil {
					return errNowhere
				}
				r.entries[at.segment] = e
			}
			offsets = e.Offsets
		}
		if n-at.first >= uint64(len(offsets)) || offsets[n-at.first] < 0 {
			return errors.New("its head is damaged")
		}
		h, sealed, err := seg.Read(offsets[n-at.first])
		if err != nil {
			return err
		}
		if h.Box != n {
			return errors.New("another box is in its place")
		}
		b = SealedBox{Box: n, Kind: h.Kind, Last: h.Last, Sealed: sealed}
		return nil
	})
	return b, err
}

// fromRecorder asks for a batch: box after box is wanted as a rule.
func (r *partReader) fromRecorder(n uint64) (SealedBox, error) {
	if len(r.batch) > 0 && n >= r.batch[0].Box && n-r.batch[0].Box < uint64(len(r.batch)) {
		return r.batch[n-r.batch[0].Box], nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), liveTimeout)
	defer cancel()
	list, err := r.s.live.LiveBoxes(ctx, r.id, n, liveBatch)
	if err != nil {
		return SealedBox{}, err
	}
	for i, b := range list {
		if b.Box != n+uint64(i) {
			return SealedBox{}, errors.New("the recorder answered with another box")
		}
	}
	if len(list) == 0 {
		return SealedBox{}, errors.New("the recorder has no such box")
	}
	r.batch = list
	return list[0], nil
}
