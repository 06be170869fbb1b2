package segment

import (
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

	mu     sync.Mutex // guards all that follows
	file   *os.File
	pages  *pages
	parts  bucket
	runs   *runs
	tail   tail
	window window
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

// ErrRenamed is a segment that has another one's name.
var ErrRenamed = errors.New("it was renamed, or somebody put it there")

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
		return fmt.Errorf("inside it says that it is %s.%s: %w", day, class, ErrRenamed)
	}
	r.Closed = len(closed) == 1
	if r.parts, err = r.pages.bucket(partsBucket); err != nil {
		return err
	}
	boxes, err := r.pages.bucket(boxesBucket)
	if err != nil {
		return err
	}
	last, err := r.pages.bucket(tailBucket)
	if err != nil {
		return err
	}
	r.runs = &runs{pages: r.pages, in: boxes}
	r.tail = r.pages.tail(last, r.runs.end(last.sequence))
	return nil
}

// Uncache has the kernel let go of what it keeps of the file in memory, so that it is read from
// the disk.
func (r *Reader) Uncache() {
	r.mu.Lock()
	defer r.mu.Unlock()
	_ = unix.Fadvise(int(r.file.Fd()), 0, 0, unix.FADV_DONTNEED) // it is advice
	r.window.b, r.runs.leaf = nil, nil
	clear(r.pages.cache)
	in, err := r.pages.bucket(tailBucket)
	if err != nil {
		r.tail.err = err
		return
	}
	r.tail = r.pages.tail(in, r.tail.start)
}

// Read returns the box whose head is at off, in memory of its own. A negative offset stands
// for a head that Scan found damaged.
func (r *Reader) Read(off int64) (Head, []byte, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if off < 0 {
		return Head{}, nil, &DamageError{Segment: r.Name.String(), Offset: -1, Err: errHead}
	}
	r.window.ahead = readAhead
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

// Size is how long the stream of boxes is.
func (r *Reader) Size() int64 {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.tail.end()
}

// Close lets go of the file.
func (r *Reader) Close() error { return r.file.Close() }
