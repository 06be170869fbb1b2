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
// fragments missing or short, heads damaged, entries that disagree with the stream. It does
// not open boxes.
func (r *Reader) Verify(damaged func(error)) {
	report := func(off int64, err error) {
		damaged(&DamageError{Segment: r.Name.String(), Offset: off, Err: err})
	}
	starts := r.verifyFragments(report)
	entries := map[string]*Entry{}
	r.Entries(func(e *Entry) { entries[string(e.Part[:])] = e }, damaged)
	seen := 0
	for _, e := range r.Scan(damaged) {
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
		for _, off := range e.Offsets {
			if off < 0 {
				continue // Scan has told
			}
			i := off / body
			if first, ok := starts[i]; ok && int64(first) > off%body {
				report(off, errors.New("a box begins where its fragment says that none does"))
			}
		}
	}
	if seen < len(entries) {
		report(-1, fmt.Errorf("%d parts have an entry and no sound boxes", len(entries)-seen))
	}
}

// verifyFragments walks the stream's fragments, which must follow each other, all but the
// last one full. It returns where each says that its first record begins.
func (r *Reader) verifyFragments(report func(int64, error)) map[int64]uint16 {
	r.mu.Lock()
	defer r.mu.Unlock()
	starts := map[int64]uint16{}
	next, short := int64(0), false
	r.pages.walk(r.boxes, func(e element) {
		i, ok := fragmentNumber(e)
		if !ok || i != next || short {
			report(next*body, errors.New("fragments do not follow each other"))
		}
		next, short = i+1, len(e.value) < fragment
		if len(e.value) >= 2 {
			starts[i] = binary.LittleEndian.Uint16(e.value)
		}
	}, func(err error) { report(next*body, err) })
	return starts
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
