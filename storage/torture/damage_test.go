package torture

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"linevault/storage/torture/watch"
)

// stored is a store with a few calls, and what the recorder said of it.
func stored(t *testing.T, p Plan) (dir, said string, a *Acked) {
	t.Helper()
	dir, a = folder(t), &Acked{}
	var b strings.Builder
	if err := Record(dir, p, &b); err != nil {
		t.Fatal(err)
	}
	if err := a.Hear(b.String()); err != nil {
		t.Fatal(err)
	}
	if l := a.Judge(dir); !l.None() {
		t.Fatal(l.summary())
	}
	return dir, b.String(), a
}

// A flipped bit, in whatever file, gives no sound that was not recorded, ends no process, and
// what it costs is told by the check.
func TestBitFlips(t *testing.T) {
	flips := times(3000, 20000)
	workers := runtime.NumCPU()
	r := each(t, "flipped bit", workers, func(i int) (Row, error) {
		dir, _, a := stored(t, Plan{Lines: 1, Seconds: 3, Seed: 2, Segment: 1 << 20})
		f, err := NewFlipper(dir, a)
		if err != nil {
			return Row{}, err
		}
		row := Row{Acked: a.Boxes}
		for n := i; n < flips; n += workers {
			l, err := f.Flip(uint64(n))
			if err != nil {
				return row, err
			}
			row.Tried++
			row.add(l)
		}
		return row, nil
	})
	report(t, r)
}

// A read that fails costs what it was about: the reader lives, plays nothing else in its place,
// and says what it could not read.
func TestReadsFail(t *testing.T) {
	dir, said, a := stored(t, Plan{Lines: 3, Seconds: 6, Seed: 4, Segment: 24 << 10})
	path := filepath.Join(folder(t), "acked")
	if err := os.WriteFile(path, []byte(said), 0o600); err != nil {
		t.Fatal(err)
	}
	reader := func() *exec.Cmd { return processOf(t, "read", dir, ackedEnv+"="+path) }
	reads, l, err := ReadFails(1<<30, false, reader(), dir)
	if errors.Is(err, watch.ErrUnavailable) {
		t.Skip(err)
	}
	if err != nil || !l.None() {
		t.Fatal(err, l.summary())
	}
	step := reads/times(20, reads) + 1
	if long() > 0 {
		step = 1
	}
	for _, stays := range []bool{false, true} {
		fault := "read EIO"
		if stays {
			fault = "file unreadable (EIO)"
		}
		r := each(t, fault, (reads+step-1)/step, func(i int) (Row, error) {
			_, l, err := ReadFails(i*step, stays, reader(), dir)
			return Row{Tried: 1, Acked: a.Boxes, Loss: l}, err
		})
		report(t, r)
	}
}
