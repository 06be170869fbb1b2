package segment

import (
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"

	bolt "go.etcd.io/bbolt"
)

// Verify reads all of a closed segment and tells damaged what is not as it should be:
// runs missing, heads damaged, entries that disagree with the stream. It does not open boxes.
func (r *Reader) Verify(damaged func(error)) {
	report := func(off int64, err error) {
		damaged(&DamageError{Segment: r.Name.String(), Offset: off, Err: err})
	}
	r.verifyRuns(report)
	if err := r.verifyFree(); err != nil {
		report(-1, err)
	}
	entries := map[string]*Entry{}
	r.Entries(func(e *Entry) { entries[string(e.Part[:])] = e }, damaged)
	before := int64(-1)
	begins := func(off int64) {
		f, err := r.fragment(off)
		if err == nil && f.from != before && f.from+int64(f.first) != off {
			report(off, errors.New("a fragment says wrongly where its first box begins"))
		}
		before = f.from
	}
	seen := 0
	for _, e := range r.scan(damaged, begins) {
		stored := entries[string(e.Part[:])]
		switch {
		case stored == nil:
			if r.Closed {
				report(-1, fmt.Errorf("part %s has boxes and no entry", e.Part))
			}
		case !slices.Equal(stored.Offsets, e.Offsets) || stored.First != e.First || stored.Ended != e.Ended ||
			stored.Commits != e.Commits || stored.Commitment != e.Commitment:
			report(-1, fmt.Errorf("the entry of part %s does not agree with its boxes", e.Part))
		default:
			seen++
		}
	}
	if seen < len(entries) {
		report(-1, fmt.Errorf("%d parts have an entry and no sound boxes", len(entries)-seen))
	}
}

// verifyRuns walks the runs, which must follow each other up to the tail, and whose heads must
// say what the bucket says.
func (r *Reader) verifyRuns(report func(int64, error)) {
	r.mu.Lock()
	defer r.mu.Unlock()
	var end int64
	r.pages.walk(r.runs.in, func(e element) {
		n, ok := r.pages.runOf(e)
		if !ok || n.start != end {
			report(end, errors.New("the runs of the stream do not follow each other"))
		}
		if !ok {
			return
		}
		end = n.end()
		var b [runHead]byte
		_, err := r.pages.r.ReadAt(b[:], int64(n.page)*pageSize)
		if head, ok := r.pages.runAt(n.page, b[:]); err == nil && (!ok || head != n) {
			err = errPage
		}
		if err != nil {
			report(n.start, fmt.Errorf("the head of a run: %w", noEOF(err)))
		}
	}, func(err error) { report(end, err) })
	if end != r.tail.start || uint64(end) != r.tail.said {
		report(end, errors.New("the runs of the stream do not reach its tail"))
	}
}

var errFree = errors.New("the list of free pages is damaged, which costs no call")

// verifyFree reads the list of free pages as bbolt would, which believes what that says of its
// own length, and ends the process where that leads out of the file.
func (r *Reader) verifyFree() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.pages.free == noFreeList {
		return nil
	}
	b, err := r.pages.page(r.pages.free)
	if err != nil {
		return fmt.Errorf("%w: %w", errFree, err)
	}
	n, ids := uint64(binary.LittleEndian.Uint16(b[10:])), b[pageHeader:]
	if n == manyFree {
		n, ids = binary.LittleEndian.Uint64(ids), ids[8:]
	}
	if binary.LittleEndian.Uint16(b[8:]) != freeFlag || n > uint64(len(ids)/8) {
		return errFree
	}
	before := uint64(1)
	for i := range n {
		id := binary.LittleEndian.Uint64(ids[8*i:])
		if id <= before || id >= r.pages.high {
			return errFree
		}
		before = id
	}
	return nil
}

// CheckPages lets bbolt check a closed segment: that every page is in use once or free. Call
// it only for a segment in which Verify found nothing: what bbolt does on a damaged file is
// not always an error.
func CheckPages(dir, file string) (err error) {
	defer func() {
		if err != nil {
			err = fmt.Errorf("segment %s: %w", file, err)
		}
	}()
	db, err := bolt.Open(filepath.Join(dir, file), 0o600, &bolt.Options{
		ReadOnly: true, Timeout: time.Second, PageSize: pageSize, NoStatistics: true,
	})
	if err != nil {
		return err
	}
	err = guard(func() error {
		return db.View(func(tx *bolt.Tx) error {
			var errs []error
			for e := range tx.Check() {
				errs = append(errs, e)
			}
			return errors.Join(errs...)
		})
	})
	return errors.Join(err, db.Close())
}

// List names the segments in dir, and what else lies there.
func List(dir string) (segments, temps, foreign []string, err error) {
	list, err := os.ReadDir(dir)
	if err != nil {
		return nil, nil, nil, err
	}
	for _, e := range list {
		_, nameErr := ParseName(e.Name())
		switch {
		case IsTemp(e.Name()):
			temps = append(temps, e.Name())
		case nameErr != nil:
			foreign = append(foreign, e.Name())
		default:
			segments = append(segments, e.Name())
		}
	}
	return segments, temps, foreign, nil
}
