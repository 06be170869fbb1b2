package analogue

import (
	"time"

	"linevault/codec/pcm"
)

// slip notices audio that a driver dropped without saying so. A record may come late, so one
// stamp proves nothing; but a backlog is read faster than it grows, so the least delayed of
// two seconds of records is hardly late at all. When that one is later than the least delayed
// of the two seconds before by more than any clock drifts, then sound is missing.
type slip struct {
	format pcm.Format
	count  int
	least  time.Duration // smallest delay so far in this window
	before time.Duration // and in the window before it
	known  bool          // before holds a measurement
	from   pcm.Pos       // what delays are measured against
	at     pcm.Mono
}

const (
	slipWindow = 100 // records of 20 ms
	// slipLimit is well above a clock that runs 0.5 % slow (10 ms in a window) and the jitter
	// of a least delay, and well below the guard of a pause.
	slipLimit = 60 * time.Millisecond
)

func (s *slip) reset() { *s = slip{format: s.format} }

// step takes the end of a record and its stamp. It returns how many samples are missing
// before that record, hardly ever any.
func (s *slip) step(end pcm.Pos, at pcm.Mono) (missing pcm.Pos) {
	if s.count == 0 && !s.known {
		s.from, s.at = end, at
	}
	late := time.Duration(at-s.at) - s.format.Duration(end-s.from)
	if s.count == 0 || late < s.least {
		s.least = late
	}
	if s.count++; s.count < slipWindow {
		return 0
	}
	if grown := s.least - s.before; s.known && grown > slipLimit {
		missing = s.format.Samples(grown)
		s.reset()
		return missing
	}
	s.before, s.known, s.count = s.least, true, 0
	return 0
}
