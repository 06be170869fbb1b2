package capture

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"linevault/codec/codectest"
	"linevault/codec/pcm"
	"linevault/daemon/call"
	"linevault/daemon/health"
	"linevault/storage"
	"linevault/storage/keys"
	"linevault/storage/ledger"
)

// small is a disk of 32 MB, of which a test takes what it wants.
type small struct {
	t       *testing.T
	dir     string
	ballast *os.File
	size    int64
}

func newSmall(t *testing.T) *small {
	t.Helper()
	dir := t.TempDir()
	if err := unix.Mount("tmpfs", dir, "tmpfs", 0, "size=32m"); err != nil {
		t.Skipf("NOT PROVED ON A FULL DISK: this needs root, to mount a small file system: %v", err)
	}
	t.Cleanup(func() {
		if err := unix.Unmount(dir, unix.MNT_DETACH); err != nil {
			t.Error(err)
		}
	})
	f, err := os.Create(filepath.Join(dir, "ballast"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	return &small{t: t, dir: dir, ballast: f}
}

func (d *small) free() int64 {
	d.t.Helper()
	var disk unix.Statfs_t
	if err := unix.Statfs(d.dir, &disk); err != nil {
		d.t.Fatal(err)
	}
	return int64(disk.Bavail) * disk.Bsize
}

// leave takes or gives room until so much is free.
func (d *small) leave(want int64) {
	d.t.Helper()
	more := d.free() - want
	var err error
	if more > 0 {
		err = unix.Fallocate(int(d.ballast.Fd()), 0, d.size, more)
	} else {
		err = d.ballast.Truncate(d.size + more)
	}
	if err != nil {
		d.t.Fatal(err)
	}
	d.size += more
}

// TestDiskFillsUp fills a real disk: speech is kept with fewer bits, then fewer still, then no
// sound at all, loudly; with room again it goes on. No call is destroyed for room, not even one
// that retention could take a day later.
func TestDiskFillsUp(t *testing.T) {
	const phase = 10 * rate
	speech := codectest.Speech(t, phase)[:phase]
	disk := newSmall(t)
	dir := filepath.Join(disk.dir, "data")
	if err := storage.Create(dir, []string{"standard"}); err != nil {
		t.Fatal(err)
	}
	w, err := storage.OpenWriter(dir, storage.WriterOptions{OnProblem: func(err error) { t.Error(err) }})
	if err != nil {
		t.Fatal(err)
	}
	b := newBench(t)
	if err := b.w.Close(); err != nil {
		t.Fatal(err)
	}
	b.w, b.dir = w, dir
	space := &Space{Dir: dir, Thin: 16e6, Stop: 4e6, Writer: w, Health: b.board}
	var told []string
	b.board.Watch(func(a health.Alarm, on bool) {
		if a.Key == spaceAlarm {
			told = append(told, fmt.Sprintf("%v %s", on, a.Text))
		}
	})
	phases := []struct {
		free  int64
		alarm string
	}{
		{20e6, ""}, {14e6, "12 kbit/s instead of 16"}, {7e6, "8 kbit/s instead of 16"}, {3e6, "RECORDING HAS STOPPED"}, {20e6, ""},
	}
	src, all := &tape{}, slices.Repeat(speech, len(phases))
	for at := 0; at < len(all); at += 800 {
		src.sound(all, 0, pcm.Pos(at), 800)
	}
	l := b.line(src, call.NewWhole(call.Defaults(pcm.Format{Rate: rate, Legs: 1})), usual)
	l.Space = space
	for i := 0; ; i++ {
		// What is in the gate belongs to the phase before, for two seconds.
		if k := i - 20; k >= 0 && k%100 == 0 && k/100 < len(phases) {
			p := phases[k/100]
			disk.leave(p.free)
			space.look()
			alarm := ""
			for _, a := range b.board.Alarms() {
				if a.Key == spaceAlarm {
					alarm = a.Text
				}
			}
			if (alarm == "") != (p.alarm == "") || !strings.Contains(alarm, p.alarm) {
				t.Errorf("with %d bytes free the alarm is %q, want %q", p.free, alarm, p.alarm)
			}
		}
		if i%10 == 0 {
			l.Flush()
			if err := w.Commit(); err != nil {
				t.Fatal(err)
			}
		}
		if err := l.Step(); err == io.EOF {
			break
		} else if err != nil {
			t.Fatal(err)
		}
	}
	// Whoever is told of alarms is told of each step, not only that it began.
	if len(told) != 4 || !strings.Contains(told[1], "8 kbit/s") || !strings.HasPrefix(told[2], "true RECORDING HAS STOPPED") || !strings.HasPrefix(told[3], "false ") {
		t.Errorf("told: %q", told)
	}
	s, rows := b.stored()
	if len(rows) != 1 || rows[0].Length != 50*time.Second {
		t.Fatalf("calls: %+v", rows)
	}
	play, err := s.Play(rows[0].Call.ID)
	if err != nil {
		t.Fatal(err)
	}
	defer play.Close()
	bytes, lost := make([]int, len(phases)), pcm.Pos(0)
	for {
		k, g, err := play.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		if g != nil {
			if g.Cause != storage.Lost || g.Reason != "the disk is full" {
				t.Errorf("a gap: %+v", g)
			}
			lost += g.Span.Len()
			continue
		}
		if in := k.Span.From % phase; in >= 2*rate && in < 9*rate {
			bytes[k.Span.From/phase] += len(k.Data)
		}
	}
	t.Logf("bytes of seven seconds in each phase: %v; %v lost", bytes, play.Row().Call.Format.Duration(lost))
	if bytes[1] >= bytes[0]*9/10 || bytes[2] >= bytes[1]*9/10 || bytes[3] != 0 || bytes[4] < bytes[0]*9/10 {
		t.Errorf("bytes of each phase: %v", bytes)
	}
	if lost < 7*rate || lost > 13*rate {
		t.Errorf("%d samples lost", lost)
	}
	disk.leave(2e6)
	keptForRoom(t, dir, s)
}

// keptForRoom runs retention on a disk that is all but full: nothing goes before its time.
func keptForRoom(t *testing.T, dir string, s *storage.Store) {
	t.Helper()
	ring, err := keys.OpenRing(dir)
	if err != nil {
		t.Fatal(err)
	}
	book, err := ledger.Open(dir, ring.Derive("ledger"))
	if err != nil {
		t.Fatal(err)
	}
	defer book.Close()
	now, terms := time.Now(), []storage.Policy{{Class: "standard", AtMost: storage.Term{N: 14, Unit: storage.Days}}}
	for d := range 10 {
		gone := time.Duration(d) * 24 * time.Hour
		at := storage.Reading{Wall: now.Add(gone), Since: gone, Boot: "one", Synced: true}
		if _, err := s.Retain(terms, at, book); err != nil && d > 0 {
			t.Errorf("day %d: %v", d, err)
		}
	}
	if p, err := s.Calls(storage.Query{}); err != nil || p.Total != 1 {
		t.Errorf("%d calls are left, %v", p.Total, err)
	}
}

// TestSpaceSteps has free space go down and up again: each step is taken in its order, and
// taken back only with some room to spare.
func TestSpaceSteps(t *testing.T) {
	s := &Space{Thin: 1000, Stop: 100}
	step := roomy
	for _, c := range []struct {
		free int64
		want int
	}{
		{2000, roomy},
		{1000, roomy},
		{999, lower},
		{1001, lower},
		{1040, lower},
		{1051, roomy},
		{999, lower},
		{499, lowest},
		{510, lowest},
		{526, lower},
		{99, stopped},
		{104, stopped},
		{106, lowest},
		{0, stopped},
		{5000, roomy},
	} {
		if step = s.at(c.free, step); step != c.want {
			t.Errorf("%d free: step %d, want %d", c.free, step, c.want)
		}
	}
	never := &Space{}
	if got := never.at(0, roomy); got != roomy {
		t.Errorf("without thresholds: step %d", got)
	}
}
