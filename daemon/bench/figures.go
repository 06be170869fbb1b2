package bench

import (
	"fmt"
	"io"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"linevault/storage"
	"linevault/storage/sound"
)

// Figures prints name, value and unit of everything that is measured in one process.
func Figures(w io.Writer, dir string, speech []int16, lines, seconds int) error {
	for _, complexity := range []int{5, 1} {
		if err := path(w, filepath.Join(dir, fmt.Sprint("path", complexity)), speech, lines, seconds, complexity); err != nil {
			return err
		}
	}
	return nil
}

// path measures the processor time of the whole path against libopus alone, second by second
// in turn, then what it left on the disk, then how soon that plays.
func path(w io.Writer, dir string, speech []int16, lines, seconds, complexity int) error {
	runtime.LockOSThread() // processor time is counted by thread
	defer runtime.UnlockOSThread()
	p, err := NewPath(dir, speech, lines, complexity)
	if err != nil {
		return err
	}
	bare, err := NewBare(speech, lines, complexity)
	if err != nil {
		return err
	}
	for range 4 { // calls have been found and the gates are full
		bare.Prepare()
		if err := firstOf(p.Second(), bare.Second()); err != nil {
			return err
		}
	}
	var ratios, own []float64
	for range seconds {
		bare.Prepare()
		a := cpu()
		if err := p.Second(); err != nil {
			return err
		}
		b := cpu()
		if err := bare.Second(); err != nil {
			return err
		}
		c := cpu()
		ratios, own = append(ratios, (b-a)/(c-b)), append(own, (b-a)/float64(lines*format.Legs))
	}
	live, err := size(dir)
	if err != nil {
		return err
	}
	payload, err := payload(dir, p)
	if err != nil {
		return err
	}
	if err := p.End(); err != nil {
		return err
	}
	name := func(s string) string { return fmt.Sprintf("%s_complexity%d_%dlines", s, complexity, lines) }
	fmt.Fprintf(w, "%s %.3f ratio\n", name("path_cpu_over_libopus"), median(ratios))
	fmt.Fprintf(w, "%s %.0f legs\n", name("real_time_legs_per_core"), 1/median(own))
	fmt.Fprintf(w, "%s %.3f ratio\n", name("disk_live_over_opus"), float64(live)/float64(payload))
	if complexity != 5 {
		return nil
	}
	return firstSound(w, dir)
}

// payload is how many bytes of Opus packets are in the calls so far. What the recorder has
// committed is in its own open segments, so it is asked, as the desk does.
func payload(dir string, p *Path) (int64, error) {
	s, err := storage.Open(dir, live{p.Writer})
	if err != nil {
		return 0, err
	}
	defer s.Close()
	page, err := s.Calls(storage.Query{Limit: math.MaxInt32})
	if err != nil {
		return 0, err
	}
	var n int64
	for _, r := range page.Rows {
		n += r.Bytes
	}
	return n, nil
}

// size is what the segments in dir take of the disk, allocated blocks and all.
func size(dir string) (int64, error) {
	var n int64
	err := filepath.WalkDir(dir, func(p string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() || !strings.Contains(p, "segments") {
			return err
		}
		info, err := e.Info()
		if err == nil {
			n += info.Sys().(*syscall.Stat_t).Blocks * 512
		}
		return err
	})
	return n, err
}

// firstSound measures how long the first sound of a call takes, with nothing of it in the
// page cache and with everything.
func firstSound(w io.Writer, dir string) error {
	s, err := storage.Open(dir, nil)
	if err != nil {
		return err
	}
	defer s.Close()
	page, err := s.Calls(storage.Query{Limit: 50})
	if err != nil {
		return err
	}
	var cold, warm []float64
	for _, r := range page.Rows {
		if err := forget(dir); err != nil {
			return err
		}
		for _, to := range []*[]float64{&cold, &warm} {
			began := time.Now()
			p, err := s.Play(r.ID)
			if err != nil {
				return err
			}
			o, err := sound.NewOgg(p)
			if err != nil {
				return err
			}
			if _, err := io.ReadFull(o, make([]byte, 4096)); err != nil {
				return err
			}
			*to = append(*to, time.Since(began).Seconds()*1000)
		}
	}
	fmt.Fprintf(w, "first_sound_cold %.2f ms\nfirst_sound_warm %.2f ms\n", median(cold), median(warm))
	return nil
}

// forget drops what the page cache has of the files in dir.
func forget(dir string) error {
	return filepath.WalkDir(dir, func(p string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		f, err := os.Open(p)
		if err != nil {
			return err
		}
		defer f.Close()
		return unix.Fadvise(int(f.Fd()), 0, 0, unix.FADV_DONTNEED)
	})
}

// Memory prints what the process takes, in KiB, while so many lines are recording.
func Memory(w io.Writer, dir string, speech []int16, lines int) error {
	p, err := NewPath(dir, speech, lines, 1)
	if err != nil {
		return err
	}
	for range 5 {
		if err := p.Second(); err != nil {
			return err
		}
	}
	debug.FreeOSMemory()
	b, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		return err
	}
	var pages, resident int
	if _, err := fmt.Sscan(string(b), &pages, &resident); err != nil {
		return err
	}
	fmt.Fprintln(w, resident*os.Getpagesize()/1024)
	return p.End()
}

func firstOf(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}
