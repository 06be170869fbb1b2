package storage

import "time"

// ReadOn reads what a look put off, a share at a time and the newest first, until that is enough or
// every call is listed. It is for whoever has no desk that does so meanwhile.
func (s *Store) ReadOn(enough func(Progress) bool) error {
	for p := s.Progress(); !p.Whole && !enough(p); p = s.Progress() {
		if _, err := s.readShare(); err != nil {
			return err
		}
	}
	return nil
}

// Since reports whether every call that began at t or later is listed.
func (p Progress) Since(t time.Time) bool {
	return p.Whole || !p.From.IsZero() && !t.IsZero() && !t.Before(p.From)
}
