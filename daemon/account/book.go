package account

import (
	"fmt"
	"sync"
	"time"

	"linevault/codec/pcm"
	"linevault/storage"
	"linevault/storage/durable"
	"linevault/storage/keys/journal"
)

// Book is the recorder's side: it writes notes. It is safe for concurrent use, and nobody who tells it
// something waits for the disk.
type Book struct {
	dir     string
	now     func() time.Time
	problem func(error)
	done    sync.WaitGroup

	mu      sync.Mutex // guards what follows
	wake    *sync.Cond
	queue   []queued
	current *file
	calls   map[storage.CallID]*signalled
	keys    map[string]*signalled
	ended   bool
}

// signalled is a call that is not settled yet.
type signalled struct {
	key  string
	in   *file // where its notes are
	open int   // recordings that are not complete
	any  bool  // one began
	over time.Time
}

type queued struct {
	in   *file
	data []byte // nil: nothing will follow
}

// untakenAfter is how long a line may take to take up a call that the card told of.
const untakenAfter = time.Minute

// Open begins a book in a data folder. Errors of the disk go to problem, and nil once they are over.
func Open(dir string, problem func(error)) (*Book, error) {
	if err := durable.MakeFolder(Folder(dir)); err != nil {
		return nil, fmt.Errorf("the account of calls: %w", err)
	}
	b := &Book{
		dir: dir, now: time.Now, problem: problem,
		calls: map[storage.CallID]*signalled{}, keys: map[string]*signalled{},
	}
	b.wake = sync.NewCond(&b.mu)
	if err := tidy(dir); err != nil {
		return nil, fmt.Errorf("the account of calls: %w", err)
	}
	f, err := newFile(dir, b.now())
	if err != nil {
		return nil, fmt.Errorf("the account of calls: %w", err)
	}
	b.current = f
	b.done.Go(b.write)
	return b, nil
}

// Begin notes that a recording begins. ref is the call's name in the signalling, empty where
// the line has none: then the recording is the call.
func (b *Book) Begin(call storage.CallID, ref string, line pcm.LineID, at time.Time) {
	b.mu.Lock()
	defer b.mu.Unlock()
	key := ref
	if key == "" {
		key = string(call)
	}
	n := Note{What: Began, Call: call, At: at}
	s := b.keys[key]
	if s == nil {
		s = b.first(&n, key, line, at)
	}
	s.any = true
	s.open++
	b.calls[call] = s
	b.note(s, n)
}

// Kept notes that a recording is complete, or why there is none.
func (b *Book) Kept(call storage.CallID, why Why) {
	b.mu.Lock()
	defer b.mu.Unlock()
	s := b.calls[call]
	if s == nil {
		return
	}
	delete(b.calls, call)
	s.open--
	b.note(s, Note{What: Kept, Call: call, Why: why})
	b.settle(s)
}

// Over notes that the call of a recording has ended, where the signalling has no name for it.
func (b *Book) Over(call storage.CallID) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if s := b.keys[string(call)]; s != nil {
		b.over(s)
	}
}

// Ended notes that a call that the signalling names is over. If no line has taken it up
// yet, it is one of line all the same.
func (b *Book) Ended(ref string, line pcm.LineID, at time.Time) {
	b.mu.Lock()
	defer b.mu.Unlock()
	s := b.keys[ref]
	if s == nil {
		n := Note{What: Shown, At: at}
		s = b.first(&n, ref, line, at)
		s.over = b.now()
		b.note(s, n)
		return
	}
	b.over(s)
}

func (b *Book) over(s *signalled) {
	s.over = b.now()
	b.settle(s)
}

// first makes what is known of a call, and completes its first note. The caller holds mu.
func (b *Book) first(n *Note, key string, line pcm.LineID, at time.Time) *signalled {
	day := DayOf(at)
	if f := b.current; f.size > fullAt || f.day != DayOf(b.now()) {
		if next, err := newFile(b.dir, b.now()); err == nil { // else the old one will do
			f.last = true
			b.leave(f)
			b.current = next
		}
	}
	n.Line, n.Day = Opaque(line), day
	n.N = b.current.count(n.Line, day)
	s := &signalled{key: key, in: b.current}
	s.in.open++
	b.keys[key] = s
	return s
}

// settle ends what is known of a call of which nothing more will come. The caller holds mu.
func (b *Book) settle(s *signalled) {
	if s.over.IsZero() || s.open > 0 || !s.any {
		return
	}
	b.finish(s, "")
}

func (b *Book) finish(s *signalled, why Why) {
	b.note(s, Note{What: Over, Why: why})
	delete(b.keys, s.key)
	s.in.open--
	b.leave(s.in)
}

// leave lets go of a file in which nothing will be written any more. The caller holds mu.
func (b *Book) leave(f *file) {
	if f.last && f.open == 0 {
		b.queue = append(b.queue, queued{in: f})
		b.wake.Signal()
	}
}

// note queues a note. The caller holds mu.
func (b *Book) note(s *signalled, n Note) {
	n.Key = s.key
	data := journal.Append(nil, n.encode())
	s.in.size += len(data)
	b.queue = append(b.queue, queued{s.in, data})
	b.wake.Signal()
}

// Sweep gives up calls that the card told of and no line took up. Call it now and then.
func (b *Book) Sweep() {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, s := range b.keys {
		if !s.any && !s.over.IsZero() && b.now().Sub(s.over) > untakenAfter {
			b.finish(s, Untaken)
		}
	}
}

// Close ends the book: no call goes on any more. It returns when everything is written.
func (b *Book) Close() {
	b.mu.Lock()
	for _, s := range b.keys {
		why := Why("")
		if !s.any {
			why = Untaken
		}
		b.finish(s, why)
	}
	b.current.last = true
	b.leave(b.current)
	b.ended = true
	b.wake.Signal()
	b.mu.Unlock()
	b.done.Wait()
}
