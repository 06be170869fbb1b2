package storage

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"slices"
	"sync"
	"time"

	"linevault/storage/internal/crash"
	"linevault/storage/keys"
	"linevault/storage/seal"
	"linevault/storage/segment"
)

// A look lists at once what was recorded since the one before. Where that is much, because the
// catalogue is lost or no desk ran for long, it is put off: a desk then reads period by period,
// the newest first, a share at a time, and answers meanwhile from what is listed so far. All that
// a period has (segments, notes about keys, annotations) is left alone until its turn; then its
// segments are read together, so that no part is ever described by some of its boxes.

// atOnce is how many parts a look describes at once, by what the Store does with the snapshot;
// what is not here describes all.
var atOnce = map[opening]int{keeping: 2_000, remaking: 2_000, recalling: 50_000}

const (
	shareTime = 300 * time.Millisecond // after which a look with a share lets others look
	tryAgain  = 5 * time.Second        // after a share that failed
)

// saveLater is how old the snapshot becomes while there is something left.
var saveLater = time.Minute

// later is what was put off. Store.refreshing guards it, but for what is under Store.mu.
type later struct {
	periods []period             // the newest last
	waits   map[period]bool      // the same
	parts   map[seal.PartID]bool // of the last period that was taken: to be described

	progress Progress // under Store.mu
	running  bool     // under Store.mu: catchUp is at it
	closed   bool     // under Store.mu
	closing  chan struct{}
	work     sync.WaitGroup
}

// Progress is how far the list of calls has come while it is being made anew.
type Progress struct {
	Whole bool      `json:"whole"` // it is not: every call is listed
	Files int       `json:"files"` // of recordings, and
	Read  int       `json:"read"`  // those of which every call is listed
	From  time.Time `json:"from"`  // calls from this day on are listed; zero while none is known
}

// String says how far it is.
func (p Progress) String() string {
	switch {
	case p.Whole:
		return "every call is listed"
	case p.From.IsZero():
		return fmt.Sprintf("the newest calls are listed first; %s of %s files read", thousands(p.Read), thousands(p.Files))
	}
	return fmt.Sprintf("calls from %s on are listed so far; %s of %s files read", p.From.Format("2 January 2006"), thousands(p.Read), thousands(p.Files))
}

func thousands(n int) string {
	if n < 1000 {
		return fmt.Sprint(n)
	}
	return fmt.Sprintf("%s,%03d", thousands(n/1000), n%1000)
}

// ErrUnlisted is a call that may be there: the list of calls is being made anew, and the call is
// not in it yet, or not with all its parts.
var ErrUnlisted = errors.New("the list of calls is being made anew and this call is not yet in it, or not whole: try again later")

// Progress is how far the list of calls has come.
func (s *Store) Progress() Progress {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.later.progress
}

// held is a *HeldBackError until every call is listed: nobody may destroy on the word of a list
// that is not whole.
func (p Progress) held() error {
	if p.Whole {
		return nil
	}
	return &HeldBackError{fmt.Sprintf("the list of calls is being made anew (%s): it goes on once that is done", p), NotListed}
}

// behind reports whether something is put off. The caller holds refreshing.
func (l *later) behind() bool { return len(l.periods) > 0 || len(l.parts) > 0 }

// putOff notes which periods have their turn later, where there is more to read than at once.
func (s *Store) putOff(list []os.DirEntry) {
	l := &s.later
	most, some := atOnce[s.how]
	if !some || l.behind() {
		return
	}
	if s.allRead(list) {
		return
	}
	type count struct{ files, unread int }
	counts := map[period]count{}
	s.mu.Lock()
	for _, e := range list {
		n, err := segment.ParseName(e.Name())
		if err != nil {
			continue // readSegment tells
		}
		p := period{n.Class, keys.Day(n.Day)}
		c := counts[p]
		if c.files++; s.segments[e.Name()] == (segmentMark{}) {
			c.unread++
		}
		counts[p] = c
	}
	s.mu.Unlock()
	sizes := keys.PartCounts(s.dir)
	parts := 0
	for p, c := range counts {
		if c.unread == 0 {
			delete(counts, p)
			continue
		}
		parts += sizes[keys.Period{Class: p.class, Day: p.day}] * c.unread / c.files
	}
	if parts <= most {
		return
	}
	for p := range counts {
		l.periods = append(l.periods, p)
		l.waits[p] = true
	}
	slices.SortFunc(l.periods, func(a, b period) int { return cmp.Or(cmp.Compare(a.day, b.day), cmp.Compare(a.class, b.class)) })
}

// allRead reports whether at most as many files are unread as a recorder writes at a time.
func (s *Store) allRead(list []os.DirEntry) bool {
	const few = 2
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(list) <= len(s.segments)+few
}

// takePeriod has the newest period read that waits, once all of the one before are described.
func (s *Store) takePeriod() (taken period) {
	l := &s.later
	if len(l.parts) > 0 || len(l.periods) == 0 {
		return taken
	}
	taken = l.periods[len(l.periods)-1]
	l.periods = l.periods[:len(l.periods)-1]
	delete(l.waits, taken)
	return taken
}

// queue has the parts of a period described a share at a time.
func (s *Store) queue(p period) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for id, sp := range s.parts {
		if sp.period == p && (sp.moved || !sp.settled()) {
			s.later.parts[id] = true
		}
	}
}

// note brings Progress up to date after a look.
func (s *Store) note(list []os.DirEntry) {
	l := &s.later
	s.mu.Lock()
	defer s.mu.Unlock()
	p := Progress{Whole: !l.behind(), Read: len(s.segments)}
	if p.Files = p.Read; p.Whole {
		l.progress = p
		return
	}
	for _, e := range list {
		n, err := segment.ParseName(e.Name())
		if err == nil && l.waits[period{n.Class, keys.Day(n.Day)}] && s.segments[e.Name()] == (segmentMark{}) {
			p.Files++
		}
	}
	newest := keys.Day("")
	if k := len(l.periods); k > 0 {
		newest = l.periods[k-1].day
	}
	for id := range l.parts {
		if sp := s.parts[id]; sp != nil {
			newest = max(newest, sp.period.day)
		}
	}
	day, err := time.Parse(time.DateOnly, string(newest))
	if from := day.AddDate(0, 0, 1); err == nil && p.Read > 0 && from.Before(time.Now()) {
		p.From = from
	}
	l.progress = p
}

// readShare makes a look with a share of what was put off.
func (s *Store) readShare() (left bool, err error) {
	s.refreshing.Lock()
	defer s.refreshing.Unlock()
	err = s.look(true)
	s.listing.partial = err != nil
	crash.At("read a share")
	return s.later.behind(), err
}

// catchUp has what was put off read meanwhile, by a desk.
func (s *Store) catchUp() {
	s.mu.Lock()
	defer s.mu.Unlock()
	l := &s.later
	if s.how != keeping || l.progress.Whole || l.running || l.closed {
		return
	}
	l.running = true
	l.work.Go(func() {
		for s.shareAgain() {
		}
	})
}

// shareAgain reads a share, and reports whether to go on.
func (s *Store) shareAgain() bool {
	l := &s.later
	left, err := s.readShare()
	if err != nil {
		select { // what is wrong is told by whoever looks
		case <-l.closing:
		case <-time.After(tryAgain):
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	l.running = left && !l.closed
	return l.running
}

// stopLater ends catchUp.
func (s *Store) stopLater() {
	s.mu.Lock()
	if !s.later.closed {
		s.later.closed = true
		close(s.later.closing)
	}
	s.mu.Unlock()
	s.later.work.Wait()
}

// lacks reports whether a call may have parts that are not listed yet.
func lacks(parts []*storedPart) bool {
	for i, p := range parts {
		if p.head.Number != i {
			return true
		}
	}
	last := parts[len(parts)-1]
	return last.end != nil && last.end.Why == Continued
}
