package storage

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"linevault/storage/durable"
	"linevault/storage/segment"
)

// Problem is something wrong in a store, in a sentence that says what to do.
type Problem struct {
	Segment string `json:"segment,omitempty"`
	// Call is the call that it is about, where one is known.
	Call CallID `json:"call,omitempty"`
	Text string `json:"text"`
	// Breaks is the promise that it breaks; 0 where only a check could tell.
	Breaks Promise `json:"breaks,omitempty"`
}

// Named is the problem with the name of the file that it is in and of the call, each once.
func (p Problem) Named() string {
	text := p.Text
	if p.Segment != "" && !strings.HasPrefix(text, "segment "+p.Segment+":") {
		text = p.Segment + ": " + text
	}
	if p.Call == "" || strings.Contains(text, "call "+string(p.Call)) {
		return text
	}
	return "call " + string(p.Call) + ": " + text
}

// Problems lists what was set aside or found damaged.
func (s *Store) Problems() []Problem {
	s.mu.Lock()
	defer s.mu.Unlock()
	list := slices.Collect(maps.Values(s.problems))
	slices.SortFunc(list, func(a, b Problem) int {
		return strings.Compare(a.Segment+a.Text, b.Segment+b.Text)
	})
	return list
}

func (s *Store) problem(about string, p Problem) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.problems[about] = p
}

// sentence says of a segment that cannot be used what to do.
func sentence(err error) string {
	if _, newer := errors.AsType[*segment.VersionError](err); newer {
		return err.Error()
	}
	if errors.Is(err, segment.ErrForeign) {
		return fmt.Sprintf("%v; it was left alone and everything else plays: move it out of the folder %s", err, segmentsDir)
	}
	if errors.Is(err, segment.ErrRenamed) {
		return fmt.Sprintf("%v; it was left alone and everything else plays: give it its own name again, "+
			"or, if it is not of this box, move it out of the folder %s", err, segmentsDir)
	}
	return fmt.Sprintf("%v; it was set aside and everything else plays: keep the file, "+
		"restore it from a backup if there is one", err)
}

// breaks is the promise that a segment which cannot be used breaks.
func breaks(err error) Promise {
	if errors.Is(err, segment.ErrForeign) || errors.Is(err, segment.ErrRenamed) {
		return Ours
	}
	return Whole
}

// Quarantine moves a segment that was set aside out of the way, to DIR/quarantine, where
// nothing reads it and nothing deletes it.
func (s *Store) Quarantine(name string) error {
	s.mu.Lock()
	_, bad := s.problems[name]
	s.mu.Unlock()
	if !bad || name != filepath.Base(name) {
		return fmt.Errorf("segment %s: it was not set aside", name)
	}
	to := filepath.Join(s.dir, quarantineDir)
	if err := os.MkdirAll(to, 0o700); err != nil {
		return folderError(s.dir, err)
	}
	if _, err := os.Lstat(filepath.Join(to, name)); err == nil {
		return fmt.Errorf("segment %s: %s has one of that name already; move that one away", name, to)
	}
	s.files.gone(name)
	if err := os.Rename(filepath.Join(s.dir, segmentsDir, name), filepath.Join(to, name)); err != nil {
		return folderError(s.dir, err)
	}
	return errors.Join(durable.SyncFolder(to), durable.SyncFolder(filepath.Join(s.dir, segmentsDir)), s.Refresh())
}
