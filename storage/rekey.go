package storage

import (
	"context"
	"errors"
	"fmt"
	"time"

	"linevault/storage/internal/crash"
	"linevault/storage/keys"
)

// Rekeyer is a recorder that can be told that a period has a new key. A Live may be one.
type Rekeyer interface {
	// Rekey returns once every part key of the period that was locked to the old half is
	// on disk, in a file that nobody appends to any more, and each later one goes to the
	// half with this SHA-256. It also closes the period's segment.
	Rekey(ctx context.Context, class string, day keys.Day, half [32]byte) error
}

// Rekey is what a Rekeyer does, at the recorder's side.
func (w *Writer) Rekey(class string, day keys.Day, half [32]byte) error {
	w.begins.Lock() // nobody is between getting a half and queueing what was locked to it
	defer w.begins.Unlock()
	fresh, err := w.recipients.Uses(class, day, half)
	if err != nil {
		return err
	}
	if !fresh {
		return errors.New("keys/public has another key for this period than the desk says")
	}
	if err := w.Commit(); err != nil {
		return err
	}
	p := period{class, day}
	w.disk.Lock()
	defer w.disk.Unlock()
	w.mu.Lock()
	waiting := false
	for _, k := range w.keys {
		waiting = waiting || k.period == p
	}
	w.mu.Unlock()
	if waiting {
		return errors.New("the disk does not keep up")
	}
	if f := w.keyFiles[p]; f != nil {
		if err := f.Sync(); err != nil {
			return err
		}
		delete(w.keyFiles, p)
		if err := f.Close(); err != nil {
			return err
		}
	}
	if s := w.segments[p]; s != nil {
		if err := w.close(s); err != nil {
			w.o.OnProblem(err) // the segment holds what it acknowledged all the same
		}
	}
	return keys.Retire(w.dir, class, day)
}

// rekeyTimeout bounds how long a recorder may take to write what waits.
const rekeyTimeout = 20 * time.Second

// quiet retires the part keys of a period, through the recorder if one runs.
func (s *Store) quiet(p keys.Period, half [32]byte) error {
	crash.At("retire the part keys of " + p.String())
	lock, lockErr := lockRecorder(s.dir)
	if lockErr == nil {
		defer lock.Close()
		return keys.Retire(s.dir, p.Class, p.Day)
	}
	r, ok := s.live.(Rekeyer)
	if !ok {
		return fmt.Errorf("a recorder is running that cannot be told of the new key (%w)", lockErr)
	}
	ctx, cancel := context.WithTimeout(context.Background(), rekeyTimeout)
	defer cancel()
	if err := r.Rekey(ctx, p.Class, p.Day, half); err != nil {
		return fmt.Errorf("the recorder was told of a new key of %s: %w; nothing is destroyed yet: try again", p, err)
	}
	return nil
}
