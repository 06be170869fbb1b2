package capture

import (
	"fmt"
	"sync/atomic"

	"golang.org/x/sys/unix"

	"linevault/codec/opus"
	"linevault/daemon/health"
	"linevault/storage"
)

// The order in which a disk that fills up costs something. Nothing that is kept is ever
// destroyed for room.
const (
	thinner  = 12_000 // bits per second of each leg, below Thin
	thinnest = 8_000  // below half of Thin
)

// spaceAlarm is the key of the alarm.
const spaceAlarm = "disk space"

// Space watches the free space of the data folder's disk: below Thin speech is encoded with
// fewer bits, below half of it with fewer still, and below Stop no sound is kept any more, so
// that the keys, the ledger and what must be destroyed still have room.
type Space struct {
	Dir        string
	Thin, Stop int64 // bytes; 0 for never
	Writer     *storage.Writer
	Health     *health.Board

	bitrate atomic.Int64 // for the lines; 0 is the usual one
	step    int          // where it stands, of the goroutine that commits
}

// The steps.
const (
	roomy = iota
	lower
	lowest
	stopped
)

// back is how much more than a threshold must be free before a step is taken back.
const back = 1.05

// at is the step for so much free space, from step now.
func (s *Space) at(free int64, now int) int {
	for step := stopped; step > roomy; step-- {
		limit := float64(map[int]int64{lower: s.Thin, lowest: s.Thin / 2, stopped: s.Stop}[step])
		if now >= step {
			limit *= back
		}
		if float64(free) < limit {
			return step
		}
	}
	return roomy
}

// look takes the step that the free space asks for.
func (s *Space) look() {
	var disk unix.Statfs_t
	if err := unix.Statfs(s.Dir, &disk); err != nil {
		return // a disk that cannot be asked raises alarms of its own when it is written
	}
	free := int64(disk.Bavail) * disk.Bsize
	step := s.at(free, s.step)
	if step == s.step {
		return
	}
	raise := s.Health.Worsen // who is told of alarms is told that it comes to this
	if step < s.step {
		raise = s.Health.Raise
	}
	s.step = step
	left := fmt.Sprintf("%d MB", free/1e6)
	why := ""
	switch step {
	case roomy:
		s.bitrate.Store(0)
	case lower:
		s.bitrate.Store(thinner)
	case lowest, stopped:
		s.bitrate.Store(thinnest)
	}
	switch step {
	case roomy:
		s.Health.Clear(spaceAlarm)
	case lower, lowest:
		raise(spaceAlarm, "", fmt.Sprintf("the disk has %s left: speech is kept with %d kbit/s instead of %d to save room; "+
			"make room on it or put in a larger one: below %d MB recording stops", left, s.bitrate.Load()/1000, opus.Bitrate/1000, s.Stop/1e6))
	case stopped:
		why = "the disk is full"
		raise(spaceAlarm, "", fmt.Sprintf("RECORDING HAS STOPPED: the disk has %s left, and %d MB are the least; calls are noted without sound; "+
			"make room on it or put in a larger one, and recording goes on by itself; no call is destroyed for room", left, s.Stop/1e6))
	}
	s.Writer.StopSound(why)
}

// thrift has the line's encoder keep to what the disk has room for.
func (l *Line) thrift() {
	if l.Space == nil {
		return
	}
	want := l.Space.bitrate.Load()
	if want == 0 {
		want = opus.Bitrate
	}
	if want == l.bitrate {
		return
	}
	l.bitrate = want
	if err := l.enc.SetBitrate(int(want)); err != nil {
		l.Health.Raise("bitrate", l.Source.ID(), fmt.Sprintf("the encoder of %s keeps its bitrate: %v", l.Call.Name, err))
	}
}
