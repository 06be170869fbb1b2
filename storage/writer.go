package storage

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"sync"
	"time"

	"linevault/storage/keys"
	"linevault/storage/seal"
	"linevault/storage/segment"
)

// WriterOptions are what a Writer needs to know.
type WriterOptions struct {
	// Now is the time of day, for the day of new parts. Nil is time.Now.
	Now func() time.Time
	// MaxSegment rolls a segment that has grown past it. Zero is 256 MiB.
	MaxSegment int64
	// OnProblem is told what went wrong with the disk, in one sentence with what to do. It
	// is called from Commit; nil drops it.
	OnProblem func(error)
	// Backlog is how many bytes of sealed boxes wait in memory while the disk stalls. What
	// comes on top becomes gaps of cause Lost. Zero is the constant Backlog.
	Backlog int64
}

// Backlog is how many bytes of sealed boxes wait while the disk stalls, if nothing else is said:
// more than two minutes of 120 lines with both parties apart at 16 kbit/s.
const Backlog = 64 << 20

// Writer is the recorder's side of a store. It knows public keys only and opens no segment
// but those it made. Its methods are safe for several goroutines.
type Writer struct {
	dir        string
	o          WriterOptions
	lock       *os.File
	recipients *keys.Recipients

	// Held for reading while a part begins: Rekey waits until its key is queued.
	begins sync.RWMutex

	mu    sync.Mutex // guards all up to the next mutex
	queue []queued
	keys  []partKey // locked keys of new parts, for the next commit
	bytes int64     // of boxes not acknowledged
	boxes int
	full  bool     // the backlog was, and has not halved yet
	stop  string   // why no sound is kept; empty while it is
	free  [][]byte // buffers of boxes for reuse
	parts map[seal.PartID]*part
	rolls uint64 // segments made: a change makes every recording state its call again
	done  bool

	disk sync.Mutex // held while the disk is written; guards what follows
	// One segment for each class and day that has a live part.
	segments map[period]*active
	keyFiles map[period]*keys.PartFile
	seq      map[period]int
	oldKeys  map[string]keys.Day // class: the day on which it was last said that its keys are old
}

// period is what a segment and its keys belong to.
type period struct {
	class string
	day   keys.Day
}

// queued is a sealed box on its way to disk.
type queued struct {
	part *part
	head segment.Head
	data []byte
}

type partKey struct {
	part   seal.PartID
	period period
	locked seal.Locked
}

// part is what the writer knows of a part that is live, or lies in an active segment.
// Writer.mu guards its changing fields.
type part struct {
	id         seal.PartID
	period     period
	commitment [32]byte
	in         *active       // the segment that its last box went to
	entry      segment.Entry // its boxes there
	next       uint64        // boxes acknowledged
	ended      bool
}

// active is a segment being written.
type active struct {
	*segment.Writer
	number uint32
	parts  []*part
}

// OpenWriter opens the store in dir for the one recorder that may write it.
func OpenWriter(dir string, o WriterOptions) (*Writer, error) {
	if err := checkFormat(dir); err != nil {
		return nil, err
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.MaxSegment <= 0 {
		o.MaxSegment = 256 << 20
	}
	if o.Backlog <= 0 {
		o.Backlog = Backlog
	}
	if o.OnProblem == nil {
		o.OnProblem = func(error) {}
	}
	lock, err := lockRecorder(dir)
	if err != nil {
		return nil, err
	}
	w := &Writer{
		dir: dir, o: o, lock: lock,
		parts:    map[seal.PartID]*part{},
		segments: map[period]*active{},
		keyFiles: map[period]*keys.PartFile{},
		seq:      map[period]int{},
		oldKeys:  map[string]keys.Day{},
	}
	if w.recipients, err = keys.OpenRecipients(dir); err == nil {
		err = w.tidy()
	}
	if err != nil {
		return nil, errors.Join(err, lock.Close())
	}
	return w, nil
}

// Begin starts the first part of a call. The caller has set its ID, Class, Format, Start and
// From.
func (w *Writer) Begin(c Call) (*Recording, error) {
	return w.begin(header{Call: c})
}

func (w *Writer) begin(h header) (*Recording, error) {
	c := h.Call
	if c.ID == "" || c.Format.Rate < 1000 || c.Format.Legs < 1 || c.Format.Legs > 2 {
		return nil, fmt.Errorf("call %s: a call needs an ID and a format (%+v)", c.ID, c.Format)
	}
	w.begins.RLock()
	defer w.begins.RUnlock()
	recipient, day, err := w.recipients.For(c.Class, keys.DayOf(w.o.Now()))
	if err != nil {
		return nil, fmt.Errorf("call %s: no key to lock it with: %w", c.ID, err)
	}
	w.noteOldKey(c.Class, day)
	key, id := seal.NewKey(), seal.NewPartID()
	locked, err := recipient.Lock(id, key)
	if err != nil {
		return nil, fmt.Errorf("call %s: %w", c.ID, err)
	}
	p := &part{id: id, period: period{c.Class, day}, commitment: key.Commitment()}
	j, err := json.Marshal(h)
	if err != nil {
		return nil, fmt.Errorf("call %s: %w", c.ID, err)
	}
	r := &Recording{w: w, part: p, key: key, call: c, number: h.Number}
	r.b.format = c.Format
	r.b.reset(c.From)
	r.b.tail = append(r.b.tail, tagHeader)
	r.b.tail = appendBytes(r.b.tail, j)

	w.mu.Lock()
	if w.done {
		w.mu.Unlock()
		return nil, fmt.Errorf("call %s: the store is closed", c.ID)
	}
	w.keys = append(w.keys, partKey{part: id, period: p.period, locked: locked})
	w.parts[id] = p
	r.rolls = w.rolls
	w.mu.Unlock()
	return r, r.seal(seal.Header, notLast)
}

// noteOldKey says, once a day for each class, that what is recorded goes to the key of another
// day, because nobody has made newer ones. Recording goes on.
func (w *Writer) noteOldKey(class string, day keys.Day) {
	today := keys.DayOf(w.o.Now())
	w.mu.Lock()
	said := day == today || w.oldKeys[class] == today
	if !said {
		w.oldKeys[class] = today
	}
	w.mu.Unlock()
	if !said {
		w.o.OnProblem(fmt.Errorf("recording class %s to the key of %s, the newest there is: "+
			"the desk makes new ones when it runs and its keys are not locked; look with `linevault keys status`", class, day))
	}
}

// StopSound makes gaps of cause Lost, with that reason, of all sound from now on; calls are
// still noted. An empty reason lets sound be kept again.
func (w *Writer) StopSound(reason string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.stop = reason
}

// room says why n more bytes of sound may not wait, or nothing. Once the backlog is full, half
// of it must be written first: one long gap is better than many short ones.
func (w *Writer) room(n int) (why string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	limit := w.o.Backlog
	if w.full {
		limit /= 2
	}
	w.full = w.bytes+int64(n) > limit
	switch {
	case w.stop != "":
		return w.stop
	case w.full:
		return backlogReason
	}
	return ""
}

// NoSound says why sound would not be kept now, or nothing: what a recording is given becomes a
// gap of cause Lost.
func (w *Writer) NoSound() (why string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	limit := w.o.Backlog
	if w.full {
		limit /= 2
	}
	switch {
	case w.stop != "":
		return w.stop
	case w.bytes > limit:
		return backlogReason
	}
	return ""
}

// buffer lends memory for a sealed box of n bytes.
func (w *Writer) buffer(n int) []byte {
	w.mu.Lock()
	defer w.mu.Unlock()
	if k := len(w.free) - 1; k >= 0 {
		b := w.free[k]
		w.free[k] = nil
		w.free = w.free[:k]
		if cap(b) >= n {
			return b[:0]
		}
	}
	return make([]byte, 0, n+n/4)
}

// enqueue takes a sealed box over.
func (w *Writer) enqueue(q queued) (rolls uint64, err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.done {
		return 0, errors.New("the store is closed")
	}
	w.queue = append(w.queue, q)
	w.bytes += int64(len(q.data))
	w.boxes++
	return w.rolls, nil
}

// Pending is what was sealed and is not yet acknowledged.
func (w *Writer) Pending() (boxes int, bytes int64) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.boxes, w.bytes
}

// Run commits at each interval until ctx ends, then once more. Errors go to OnProblem.
func (w *Writer) Run(ctx context.Context, every time.Duration) {
	t := time.NewTicker(every)
	defer t.Stop()
	for {
		select {
		case <-t.C:
			_ = w.Commit() // OnProblem has been told
		case <-ctx.Done():
			_ = w.Commit() // OnProblem has been told
			return
		}
	}
}

// Close commits what is queued, closes the segments and lets go of the store. Parts that were
// not finished stay interrupted.
func (w *Writer) Close() error {
	err := w.Commit()
	w.mu.Lock()
	w.done = true
	w.mu.Unlock()
	err = errors.Join(err, w.Roll())
	w.disk.Lock()
	defer w.disk.Unlock()
	for p, f := range w.keyFiles {
		err = errors.Join(err, f.Close())
		delete(w.keyFiles, p)
	}
	return errors.Join(err, w.lock.Close())
}
