package storage

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"linevault/storage/keys"
	"linevault/storage/seal"
	"linevault/storage/segment"
)

// liveTimeout is how long a reader waits for the recorder's answer.
const liveTimeout = 5 * time.Second

// Store is the reader's side: the desk's and the command line's. It writes no segment but when
// something is destroyed.
// It is safe for several goroutines.
type Store struct {
	dir   string
	live  Live
	ring  *keys.Ring
	files *files

	listing listing
	said    annotations

	refreshing sync.Mutex                // held by Refresh; guards kept and moved
	kept       map[seal.PartID]*seal.Key // of live parts
	moved      map[seal.PartID]bool      // parts whose boxes moved while they were read
	coming     map[seal.PartID]bool      // parts that a destruction under way is making

	mu       sync.Mutex // guards what follows
	parts    map[seal.PartID]*storedPart
	calls    map[CallID][]*storedPart // by number; those that are awake
	gone     map[CallID]bool          // since the last look: not to be woken
	looks    int                      // how often there was a look
	segments map[string]segmentMark   // read or set aside
	problems map[string]Problem       // by what they are about
	locked   map[period]map[seal.PartID]seal.Locked
	noted    map[period]string      // the names of its files of part keys that nobody appends to
	ended    map[seal.PartID]CallID // since TakeEnded
	told     map[seal.PartID]CallID // taken, and Entered did not come since
	released map[CallID][]Released  // what was looked at and is no card data
	// The private key used last, kept while Refresh runs: parts come by the day.
	identity seal.Identity
	of       period
}

// storedPart is what the store knows of a part. Store.mu guards it.
type storedPart struct {
	id     seal.PartID
	period period
	places []place
	live   *LivePart // nil when no recorder has it
	of     CallID    // the call that lists it
	used   int       // the look at which it was last wanted, of a call's first part
	moved  bool      // its boxes lie elsewhere than the catalogue has it
	summary
}

// segmentMark is a segment as it was when it was read.
type segmentMark struct {
	Size int64 `json:"size"`
	Mod  int64 `json:"mod"`
}

// place is where boxes of a part lie: a run of numbers in one segment.
type place struct {
	segment string
	first   uint64
	count   uint64
	offsets []int64 // nil where the segment has the part's entry
	commits bool
	commit  [32]byte
	ended   bool
}

// Open opens the store in dir for reading. live gets what a running recorder still writes; it
// may be nil.
func Open(dir string, live Live) (*Store, error) { return open(dir, live, recalling) }

func open(dir string, live Live, how opening) (*Store, error) {
	if err := checkFormat(dir); err != nil {
		return nil, err
	}
	ring, err := keys.OpenRing(dir)
	if err != nil {
		return nil, fmt.Errorf("store in %s: %w", dir, err)
	}
	return openWith(dir, live, how, ring)
}

// openWith is open with a ring that somebody has opened.
func openWith(dir string, live Live, how opening, ring *keys.Ring) (*Store, error) {
	s := &Store{
		dir: dir, live: live, ring: ring, files: newFiles(dir),
		parts:    map[seal.PartID]*storedPart{},
		calls:    map[CallID][]*storedPart{},
		gone:     map[CallID]bool{},
		segments: map[string]segmentMark{},
		problems: map[string]Problem{},
		locked:   map[period]map[seal.PartID]seal.Locked{},
		noted:    map[period]string{},
		ended:    map[seal.PartID]CallID{},
		told:     map[seal.PartID]CallID{},
		kept:     map[seal.PartID]*seal.Key{},
		moved:    map[seal.PartID]bool{},
		said:     newAnnotations(),
	}
	s.openListing(how)
	if err := s.Refresh(); err != nil {
		s.Close()
		return nil, err
	}
	if how != fromBoxes {
		s.recallFindings()
	}
	s.mu.Lock()
	s.listing.index.ReadRest()
	s.mu.Unlock()
	return s, nil
}

// Close lets go of the segments.
func (s *Store) Close() {
	s.closeListing()
	s.files.close()
}

// Refresh looks at the folder and the recorder again. It reads only what is new.
func (s *Store) Refresh() error {
	s.refreshing.Lock()
	defer s.refreshing.Unlock()
	// A segment that the recorder closes while we look is found by looking again.
	for range 3 {
		err := s.look()
		s.listing.partial = err != nil
		if err != nil || len(s.moved) == 0 {
			return err
		}
	}
	return nil // the next Refresh goes on with what moved
}

// look is one look at recorder and folder.
func (s *Store) look() (err error) {
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
	s.identity = nil
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
	for _, e := range list {
		s.readSegment(e, liveErr, changed)
	}
	s.takeLive(live, changed)
	if err := s.keyNotes(changed); err != nil {
		return err
	}
	for id := range changed {
		if s.describe(id) {
			s.moved[id] = true
		}
	}
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
		return s.look() // from the boxes, this time
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

// readSegment reads a segment's list of parts once it is closed.
func (s *Store) readSegment(file os.DirEntry, liveErr error, changed map[seal.PartID]bool) {
	name := file.Name()
	s.mu.Lock()
	_, done := s.segments[name]
	s.mu.Unlock()
	if done || segment.IsTemp(name) {
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

// place adds where a part's boxes lie. The caller holds mu.
func (s *Store) place(p period, name string, e *segment.Entry, scanned bool) {
	sp := s.part(e.Part, p)
	at := place{
		segment: name, first: e.First, count: uint64(len(e.Offsets)),
		commits: e.Commits, commit: e.Commitment, ended: e.Ended,
	}
	if scanned {
		at.offsets = e.Offsets
	}
	sp.put(at)
	sp.moved = true
}

func (s *Store) part(id seal.PartID, p period) *storedPart {
	sp := s.parts[id]
	if sp == nil {
		sp = &storedPart{id: id, period: p}
		s.parts[id] = sp
	}
	return sp
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
