package torture

import (
	"errors"
	"os"
	"strings"
	"testing"

	"linevault/storage/torture/watch"
)

// What a power cut leaves of a recorder's writes, at any moment and however torn, is a store: it
// has all that was acknowledged, nothing in it is wrong, and a recorder goes on in it.
func TestCrashStates(t *testing.T) {
	dir := folder(t)
	log, err := Watch(recorderOf(t, dir, small), dir)
	if errors.Is(err, watch.ErrUnavailable) {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	tries, step := times(1, 5), 11
	switch {
	case long() > 0:
		step = 1
	case testing.Short():
		step = 60
	}
	for _, cut := range Cuts {
		t.Run(string(cut), func(t *testing.T) {
			seeds := 1
			if cut == Some || cut == Torn {
				seeds = tries
			}
			n := (len(log) + step) / step
			r := each(t, "power cut: "+string(cut), n*seeds, func(i int) (Row, error) {
				dir := folder(t)
				defer os.RemoveAll(dir)
				a, l, err := log.Crash(min(i%n*step, len(log)), cut, uint64(i/n), dir)
				if err != nil {
					return Row{}, err
				}
				return Row{Tried: 1, Acked: a.Boxes, Loss: l}, nil
			})
			report(t, r)
		})
	}
}

// The rig would see it: a disk to which nothing was made safe loses what was acknowledged.
func TestCrashStatesSee(t *testing.T) {
	dir := folder(t)
	log, err := Watch(recorderOf(t, dir, small), dir)
	if errors.Is(err, watch.ErrUnavailable) {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	forgotten := map[string]func(path string) bool{
		"the part keys":         func(path string) bool { return strings.HasPrefix(path, "keys/parts/") },
		"the segments":          func(path string) bool { return strings.HasPrefix(path, "segments/") },
		"the names of segments": func(path string) bool { return path == "segments" },
	}
	for what, leave := range forgotten {
		var careless Log
		for _, c := range log {
			if c.Op != watch.Sync || !leave(c.Path) {
				careless = append(careless, c)
			}
		}
		_, l, err := careless.Crash(len(careless), Nothing, 1, folder(t))
		if err != nil {
			t.Fatal(err)
		}
		if l.Boxes == 0 {
			t.Errorf("without the fsyncs of %s nothing was lost: %s", what, l.summary())
		}
	}
}

// The same for a desk that purges, enters and signs: what a cut leaves, the next desk completes.
func TestCrashStatesOfTheDesk(t *testing.T) {
	whole, _, a := stored(t, Plan{Lines: 2, Seconds: 4, Seed: 3, Segment: 1 << 20})
	copied := folder(t)
	if err := errors.Join(os.CopyFS(copied, os.DirFS(whole)), onlyOwner(copied)); err != nil {
		t.Fatal(err)
	}
	log, err := Watch(processOf(t, "desk", copied), copied)
	if errors.Is(err, watch.ErrUnavailable) {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	tries, step := times(1, 3), 1
	if long() == 0 {
		step = len(log)/times(8, 1) + 1
	}
	for _, cut := range Cuts {
		t.Run(string(cut), func(t *testing.T) {
			seeds := 1
			if cut == Some || cut == Torn {
				seeds = tries
			}
			n := (len(log) + step) / step
			report(t, each(t, "power cut of a desk: "+string(cut), n*seeds, func(i int) (Row, error) {
				dir := folder(t)
				defer os.RemoveAll(dir)
				l, err := log.DeskCrash(whole, a, min(i%n*step, len(log)), cut, uint64(i/n), dir)
				return Row{Tried: 1, Acked: a.Boxes, Loss: l}, err
			}))
		})
	}
}
