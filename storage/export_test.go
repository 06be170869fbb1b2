package storage

import "time"

// PutOffFrom has every Store put off what has more than so many parts, and save each share.
func PutOffFrom(parts int) (undo func()) {
	was, often := atOnce, saveLater
	atOnce, saveLater = map[opening]int{keeping: parts, remaking: parts, recalling: parts}, time.Nanosecond
	return func() { atOnce, saveLater = was, often }
}

// ReadShare reads a share of what was put off.
func (s *Store) ReadShare() (left bool, err error) { return s.readShare() }
