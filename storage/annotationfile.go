package storage

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"

	"linevault/storage/durable"
	"linevault/storage/internal/crash"
	"linevault/storage/keys"
	"linevault/storage/keys/journal"
	"linevault/storage/seal"
	"linevault/storage/segment"
)

// annotationsDir has a journal for each period, DAY.CLASS. A record is the id of a part of the
// call and the annotation, sealed under the key of that part.
const annotationsDir = "annotations"

// said is an annotation as it is on disk.
type said struct {
	part   seal.PartID
	sealed []byte
}

func (a said) payload() []byte { return append(a.part[:], a.sealed...) }

func readSaid(payload []byte) (said, bool) {
	if len(payload) < len(seal.PartID{})+seal.Overhead {
		return said{}, false
	}
	return said{seal.PartID(payload), payload[len(seal.PartID{}):]}, true
}

// sealSaid seals an annotation for a part.
func sealSaid(key *seal.Key, part seal.PartID, plain []byte) said {
	return said{part, key.Seal(nil, seal.Place{Part: part, Kind: seal.Said}, plain)}
}

func (a said) open(key *seal.Key) (Annotation, error) {
	plain, err := key.Open(nil, seal.Place{Part: a.part, Kind: seal.Said}, a.sealed)
	if err != nil {
		return Annotation{}, err
	}
	return decodeAnnotation(plain)
}

func (s *Store) annotationPath(p period) string {
	return filepath.Join(s.dir, annotationsDir, p.String())
}

// annotationPeriod is the period that a file of annotations is of.
func annotationPeriod(name string) (period, bool) {
	day, class, ok := strings.Cut(name, ".")
	n := segment.Name{Day: day, Class: class, Seq: 1}
	m, err := segment.ParseName(n.String())
	return period{class, keys.Day(day)}, ok && err == nil && m == n
}

// lockAnnotations keeps others from writing annotations until unlock.
func (s *Store) lockAnnotations() (unlock func(), err error) {
	dir := filepath.Join(s.dir, annotationsDir)
	if err := durable.MakeFolder(dir); err != nil {
		return nil, folderError(s.dir, err)
	}
	unlock, err = journal.Lock(filepath.Join(dir, "lock"))
	if err != nil {
		return nil, folderError(s.dir, err)
	}
	return unlock, nil
}

// appendSaid writes annotations at the end of a period's file, durably.
func (s *Store) appendSaid(p period, list ...said) error {
	unlock, err := s.lockAnnotations()
	if err != nil {
		return err
	}
	defer unlock()
	path := s.annotationPath(p)
	if err := mendTail(path); err != nil {
		return folderError(s.dir, err)
	}
	var b []byte
	for _, a := range list {
		b = journal.Append(b, a.payload())
	}
	crash.At("annotate " + filepath.Base(path))
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_APPEND|unix.O_NOFOLLOW, 0o600)
	if err != nil {
		return folderError(s.dir, err)
	}
	_, err = f.Write(b)
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return folderError(s.dir, err)
	}
	if err := durable.SyncFolder(filepath.Dir(path)); err != nil {
		return folderError(s.dir, err)
	}
	return nil
}

// mendTail writes a file again without the torn record that a crash left at its end, which
// nobody was told was kept. What is damaged elsewhere stays, for Check to tell.
func mendTail(path string) error {
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	defer f.Close()
	stat, err := f.Stat()
	if err != nil {
		return err
	}
	tears, err := journal.Scan(f, 0, stat.Size(), func(int64, []byte) error { return nil })
	if err != nil || !torn(tears, stat.Size()) {
		return err
	}
	b := make([]byte, tears[len(tears)-1].At)
	if _, err := f.ReadAt(b, 0); err != nil {
		return err
	}
	return replaceFile(path, b)
}

// torn reports whether a file ends with a tear.
func torn(tears []journal.Tear, size int64) bool {
	n := len(tears)
	return n > 0 && tears[n-1].At+tears[n-1].Bytes == size
}

// scanSaid emits the annotations of a file from an offset on, and returns its tears and where
// its last whole record ends.
func scanSaid(path string, from int64, emit func(said)) (tears []journal.Tear, size int64, err error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, 0, err
	}
	defer f.Close()
	stat, err := f.Stat()
	if err != nil {
		return nil, 0, err
	}
	tears, err = journal.Scan(f, from, stat.Size(), func(at int64, payload []byte) error {
		a, ok := readSaid(payload)
		if !ok {
			return fmt.Errorf("%s: at %d: %w", filepath.Base(path), at, errAnnotation)
		}
		a.sealed = append([]byte(nil), a.sealed...)
		emit(a)
		return nil
	})
	size = stat.Size()
	if torn(tears, size) {
		size = tears[len(tears)-1].At
	}
	return tears, size, err
}

// sweepAnnotations takes what was said about what is destroyed out of the files. It opens no
// more as it is.
func (s *Store) sweepAnnotations() error {
	list, err := os.ReadDir(filepath.Join(s.dir, annotationsDir))
	if errors.Is(err, fs.ErrNotExist) || len(list) == 0 {
		return nil
	}
	if err != nil {
		return folderError(s.dir, err)
	}
	unlock, err := s.lockAnnotations()
	if err != nil {
		return err
	}
	defer unlock()
	for _, e := range list {
		p, ok := annotationPeriod(e.Name())
		if !ok {
			continue
		}
		if err := s.sweepSaid(p); err != nil {
			return folderError(s.dir, err)
		}
	}
	return nil
}

// sweepSaid is sweepAnnotations for one file.
func (s *Store) sweepSaid(p period) error {
	s.mu.Lock()
	noted := s.noted[p] != ""
	s.mu.Unlock()
	if !noted {
		return nil
	}
	var kept []byte
	gone := false
	path := s.annotationPath(p)
	tears, _, err := scanSaid(path, 0, func(a said) {
		if s.destroyed(a.part, p) {
			gone = true
			return
		}
		kept = journal.Append(kept, a.payload())
	})
	if err != nil || !gone || len(tears) > 0 {
		return err // damage stays where Check tells of it
	}
	if len(kept) > 0 {
		return replaceFile(path, kept)
	}
	crash.At("remove " + filepath.Base(path))
	return errors.Join(os.Remove(path), durable.SyncFolder(filepath.Dir(path)))
}
