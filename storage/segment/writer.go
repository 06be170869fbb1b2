package segment

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"time"

	bolt "go.etcd.io/bbolt"

	"linevault/storage/durable"
	"linevault/storage/seal"
)

// Writer appends boxes to a new segment. Append and Commit belong to one goroutine; Read may
// be called by others meanwhile.
type Writer struct {
	Name Name

	dir     string
	db      *bolt.DB
	pending []byte // the stream from the end of the last run on
	starts  []int  // in pending: where records begin
	base    int64  // how much of the stream is in runs
	saved   int    // in pending: how much is committed, in the tail
	inRuns  int    // in pending: how much of it the commit under way puts into runs
	entries map[seal.PartID][]byte
	value   []byte // room for the fragments of one commit

	rewritten bool     // another file has taken its name
	file      *os.File // that bbolt opened
	faulted   bool     // bbolt panicked: nothing more is asked of it

	mu     sync.RWMutex // guards closed against Read
	closed bool
}

// Create makes a segment in dir, which must exist, and holds it open. A crash at any moment
// leaves either the whole new segment or a temporary file that holds nothing: bbolt's one
// weak moment is the making of a file.
func Create(dir string, name Name, maxSize int64) (w *Writer, err error) {
	path := filepath.Join(dir, name.String())
	if _, err := os.Lstat(path); err == nil {
		return nil, fmt.Errorf("segment %s: there already", name)
	}
	temp := filepath.Join(dir, tempPrefix+name.String())
	defer func() {
		if err != nil {
			err = fmt.Errorf("segment %s: create: %w", name, err)
		}
	}()
	var file *os.File
	db, err := bolt.Open(temp, 0o600, &bolt.Options{
		OpenFile: func(name string, flag int, mode os.FileMode) (*os.File, error) {
			var err error
			file, err = os.OpenFile(name, flag, mode)
			return file, err
		},
		Timeout:  time.Second,
		PageSize: pageSize,
		// A map costs nothing on append; the list is written out so that a file needs no
		// scan when it is opened.
		FreelistType: bolt.FreelistMapType,
		// The whole mapping at once: growing it later would wait for readers. Room past the
		// cap is for what the last commit brings.
		InitialMmapSize: int(maxSize + maxSize/8 + 1<<20),
		NoStatistics:    true,
	})
	if err != nil {
		return nil, errors.Join(err, removeIfThere(temp))
	}
	db.AllocSize = firstSize
	w = &Writer{Name: name, dir: dir, db: db, file: file, entries: map[seal.PartID][]byte{}}
	err = db.Update(func(tx *bolt.Tx) error {
		for _, b := range [][]byte{metaBucket, boxesBucket, tailBucket, partsBucket} {
			if _, err := tx.CreateBucket(b); err != nil {
				return err
			}
		}
		return putMeta(tx.Bucket(metaBucket), name)
	})
	if err == nil {
		err = os.Rename(temp, path)
	}
	if err == nil {
		err = durable.SyncFolder(dir)
	}
	if err != nil {
		return nil, errors.Join(err, db.Close(), removeIfThere(temp))
	}
	return w, nil
}

// The keys of the meta bucket.
var (
	keyVersion = []byte("version")
	keyClass   = []byte("class")
	keyDay     = []byte("day")
	keyCreated = []byte("created")
	keyClosed  = []byte("closed") // there when every part has its entry
)

func putMeta(b *bolt.Bucket, n Name) error {
	return errors.Join(
		b.Put(keyVersion, []byte{Version}),
		b.Put(keyClass, []byte(n.Class)),
		b.Put(keyDay, []byte(n.Day)),
		b.Put(keyCreated, []byte(time.Now().UTC().Format(time.RFC3339))),
	)
}

// Append adds a box, whose sealed bytes it copies, and says where its head is. It is on disk
// once Commit has returned nil.
func (w *Writer) Append(h Head, sealed []byte) (offset int64) {
	h.Length = len(sealed)
	w.starts = append(w.starts, len(w.pending))
	offset = w.base + int64(len(w.pending))
	w.pending = h.append(w.pending)
	w.pending = append(w.pending, sealed...)
	return offset
}

// End takes a part's entry, which Close writes: all of them in order fill their pages, and
// nobody asks for one before.
func (w *Writer) End(e *Entry) { w.entries[e.Part] = e.append(nil) }

// Size is how long the stream is, with what is not yet committed.
func (w *Writer) Size() int64 { return w.base + int64(len(w.pending)) }

// Commit makes durable everything appended. After an error the segment must not be written
// again: Linux forgets pages that it could not write. What was committed before stays good.
func (w *Writer) Commit() error {
	if len(w.pending) == w.saved {
		return nil
	}
	// bbolt fsyncs a file that grows: grow by some commits at a time.
	w.db.AllocSize = min(max(firstSize, growBy*len(w.pending)), 16<<20)
	if err := w.update(w.put); err != nil {
		return fmt.Errorf("segment %s: commit: %w", w.Name, err)
	}
	w.keepTail()
	return nil
}

const (
	growBy    = 8       // commits that the file has room for when it grows
	firstSize = 1 << 20 // room that a new file has
)

// update runs a transaction, and notes if bbolt panicked in it.
func (w *Writer) update(f func(*bolt.Tx) error) error {
	err := guard(func() error { return w.db.Update(f) })
	if _, fault := errors.AsType[*faultError](err); fault {
		w.faulted = true
	}
	return err
}

// Read returns the sealed bytes of committed boxes whose heads are at the offsets, until the
// sum is over maxBytes, and at least one.
func (w *Writer) Read(offsets []int64, maxBytes int) (heads []Head, boxes [][]byte, err error) {
	w.mu.RLock()
	defer w.mu.RUnlock()
	if w.closed {
		return nil, nil, fmt.Errorf("segment %s: closed", w.Name)
	}
	// The active segment is read through bbolt's mapping: a fault must not end the recorder.
	err = guard(func() error {
		return w.db.View(func(tx *bolt.Tx) error {
			s := stream{fragment: committed(tx)}
			sum := 0
			for _, off := range offsets {
				h, sealed, _, err := s.record(off)
				if err != nil {
					return &DamageError{Segment: w.Name.String(), Offset: off, Err: err}
				}
				heads, boxes = append(heads, h), append(boxes, sealed)
				if sum += len(sealed); sum >= maxBytes {
					return nil
				}
			}
			return nil
		})
	})
	return heads, boxes, err
}

// Close commits what is pending with a note that every part has its entry, writes a short
// segment again without free pages, and lets go of the file. After an error the segment is as
// its last good commit left it.
func (w *Writer) Close() error {
	err := w.Commit()
	if err == nil {
		err = w.update(w.finish)
	}
	if err == nil && w.Size() <= maxRewrite {
		err = w.rewrite()
	}
	return errors.Join(err, w.Abandon())
}

// Abandon lets go of the file as its last commit left it.
func (w *Writer) Abandon() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.closed {
		return nil
	}
	w.closed = true
	if w.faulted {
		// bbolt would wait for its own lock for ever. Closing the file lets readers at it;
		// the mapping stays until the process ends.
		return w.file.Close()
	}
	var used int64
	err := guard(func() error {
		return w.db.View(func(tx *bolt.Tx) error { used = tx.Size(); return nil })
	})
	err = errors.Join(err, w.db.Close())
	if err != nil || used == 0 || w.rewritten {
		return err
	}
	// bbolt grows a file ahead of need; what it did not come to use is given back.
	return os.Truncate(filepath.Join(w.dir, w.Name.String()), used)
}

// Remove abandons the segment and deletes it: only for one that holds nothing acknowledged.
func (w *Writer) Remove() error {
	return errors.Join(w.Abandon(), removeIfThere(filepath.Join(w.dir, w.Name.String())))
}
