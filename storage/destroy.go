package storage

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"

	"linevault/storage/durable"
	"linevault/storage/keys"
	"linevault/storage/keys/journal"
	"linevault/storage/ledger"
	"linevault/storage/seal"
	"linevault/storage/segment"
)

// destroying runs f while no other process destroys anything, after what was begun before is
// finished.
func (s *Store) destroying(book *ledger.Ledger, f func() error) error {
	dir := filepath.Join(s.dir, destructionDir)
	if err := durable.MakeFolder(dir); err != nil {
		return folderError(s.dir, err)
	}
	unlock, err := journal.Lock(filepath.Join(dir, "lock"))
	if err != nil {
		return folderError(s.dir, err)
	}
	defer unlock()
	var j job
	there, err := s.job().read(&j)
	if err == nil && there {
		// What it names is found by the list.
		if err = s.Progress().held(); err == nil {
			err = s.run(&j, book)
		}
	}
	if err != nil {
		return fmt.Errorf("finish the destruction that was begun before: %w", err)
	}
	return f()
}

// Finish completes a destruction that a crash interrupted, and takes what is destroyed out of
// segments that were closed since.
func (s *Store) Finish(book *ledger.Ledger) error {
	err := s.destroying(book, func() error {
		if err := s.Refresh(); err != nil {
			return err
		}
		_, err := s.sweep()
		return err
	})
	if errors.Is(err, ErrUnlisted) {
		return nil // the next one does it
	}
	return err
}

// run does all of a job, from wherever it stands.
func (s *Store) run(j *job, book *ledger.Ledger) error {
	s.keepCatalogue()
	if err := s.Refresh(); err != nil {
		return err
	}
	if err := s.destroyKeys(j); err != nil {
		return errors.Join(err, s.abandon(j))
	}
	if err := s.Refresh(); err != nil {
		return err
	}
	if len(j.Periods) > 0 {
		if err := s.removePeriods(j.Periods); err != nil {
			return err
		}
	}
	rest, err := s.sweep()
	if err != nil {
		return err
	}
	test, err := s.selfTest(j)
	if err != nil {
		return fmt.Errorf("try to open what was destroyed: %w", err)
	}
	if test.Opened > 0 {
		return fmt.Errorf("destruction %s: something still opens (%d of %d keys): there is no certificate; "+
			"keep keys/ as it is and ask for help", j.ID, test.Opened, test.Keys)
	}
	if len(j.Periods) > 0 {
		if err := s.ring.Forget(j.Periods...); err != nil {
			return err
		}
	}
	if err := s.certify(j, test, rest, book); err != nil {
		return err
	}
	return s.job().remove()
}

// destroyKeys is where things become unreadable.
func (s *Store) destroyKeys(j *job) error {
	for _, p := range j.victimPeriods() {
		if err := s.replacePeriod(j, p); err != nil {
			return err
		}
	}
	if len(j.Victims) > 0 {
		if err := s.ring.Settle(); err != nil {
			return err
		}
	}
	if len(j.Periods) == 0 {
		return nil
	}
	for _, p := range j.Periods {
		if s.destroyed(keys.Whole, period{p.Class, p.Day}) {
			continue
		}
		if err := s.ring.Condemn(p, j.Begun); err != nil {
			return err
		}
	}
	return s.ring.Drop(j.Periods...)
}

// abandon gives a job up of which nothing is destroyed yet. Whether that is so the disk says, not
// what was read of it before: the error may have come right after the keys were gone, and then
// what was made in place of the victims is all that is left of them.
func (s *Store) abandon(j *job) error {
	gone := map[keys.Period][]seal.PartID{}
	for _, p := range j.Periods {
		gone[p] = append(gone[p], keys.Whole)
	}
	for _, v := range j.Victims {
		gone[v.Period] = append(gone[v.Period], v.Part)
	}
	for p, ids := range gone {
		m, err := keys.ReadPartFile(s.dir, p.Class, p.Day)
		if err != nil {
			return fmt.Errorf("whether %s was destroyed is seen at the next try: %w", p, err)
		}
		for _, id := range ids {
			if keys.Destroyed(m[id]) {
				return nil
			}
		}
	}
	var errs []error
	for _, v := range j.Victims {
		if v.Segment != "" {
			errs = append(errs, removeSegment(s.dir, v.Segment))
		}
	}
	return errors.Join(append(errs, s.job().remove())...)
}

// removePeriods unlinks the segments of whole periods.
func (s *Store) removePeriods(periods []keys.Period) error {
	names, _, _, err := segment.List(filepath.Join(s.dir, segmentsDir))
	if err != nil {
		return err
	}
	for _, name := range names {
		n, err := segment.ParseName(name)
		if err != nil {
			continue // List has only those that parse
		}
		if slices.Contains(periods, keys.Period{Class: n.Class, Day: keys.Day(n.Day)}) {
			if err := removeSegment(s.dir, name); err != nil {
				return err
			}
		}
	}
	return s.Refresh()
}

// replacePeriod makes the parts of p again that something is kept of, and has the ring forget
// the old ones.
func (s *Store) replacePeriod(j *job, p keys.Period) error {
	e := keys.Erasure{Period: p, Fresh: map[seal.PartID]*seal.Key{}}
	for i := range j.Victims {
		v := &j.Victims[i]
		if v.Period != p || s.destroyed(v.Part, period{p.Class, p.Day}) {
			continue
		}
		e.Gone = append(e.Gone, v.Part)
		if v.Remade == (seal.PartID{}) {
			continue
		}
		key, err := s.makeAgain(j, v)
		if err != nil {
			return err
		}
		defer key.Forget()
		e.Fresh[v.Remade] = key
	}
	if len(e.Gone) == 0 {
		return nil
	}
	return s.ring.Replace(e, time.Now(), func(half [32]byte) error { return s.quiet(p, half) })
}

// makeAgain writes the part that takes a victim's place, and returns its key.
func (s *Store) makeAgain(j *job, v *victim) (*seal.Key, error) {
	// One of before a crash has no key any more: another takes its place.
	if v.Segment != "" {
		if err := removeSegment(s.dir, v.Segment); err != nil {
			return nil, err
		}
	}
	name, err := s.madeName(v.Period)
	if err != nil {
		return nil, err
	}
	v.Remade, v.Segment = seal.NewPartID(), name.String()
	if err := s.job().write(j); err != nil {
		return nil, err
	}
	s.mu.Lock()
	p := s.partOf(v.Part, j.Call)
	s.mu.Unlock()
	if p == nil {
		return nil, fmt.Errorf("part %s: not here", v.Part)
	}
	m, err := s.remade(p, j.Cut, Gap{Cause: Purged, By: j.By, Reason: j.Reason}, v.Remade)
	if err != nil {
		return nil, err
	}
	if err := s.carryAnnotations(p.head.Call.ID, p.period, v.Remade, m.key); err != nil {
		return nil, err
	}
	scratch, err := s.scratch()
	if err != nil {
		return nil, err
	}
	return m.key, segment.Build(filepath.Join(s.dir, segmentsDir), scratch, name, m.write)
}

// scratch is an empty folder to build segments in.
func (s *Store) scratch() (string, error) {
	dir := filepath.Join(s.dir, destructionDir, "scratch")
	if err := os.RemoveAll(dir); err != nil {
		return "", err
	}
	return dir, os.Mkdir(dir, 0o700)
}
