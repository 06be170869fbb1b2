package storage

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"time"

	"linevault/storage/keys"
	"linevault/storage/seal"
	"linevault/storage/segment"
)

// look is one look at recorder and folder, with a share of what was put off where that is wanted.
func (s *Store) look(share bool) (err error) {
	// The recorder is asked first: a segment that it closes meanwhile is found in the folder.
	live, liveErr := s.askLive()
	list, err := os.ReadDir(filepath.Join(s.dir, segmentsDir))
	if err != nil {
		return folderError(s.dir, err)
	}
	if err := s.ring.Reload(); err != nil { // what was destroyed elsewhere leaves our memory, too
		return err
	}
	s.mu.Lock()
	s.identity, s.unasked = nil, false
	s.mu.Unlock()
	changed := s.moved
	s.moved = map[seal.PartID]bool{}
	defer func() {
		if err != nil {
			maps.Copy(s.moved, changed) // their segments are not read again
		}
	}()
	s.mu.Lock()
	if s.listing.broken != nil {
		s.startOver()
	}
	s.mu.Unlock()
	if s.coming, err = s.comingParts(); err != nil {
		return err
	}
	if err := s.dropGone(list, changed); err != nil {
		return err
	}
	s.putOff(list)
	defer s.note(list)
	behind := s.later.behind()
	var taken period
	if share {
		taken = s.takePeriod()
	}
	for _, e := range list {
		s.readSegment(e, liveErr, changed)
	}
	s.takeLive(live, changed)
	if taken != (period{}) {
		s.queue(taken)
	}
	if err := s.keyNotes(changed); err != nil {
		return err
	}
	s.describeAll(changed, share)
	if err := s.readAnnotations(); err != nil {
		return err
	}
	s.noteHolds()
	s.noteReleases()
	s.mu.Lock()
	s.index()
	s.identity = nil
	again := s.listing.broken != nil && !s.listing.inMemory
	if !again {
		s.sleep()
	}
	s.mu.Unlock()
	if again {
		return s.look(share) // from the boxes, this time
	}
	if behind && !s.later.behind() {
		s.recallFindings()
		s.mu.Lock()
		s.listing.news, s.listing.saved = true, time.Time{}
		s.mu.Unlock()
	}
	s.saveListing()
	return nil
}

// askLive asks the recorder for its parts.
func (s *Store) askLive() ([]LivePart, error) {
	if s.live == nil {
		return nil, errors.New("it was not asked")
	}
	ctx, cancel := context.WithTimeout(context.Background(), liveTimeout)
	defer cancel()
	return s.live.LiveParts(ctx)
}

// Unasked reports whether the last look found a recorder that could not be asked: what it recorded
// last is missing then, and what became of its calls cannot be said.
func (s *Store) Unasked() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.unasked
}

// readSegment reads a segment's list of parts once it is closed.
func (s *Store) readSegment(file os.DirEntry, liveErr error, changed map[seal.PartID]bool) {
	name := file.Name()
	s.mu.Lock()
	_, done := s.segments[name]
	s.mu.Unlock()
	if done || segment.IsTemp(name) {
		return
	}
	if n, err := segment.ParseName(name); err == nil && s.later.waits[period{n.Class, keys.Day(n.Day)}] {
		return
	}
	var entries []*segment.Entry
	scanned := false
	var n segment.Name
	mark := markOf(file)
	err := s.files.use(name, func(r *segment.Reader) error {
		n = r.Name
		damaged := func(err error) {
			s.problem(name+": "+err.Error(), Problem{Segment: name, Text: sentence(err), Breaks: breaks(err)})
		}
		r.Entries(func(e *segment.Entry) { entries = append(entries, e) }, damaged)
		if !r.Closed {
			// A crash: the stream itself tells what the entries do not.
			scanned = true
			entries = append(entries, r.Scan(damaged)...)
		}
		return nil
	})
	s.mu.Lock()
	defer s.mu.Unlock()
	if errors.Is(err, segment.ErrLive) {
		if liveErr != nil {
			s.unasked = true
			s.problems[name] = Problem{Segment: name, Text: fmt.Sprintf("a recorder is running on %s: what it recorded last is missing "+
				"from this view, because it could not be asked (%v)", s.dir, liveErr)}
		}
		return
	}
	s.segments[name] = mark
	delete(s.problems, name)
	if err != nil {
		s.problems[name] = Problem{Segment: name, Text: sentence(err), Breaks: breaks(err)}
		return
	}
	p := period{n.Class, keys.Day(n.Day)}
	if n.Seq >= segment.DeskFrom || s.listing.doubtful[name] {
		// It was made of one that is known, or may be known.
		if s.wakePeriod(p) != nil {
			return // the next look begins anew
		}
	}
	for _, e := range entries {
		s.place(p, name, e, scanned)
		changed[e.Part] = true
	}
}

// markOf is a segment as it is now; nothing can be said of one that is gone meanwhile.
func markOf(file os.DirEntry) (mark segmentMark) {
	if info, err := file.Info(); err == nil {
		mark = segmentMark{Size: info.Size(), Mod: info.ModTime().UnixNano()}
	}
	return mark
}

// dropGone forgets segments whose files are gone: they expired, or were set aside. So it does
// with those that are not as the catalogue's snapshot knows them.
func (s *Store) dropGone(list []os.DirEntry, changed map[seal.PartID]bool) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	there := map[string]bool{}
	for _, e := range list {
		there[e.Name()] = true
		if mark, known := s.segments[e.Name()]; s.listing.unproved && known && mark != markOf(e) {
			there[e.Name()] = false
		}
	}
	s.listing.unproved = false
	lost, periods := map[string]bool{}, map[period]bool{}
	for name := range s.segments {
		if there[name] {
			continue
		}
		delete(s.segments, name)
		maps.DeleteFunc(s.problems, func(_ string, p Problem) bool { return p.Segment == name })
		s.files.gone(name)
		lost[name] = true
		if n, err := segment.ParseName(name); err == nil {
			periods[period{n.Class, keys.Day(n.Day)}] = true
		}
	}
	for p := range periods {
		if err := s.wakePeriod(p); err != nil {
			return err
		}
	}
	if len(lost) == 0 {
		return nil
	}
	for id, p := range s.parts {
		n := len(p.places)
		p.places = slices.DeleteFunc(p.places, func(at place) bool { return lost[at.segment] })
		if len(p.places) < n {
			p.summary = summary{}
			changed[id] = true
		}
	}
	return nil
}

// takeLive notes which parts are live now.
func (s *Store) takeLive(live []LivePart, changed map[seal.PartID]bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := map[seal.PartID]*LivePart{}
	for i := range live {
		l := &live[i]
		now[l.Part] = l
		p := s.part(l.Part, period{l.Class, l.Day})
		if p.live == nil || *p.live != *l {
			p.live, p.moved = l, true
			changed[l.Part] = true
		}
	}
	for id, p := range s.parts {
		if p.live != nil && now[id] == nil {
			p.live, p.moved = nil, true
			changed[id] = true
		}
	}
}
