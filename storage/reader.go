package storage

import (
	"fmt"
	"runtime"
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

	how     opening
	listing listing
	said    annotations
	later   later

	keeping sync.Mutex                // guards kept
	kept    map[seal.PartID]*seal.Key // of live parts

	reading sync.Mutex // held by who reads a file of part keys

	refreshing sync.Mutex           // held by Refresh; guards moved and coming
	moved      map[seal.PartID]bool // parts whose boxes moved while they were read
	coming     map[seal.PartID]bool // parts that a destruction under way is making

	mu       sync.Mutex // guards what follows
	parts    map[seal.PartID]*storedPart
	calls    map[CallID][]*storedPart // by number; those that are awake
	gone     map[CallID]bool          // since the last look: not to be woken
	looks    int                      // how often there was a look
	segments map[string]segmentMark   // read or set aside
	problems map[string]Problem       // by what they are about
	unasked  bool                     // as Unasked says
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
		dir: dir, live: live, ring: ring, files: newFiles(dir), how: how,
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
		later:    later{waits: map[period]bool{}, parts: map[seal.PartID]bool{}, closing: make(chan struct{})},
	}
	s.openListing(how)
	err := s.Refresh()
	for left := how == remaking; left && err == nil; {
		left, err = s.readShare()
	}
	if err != nil {
		s.Close()
		return nil, err
	}
	if how != fromBoxes {
		s.recallFindings()
	}
	s.mu.Lock()
	s.listing.index.ReadRest(runtime.GOMAXPROCS(0))
	s.mu.Unlock()
	return s, nil
}

// Close lets go of the segments.
func (s *Store) Close() {
	s.stopLater()
	s.closeListing()
	s.files.close()
}

// Refresh looks at the folder and the recorder again. It reads only what is new, and of that
// only a little: Progress tells what is left.
func (s *Store) Refresh() error {
	err := s.lookAgain()
	s.catchUp()
	return err
}

// Glance is Refresh for who cannot wait: while what was put off is read, which looks again with
// each share, it returns at once.
func (s *Store) Glance() error {
	s.mu.Lock()
	running := s.later.running
	s.mu.Unlock()
	if running {
		return nil
	}
	return s.Refresh()
}

func (s *Store) lookAgain() error {
	s.refreshing.Lock()
	defer s.refreshing.Unlock()
	// A segment that the recorder closes while we look is found by looking again.
	for range 3 {
		err := s.look(false)
		s.listing.partial = err != nil
		if err != nil || len(s.moved) == 0 {
			return err
		}
	}
	return nil // the next Refresh goes on with what moved
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
