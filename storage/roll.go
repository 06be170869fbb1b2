package storage

import (
	"errors"
	"os"
	"path/filepath"

	"linevault/storage/keys"
	"linevault/storage/segment"
)

// create makes the period's next segment.
func (w *Writer) create(p period) (*active, error) {
	dir := filepath.Join(w.dir, segmentsDir)
	if w.seq[p] == 0 {
		n, err := highest(w.dir, p)
		if err != nil {
			return nil, err
		}
		w.seq[p] = n
	}
	name := segment.Name{Day: string(p.day), Class: p.class, Seq: w.seq[p] + 1}
	s, err := segment.Create(dir, name, w.o.MaxSegment)
	if err != nil {
		return nil, err
	}
	w.seq[p]++
	a := &active{Writer: s}
	w.segments[p] = a
	w.mu.Lock()
	w.rolls++
	w.mu.Unlock()
	return a, nil
}

// highest is the highest number that a segment of the period has, wherever it is.
func highest(dir string, p period) (int, error) {
	top := 0
	for _, sub := range []string{segmentsDir, quarantineDir} {
		list, err := os.ReadDir(filepath.Join(dir, sub))
		if err != nil && !errors.Is(err, os.ErrNotExist) {
			return 0, err
		}
		for _, e := range list {
			n, err := segment.ParseName(e.Name())
			if err == nil && n.Day == string(p.day) && n.Class == p.class && n.Seq < segment.DeskFrom {
				top = max(top, n.Seq)
			}
		}
	}
	return top, nil
}

// retire gives a segment up after an error.
func (w *Writer) retire(s *active) {
	// The error that brought us here says more than one about closing the file.
	_ = s.Abandon()
	w.forget(s)
}

// forget takes a segment that is closed out of every list.
func (w *Writer) forget(s *active) {
	for p, a := range w.segments {
		if a == s {
			delete(w.segments, p)
		}
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, p := range s.parts {
		if p.in == s {
			p.in, p.entry = nil, segment.Entry{}
		}
		if p.ended {
			delete(w.parts, p.id)
		}
	}
}

// rollFull closes segments that are full, and those of days that have passed once no part of
// them is live.
func (w *Writer) rollFull() error {
	live := map[period]bool{}
	w.mu.Lock()
	for _, p := range w.parts {
		if !p.ended {
			live[p.period] = true
		}
	}
	w.mu.Unlock()
	today := keys.DayOf(w.o.Now())
	var errs []error
	for p, s := range w.segments {
		past := p.day < today && !live[p]
		if past || s.Size() >= w.o.MaxSegment {
			errs = append(errs, w.close(s))
		}
		if past && w.keyFiles[p] != nil {
			errs = append(errs, w.keyFiles[p].Close())
			delete(w.keyFiles, p)
		}
	}
	return errors.Join(errs...)
}

// close ends a segment in good order: every part in it has its entry, so that nobody need
// ever scan it.
func (w *Writer) close(s *active) error {
	w.mu.Lock()
	for _, p := range s.parts {
		if p.in == s && !p.ended {
			e := p.entry
			s.End(&e)
		}
	}
	w.mu.Unlock()
	err := s.Close()
	w.forget(s)
	if err != nil {
		return advise(err)
	}
	return nil
}

// Roll closes the active segments; live parts go on in new ones.
func (w *Writer) Roll() error {
	w.disk.Lock()
	defer w.disk.Unlock()
	var errs []error
	for _, s := range w.segments {
		errs = append(errs, w.close(s))
	}
	return errors.Join(errs...)
}
