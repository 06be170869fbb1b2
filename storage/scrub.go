package storage

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"linevault/storage/seal"
	"linevault/storage/segment"
)

// Finding is something stored that can no longer be read.
type Finding struct {
	Segment string      `json:"segment"`
	Part    seal.PartID `json:"part,omitzero"` // zero where it is not about one part
	Call    CallID      `json:"call,omitempty"`
	Text    string      `json:"text"`
	Since   time.Time   `json:"since"`
}

// Scrubbed is how far the nightly reading has come.
type Scrubbed struct {
	Last     time.Time            `json:"last"`     // when a night's share was last read to its end
	Segments int                  `json:"segments"` // of that share
	Bytes    int64                `json:"bytes"`
	Read     map[string]time.Time `json:"read"` // when each segment was last read whole
	Findings []Finding            `json:"findings,omitempty"`
}

// ScrubOptions are what Scrub may be told.
type ScrubOptions struct {
	Now  time.Time
	Days int // within which all that is stored is to be read once
	// Rest is called after each bit of work, with how long that took: nil goes on at once.
	Rest func(ctx context.Context, work time.Duration)
	// Found is told of each finding that was not there, and Gone of each that is there no more.
	// What they return ends the scrub, and is tried again in the next one.
	Found, Gone func(Finding) error
}

func (s *Store) scrubState() state { return stateFile(s.dir, "scrub", s.ring) }

// Scrubbed is how far the nightly reading has come.
func (s *Store) Scrubbed() (Scrubbed, error) {
	at := Scrubbed{Read: map[string]time.Time{}}
	_, err := s.scrubState().read(&at)
	if err != nil {
		return Scrubbed{}, fmt.Errorf("how far stored calls were read again: %w", err)
	}
	return at, nil
}

// Segments is how many closed segments there are.
func (s *Store) Segments() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.segments)
}

// Scrub reads a share of the closed segments, those that were read longest ago, so that within
// the days all are read: from the disk, each box opened. A call of which something cannot be
// read is listed as damaged from then on, until it can be read again. Progress is kept after
// each segment. One scrub runs at a time.
func (s *Store) Scrub(ctx context.Context, o ScrubOptions) (Scrubbed, error) {
	if o.Rest == nil {
		o.Rest = func(context.Context, time.Duration) {}
	}
	at, err := s.Scrubbed()
	if err == nil {
		err = s.Progress().held() // it opens the boxes of what is listed
	}
	if err != nil {
		return at, err
	}
	share, err := s.share(&at, o.Days)
	if err != nil {
		return at, err
	}
	var bytes int64
	for _, f := range share {
		began := time.Now()
		found, err := s.scrubSegment(ctx, f.name, s.partsIn(f.name), o)
		if errors.Is(err, segment.ErrLive) {
			continue
		}
		if err == nil {
			err = ctx.Err()
		}
		if err != nil {
			return at, err
		}
		if err := s.settle(&at, f.name, found, o); err != nil {
			return at, err
		}
		bytes += f.size
		at.Read[f.name] = o.Now
		if err := s.scrubState().write(&at); err != nil {
			return at, folderError(s.dir, err)
		}
		o.Rest(ctx, time.Since(began))
	}
	at.Last, at.Segments, at.Bytes = o.Now, len(share), bytes
	if err := s.scrubState().write(&at); err != nil {
		return at, folderError(s.dir, err)
	}
	return at, nil
}

// sized is a segment and how long its file is.
type sized struct {
	name string
	size int64
}

// share chooses what is read tonight, and drops from the progress what is there no more.
func (s *Store) share(at *Scrubbed, days int) ([]sized, error) {
	names, _, _, err := segment.List(filepath.Join(s.dir, segmentsDir))
	if err != nil {
		return nil, folderError(s.dir, err)
	}
	var all []sized
	var total int64
	there := map[string]bool{}
	for _, n := range names {
		info, err := os.Stat(filepath.Join(s.dir, segmentsDir, n))
		if err != nil {
			continue // it was destroyed meanwhile
		}
		there[n] = true
		total += info.Size()
		all = append(all, sized{n, info.Size()})
	}
	for n := range at.Read {
		if !there[n] {
			delete(at.Read, n)
		}
	}
	troubled := map[string]bool{}
	for _, f := range at.Findings {
		troubled[f.Segment] = true
	}
	slices.SortFunc(all, func(a, b sized) int {
		if troubled[a.name] != troubled[b.name] {
			if troubled[a.name] {
				return -1
			}
			return 1
		}
		return cmp.Or(at.Read[a.name].Compare(at.Read[b.name]), strings.Compare(a.name, b.name))
	})
	var share int64
	for i := range all {
		if !troubled[all[i].name] {
			share += all[i].size
		}
		if share*int64(max(1, days)) >= total {
			return all[:i+1], nil
		}
	}
	return all, nil
}

// partsIn are the parts with boxes in a segment.
func (s *Store) partsIn(name string) (parts []*storedPart) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.wakeSegment(name)
	for _, p := range s.parts {
		if slices.ContainsFunc(p.places, func(at place) bool { return at.segment == name }) {
			parts = append(parts, p)
		}
	}
	return parts
}

// scrubSegment reads a segment from the disk, and opens every box in it.
func (s *Store) scrubSegment(ctx context.Context, name string, parts []*storedPart, o ScrubOptions) (found []Finding, err error) {
	err = s.files.use(name, func(r *segment.Reader) error {
		r.Uncache() // what memory still has of it says nothing about the disk
		defer r.Uncache()
		r.Verify(func(err error) {
			found = append(found, Finding{Segment: name, Text: err.Error(), Since: o.Now})
		})
		return nil
	})
	if errors.Is(err, segment.ErrLive) || errors.Is(err, os.ErrNotExist) {
		return nil, segment.ErrLive
	}
	if err != nil {
		return append(found, Finding{Segment: name, Text: sentence(err), Since: o.Now}), nil
	}
	for _, p := range parts {
		began := time.Now()
		if err := s.scrubPart(name, p); err != nil {
			s.mu.Lock()
			call := p.head.Call.ID
			s.mu.Unlock()
			found = append(found, Finding{Segment: name, Part: p.id, Call: call, Text: err.Error(), Since: o.Now})
		}
		o.Rest(ctx, time.Since(began))
		if err := ctx.Err(); err != nil {
			return nil, err
		}
	}
	return found, nil
}

// scrubPart opens the boxes of a part that lie in a segment, and returns what is wrong first.
func (s *Store) scrubPart(name string, p *storedPart) error {
	s.mu.Lock()
	places := slices.Clone(p.places)
	s.mu.Unlock()
	r, err := s.readerOf(p)
	if errors.Is(err, ErrDestroyed) {
		return nil
	}
	if err != nil {
		return err
	}
	defer r.close()
	r.refresh = true
	for _, at := range places {
		if at.segment != name {
			continue
		}
		for n := at.first; n < at.first+at.count; n++ {
			if _, err := r.open(n); err != nil {
				return err
			}
		}
	}
	return nil
}
