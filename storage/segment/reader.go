package segment

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync"

	"golang.org/x/sys/unix"

	"linevault/storage/seal"
)

// VersionError is a segment made by a newer Linevault. It is left as it is.
type VersionError struct {
	Segment string
	Version int
}

func (e *VersionError) Error() string {
	return fmt.Sprintf("segment %s has format %d and this Linevault knows up to %d: "+
		"install the newer Linevault; the segment was not touched", e.Segment, e.Version, Version)
}

// Reader reads a closed segment. It is safe for several goroutines.
type Reader struct {
	Name   Name
	Closed bool // every part has its entry: no need to scan

	mu    sync.Mutex // guards pages, leaf and file
	file  *os.File
	pages *pages
	boxes bucket
	parts bucket
	leaf  leafCache
	size  int64 // of the stream
}

// Open opens a segment that no recorder holds; ErrLive if one does. It never writes.
func Open(dir, file string) (*Reader, error) {
	name, err := ParseName(file)
	if err != nil {
		return nil, err
	}
	// A named pipe or a device in the folder must not hang or act: a segment is a file.
	path := filepath.Join(dir, file)
	if info, err := os.Lstat(path); err != nil {
		return nil, fmt.Errorf("segment %s: %w", file, bare(err))
	} else if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%s: %w: it is no plain file", file, ErrForeign)
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("segment %s: %w", file, bare(err))
	}
	// The recorder's bbolt holds an exclusive lock while it writes.
	if err := unix.Flock(int(f.Fd()), unix.LOCK_SH|unix.LOCK_NB); err != nil {
		_ = f.Close() // nothing was written
		if errors.Is(err, unix.EWOULDBLOCK) {
			return nil, fmt.Errorf("segment %s: %w", file, ErrLive)
		}
		return nil, fmt.Errorf("segment %s: lock: %w", file, err)
	}
	r := &Reader{Name: name, file: f}
	info, err := f.Stat()
	if err == nil {
		err = r.open(f, info.Size())
	}
	if err != nil {
		_ = f.Close() // nothing was written
		if _, newer := errors.AsType[*VersionError](err); newer {
			return nil, err
		}
		return nil, fmt.Errorf("segment %s: %w", file, err)
	}
	return r, nil
}

// bare drops the path from an error of the os package: the caller names the segment.
func bare(err error) error {
	if e, ok := errors.AsType[*os.PathError](err); ok {
		return e.Err
	}
	return err
}

// open reads what every later read needs.
func (r *Reader) open(f io.ReaderAt, size int64) (err error) {
	if r.pages, err = openPages(f, size); err != nil {
		return err
	}
	meta, err := r.pages.bucket(metaBucket)
	if err != nil {
		return err
	}
	value := func(key []byte) []byte {
		e, err2 := r.pages.get(meta, key)
		if err2 != nil && !errors.Is(err2, errMissing) {
			err = err2
		}
		return e.value
	}
	version, class, day, closed := value(keyVersion), value(keyClass), value(keyDay), value(keyClosed)
	if err != nil {
		return err
	}
	if len(version) != 1 || version[0] == 0 {
		return errors.New("it is a bbolt file but not a segment (no format version)")
	}
	if version[0] > Version {
		return &VersionError{Segment: r.Name.String(), Version: int(version[0])}
	}
	if string(class) != r.Name.Class || string(day) != r.Name.Day {
		return fmt.Errorf("inside it says that it is %s.%s: it was renamed", day, class)
	}
	r.Closed = len(closed) == 1
	if r.boxes, err = r.pages.bucket(boxesBucket); err != nil {
		return err
	}
	if r.parts, err = r.pages.bucket(partsBucket); err != nil {
		return err
	}
	r.size, err = r.measure()
	return err
}

// Uncache has the kernel let go of what it keeps of the file in memory, so that it is read from
// the disk.
func (r *Reader) Uncache() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.leaf = leafCache{}
	_ = unix.Fadvise(int(r.file.Fd()), 0, 0, unix.FADV_DONTNEED) // it is advice
}

// measure finds the stream's length: its last key says how many fragments, the value how
// long the last one is.
func (r *Reader) measure() (int64, error) {
	b, err := r.pages.top(r.boxes)
	for range maxDepth {
		if err != nil {
			return 0, err
		}
		n, branch, err2 := elements(b)
		if err2 != nil || n == 0 {
			return 0, err2
		}
		e, err2 := elementAt(b, n-1, branch)
		if err2 != nil {
			return 0, err2
		}
		if !branch {
			i, ok := fragmentNumber(e)
			// A fragment takes a page at least: no flipped bit makes the stream endless.
			if !ok || uint64(i) >= r.pages.count() {
				return 0, errPage
			}
			return i*body + int64(len(e.value)) - 2, nil
		}
		b, err = r.pages.page(e.child)
	}
	return 0, errPage
}

// fragmentNumber reads and checks the key of a fragment.
func fragmentNumber(e element) (int64, bool) {
	if len(e.key) != keySize || len(e.value) < 2 || len(e.value) > fragment {
		return 0, false
	}
	i := binary.BigEndian.Uint64(e.key)
	return int64(i), i < 1<<32
}

func (r *Reader) stream() *stream { return &stream{fragment: r.fragment, length: r.size} }

// Read returns the box whose head is at off, in memory of its own. A negative offset stands
// for a head that Scan found damaged.
func (r *Reader) Read(off int64) (Head, []byte, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if off < 0 {
		return Head{}, nil, &DamageError{Segment: r.Name.String(), Offset: -1, Err: errHead}
	}
	h, sealed, _, err := r.stream().record(off)
	if err != nil {
		return h, nil, &DamageError{Segment: r.Name.String(), Offset: off, Err: err}
	}
	return h, sealed, nil
}

// Entry returns the entry of a part, or nil if it has none.
func (r *Reader) Entry(part seal.PartID) (*Entry, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	e, err := r.pages.get(r.parts, part[:])
	if errors.Is(err, errMissing) {
		return nil, nil
	}
	if err != nil {
		return nil, &DamageError{Segment: r.Name.String(), Offset: -1, Err: err}
	}
	return parseEntry(part, e.value)
}

// Entries calls found for every part's entry, and damaged for each thing that cannot be read.
func (r *Reader) Entries(found func(*Entry), damaged func(error)) {
	r.mu.Lock()
	defer r.mu.Unlock()
	report := func(err error) {
		damaged(&DamageError{Segment: r.Name.String(), Offset: -1, Err: fmt.Errorf("parts: %w", err)})
	}
	r.pages.walk(r.parts, func(e element) {
		if len(e.key) != len(seal.PartID{}) {
			report(errEntry)
			return
		}
		entry, err := parseEntry(seal.PartID(e.key), e.value)
		if err != nil {
			report(err)
			return
		}
		found(entry)
	}, report)
}

// Scan finds the boxes in the stream itself and returns an entry for every part: the way back
// when a crash came before the entries were written. What cannot be read goes to damaged.
func (r *Reader) Scan(damaged func(error)) []*Entry {
	r.mu.Lock()
	defer r.mu.Unlock()
	var entries []*Entry
	byNumber := map[uint32]*Entry{}
	report := func(off int64, err error) {
		damaged(&DamageError{Segment: r.Name.String(), Offset: off, Err: err})
	}
	r.stream().scan(func(h Head, off int64) {
		e := byNumber[h.Number]
		switch {
		case h.Declares && e == nil:
			e = &Entry{
				Part: h.Part, Number: h.Number, First: h.Box,
				Commits: h.Commits, Commitment: h.Commitment,
			}
			byNumber[h.Number] = e
			entries = append(entries, e)
		case e == nil || h.Declares:
			report(off, fmt.Errorf("a box of a part that does not begin here (number %d)", h.Number))
			return
		case h.Box != e.First+uint64(len(e.Offsets)):
			// Those between were lost: an offset that reads as damage keeps the numbers.
			for h.Box > e.First+uint64(len(e.Offsets)) && h.Box-e.First < uint64(r.size) {
				e.Offsets = append(e.Offsets, -1)
			}
			if h.Box != e.First+uint64(len(e.Offsets)) {
				report(off, errors.New("a box out of its order"))
				return
			}
		}
		e.Offsets = append(e.Offsets, off)
		e.Ended = e.Ended || h.Last
	}, report)
	return entries
}

// Size is how long the stream of boxes is.
func (r *Reader) Size() int64 { return r.size }

// Close lets go of the file.
func (r *Reader) Close() error { return r.file.Close() }
