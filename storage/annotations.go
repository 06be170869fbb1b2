package storage

import (
	"cmp"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"

	"golang.org/x/sys/unix"

	"linevault/storage/durable"
	"linevault/storage/keys/journal"
	"linevault/storage/ledger"
	"linevault/storage/seal"
)

// annotations is what a Store knows of what was said about calls.
type annotations struct {
	of map[CallID][]Annotation // under Store.mu: in the order of time

	// Under Store.refreshing.
	read    map[string]annotationMark // how far each file was read
	waiting map[seal.PartID]unheard   // of parts that are not listed, or not yet
}

// annotationMark is how far a file was read. A file that was written again is another one.
type annotationMark struct {
	Size int64  `json:"size"`
	Node uint64 `json:"node"`
}

// unheard is what was said of a part and is not opened yet.
type unheard struct {
	period period
	list   []said
}

func newAnnotations() annotations {
	return annotations{
		of: map[CallID][]Annotation{}, read: map[string]annotationMark{}, waiting: map[seal.PartID]unheard{},
	}
}

// Annotate adds what a.By says about a call, now. The ledger is told first, by enter, with the
// hash of what is kept and not with what it says.
func (s *Store) Annotate(id CallID, a Annotation, enter func(ledger.Event) error) error {
	if a.By == "" {
		return errors.New("an annotation needs to say who makes it")
	}
	if err := a.check(); err != nil {
		return err
	}
	// No part may lose its key between here and there.
	dir := filepath.Join(s.dir, destructionDir)
	if err := durable.MakeFolder(dir); err != nil {
		return folderError(s.dir, err)
	}
	unlock, err := journal.Lock(filepath.Join(dir, "lock"))
	if err != nil {
		return folderError(s.dir, err)
	}
	defer unlock()
	if err := s.Refresh(); err != nil {
		return err
	}
	if _, err := s.Find(id); err != nil {
		return err
	}
	part, of, key, err := s.partToSayItWith(id)
	if err != nil {
		return fmt.Errorf("call %s: %w", id, err)
	}
	defer key.Forget()
	s.mu.Lock()
	_, err = s.wake(id)
	before := slices.Clone(s.said.of[id])
	s.mu.Unlock()
	if err != nil {
		return err
	}
	if len(before) >= maxAnnotations {
		return &AnnotationError{fmt.Sprintf("this call has %d annotations already, which is the most there can be", maxAnnotations)}
	}
	now := time.Now().UTC().Truncate(time.Millisecond)
	a.ID, a.At = rand.Text(), lastWord(before, now)
	plain, err := json.Marshal(a)
	if err != nil {
		return err
	}
	kept := sealSaid(key, part, plain)
	hash := sha256.Sum256(kept.sealed)
	err = enter(ledger.Event{
		At: now, Kind: "annotation", Who: a.By, Call: string(id), Text: string(a.Kind),
		Data: map[string]string{"sha256": hex.EncodeToString(hash[:])},
	})
	if err != nil {
		return err
	}
	if err := s.appendSaid(of, kept); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, err := s.wake(id); err != nil {
		return err
	}
	s.hear(id, a)
	s.index()
	return nil
}

// partToSayItWith is the first part of a call whose key there is.
func (s *Store) partToSayItWith(id CallID) (seal.PartID, period, *seal.Key, error) {
	s.mu.Lock()
	awake, err := s.wake(id)
	parts := slices.Clone(awake)
	s.mu.Unlock()
	if err = cmp.Or(err, ErrNoCall); len(parts) == 0 {
		return seal.PartID{}, period{}, nil, err
	}
	for _, p := range parts {
		r, rerr := s.readerOf(p)
		if err = rerr; err == nil {
			return p.id, p.period, r.key, nil
		}
	}
	return seal.PartID{}, period{}, nil, err
}

// hear takes in what was said about a call. The caller holds mu.
func (s *Store) hear(id CallID, a Annotation) {
	before := s.said.of[id]
	if after := addAnnotation(slices.Clone(before), a); len(after) > len(before) {
		s.said.of[id] = after
		s.listing.changed[id] = true
	}
}

// readAnnotations takes in what was said since the last look, by whatever process. The caller
// holds refreshing.
func (s *Store) readAnnotations() error {
	dir := filepath.Join(s.dir, annotationsDir)
	list, err := os.ReadDir(dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return folderError(s.dir, err)
	}
	for _, e := range list {
		p, ok := annotationPeriod(e.Name())
		if !ok || s.later.waits[p] {
			continue
		}
		var stat unix.Stat_t
		path := filepath.Join(dir, e.Name())
		if err := unix.Lstat(path, &stat); err != nil {
			continue // swept meanwhile
		}
		mark := s.said.read[e.Name()]
		if mark.Node != stat.Ino || mark.Size > stat.Size {
			mark = annotationMark{Node: stat.Ino}
		}
		if mark.Size == stat.Size {
			continue
		}
		about := annotationsDir + "/" + e.Name()
		_, size, err := scanSaid(path, mark.Size, func(a said) {
			w := s.said.waiting[a.part]
			s.said.waiting[a.part] = unheard{p, append(w.list, a)}
		})
		if err != nil {
			s.problem(about, Problem{Text: fmt.Sprintf("%s: %v: what was said about some calls is not shown", about, err)})
			continue
		}
		mark.Size = size
		s.said.read[e.Name()] = mark
		if err := s.wakeSaid(p); err != nil {
			return err
		}
	}
	for id, w := range s.said.waiting {
		if s.openSaid(id, w) {
			delete(s.said.waiting, id)
		}
	}
	return nil
}

// wakeSaid wakes a period in which something was said about a part that is not in memory.
func (s *Store) wakeSaid(p period) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	for id, w := range s.said.waiting {
		if w.period == p && s.parts[id] == nil {
			return s.wakePeriod(p)
		}
	}
	return nil
}

// openSaid opens what was said of a part, and reports false where the part is not there yet.
func (s *Store) openSaid(id seal.PartID, w unheard) (done bool) {
	if s.destroyed(id, w.period) {
		return true
	}
	s.mu.Lock()
	p := s.parts[id]
	listed := p != nil && p.listed
	s.mu.Unlock()
	if !listed {
		return false
	}
	r, err := s.reader(id, s.keptKey(id))
	about := "annotations of part " + id.String()
	if err != nil {
		s.problem(about, Problem{Text: fmt.Sprintf("what was said about a call cannot be shown: %v", err)})
		return true
	}
	defer func() {
		if s.keptKey(id) == nil {
			r.close()
		}
	}()
	for _, one := range w.list {
		a, err := one.open(r.key)
		if err != nil {
			s.problem(about, Problem{Text: fmt.Sprintf("something that was said about a call in part %s cannot be shown: %v", id, err)})
			continue
		}
		s.mu.Lock()
		s.hear(p.head.Call.ID, a)
		s.mu.Unlock()
	}
	return true
}

// carryAnnotations says again, under the key of a part that takes another's place, what was
// said about their call.
func (s *Store) carryAnnotations(id CallID, p period, to seal.PartID, key *seal.Key) error {
	s.mu.Lock()
	if _, err := s.wake(id); err != nil {
		s.mu.Unlock()
		return err
	}
	list := slices.Clone(s.said.of[id])
	s.mu.Unlock()
	if len(list) == 0 {
		return nil
	}
	again := make([]said, 0, len(list))
	for _, a := range list {
		plain, err := json.Marshal(a)
		if err != nil {
			return err
		}
		again = append(again, sealSaid(key, to, plain))
	}
	return s.appendSaid(p, again...)
}

// checkAnnotations opens all that was said about what is there.
func (c *checker) annotations() error {
	s := c.s
	list, err := os.ReadDir(filepath.Join(s.dir, annotationsDir))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return folderError(s.dir, err)
	}
	for _, e := range list {
		p, ok := annotationPeriod(e.Name())
		if !ok {
			continue
		}
		name := annotationsDir + "/" + e.Name()
		tears, size, err := scanSaid(s.annotationPath(p), 0, func(said) { c.r.Annotations++ })
		if err != nil {
			c.r.add("", "%s: %v", name, err)
		}
		for _, t := range tears {
			if t.At < size {
				c.r.add("", "%s: %d bytes at %d are damaged: something that was said about a call is lost", name, t.Bytes, t.At)
			}
		}
	}
	return nil
}
