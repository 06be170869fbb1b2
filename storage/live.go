package storage

import (
	"context"
	"fmt"

	"linevault/storage/keys"
	"linevault/storage/seal"
)

// LivePart is a part that is being recorded, or that lies in a segment that the recorder
// still writes.
type LivePart struct {
	Part       seal.PartID `json:"part"`
	Class      string      `json:"class"`
	Day        keys.Day    `json:"day"`
	Commitment [32]byte    `json:"commitment"`
	Segment    string      `json:"segment,omitempty"`
	From       uint64      `json:"from"`  // its first box in that segment
	Boxes      uint64      `json:"boxes"` // how many it has in all, on disk
	Ended      bool        `json:"ended"`
}

// SealedBox is a box as it is on disk.
type SealedBox struct {
	Box    uint64    `json:"box"`
	Kind   seal.Kind `json:"kind"`
	Last   bool      `json:"last,omitempty"`
	Sealed []byte    `json:"sealed"`
}

// Live is how a reader gets at what the recorder still writes.
type Live interface {
	// LiveParts lists the parts. An error says that no recorder can be asked.
	LiveParts(ctx context.Context) ([]LivePart, error)
	// LiveBoxes returns boxes of a part, from that number on, until their sum is over
	// maxBytes; none if from is beyond the last. The caller owns them.
	LiveBoxes(ctx context.Context, part seal.PartID, from uint64, maxBytes int) ([]SealedBox, error)
}

// LiveParts lists the parts that are live or in a segment being written, as far as they are
// on disk.
func (w *Writer) LiveParts() []LivePart {
	w.mu.Lock()
	defer w.mu.Unlock()
	list := make([]LivePart, 0, len(w.parts))
	for _, p := range w.parts {
		if p.next == 0 {
			continue // not yet on disk
		}
		l := LivePart{
			Part: p.id, Class: p.period.class, Day: p.period.day,
			Commitment: p.commitment, Boxes: p.next, From: p.next, Ended: p.ended,
		}
		if p.in != nil {
			l.Segment, l.From = p.in.Name.String(), p.entry.First
		}
		list = append(list, l)
	}
	return list
}

// LiveBoxes returns committed boxes of a part in the active segment.
func (w *Writer) LiveBoxes(id seal.PartID, from uint64, maxBytes int) ([]SealedBox, error) {
	w.mu.Lock()
	p := w.parts[id]
	if p == nil || p.in == nil || from < p.entry.First {
		w.mu.Unlock()
		return nil, fmt.Errorf("part %s, box %d: not in a segment that is being written", id, from)
	}
	// Committed offsets never change: the slice may be read without the lock.
	s, offsets := p.in, p.entry.Offsets
	skip := min(from-p.entry.First, uint64(len(offsets)))
	w.mu.Unlock()
	if offsets = offsets[skip:]; len(offsets) == 0 {
		return nil, nil
	}
	heads, data, err := s.Read(offsets, maxBytes)
	if err != nil {
		return nil, err
	}
	boxes := make([]SealedBox, len(heads))
	for i, h := range heads {
		boxes[i] = SealedBox{Box: h.Box, Kind: h.Kind, Last: h.Last, Sealed: data[i]}
	}
	return boxes, nil
}
