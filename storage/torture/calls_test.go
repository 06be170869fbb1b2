package torture

import (
	"errors"
	"os"
	"testing"

	"linevault/storage/torture/watch"
)

// small is a recorder whose segments fill and whose calls end within a few seconds.
var small = Plan{Lines: 3, Seconds: 8, Seed: 1, Segment: 24 << 10}

// Every call to the file system that a recorder makes, failed once in each way, costs nothing
// that was acknowledged: the recorder goes on and the store is sound.
func TestEveryCallFails(t *testing.T) {
	for _, f := range Faults {
		t.Run(f.Name, func(t *testing.T) {
			dir := folder(t)
			calls, a, l, err := f.At(1<<30, recorderOf(t, dir, small), dir)
			if errors.Is(err, watch.ErrUnavailable) {
				t.Skip(err)
			}
			if err != nil || !l.None() || a.Boxes == 0 {
				t.Fatalf("without a fault: %v, %d boxes, %s", err, a.Boxes, l.summary())
			}
			step := calls/times(20, calls) + 1
			if long() > 0 {
				step = 1
			}
			t.Logf("%d calls, each %d. of them", calls, step)
			r := each(t, "call "+f.Name, (calls+step-1)/step, func(i int) (Row, error) {
				dir := folder(t)
				defer os.RemoveAll(dir)
				_, a, l, err := f.At(i*step, recorderOf(t, dir, small), dir)
				if err != nil {
					return Row{}, err
				}
				return Row{Tried: 1, Acked: a.Boxes, Loss: l}, nil
			})
			report(t, r)
		})
	}
}

// Every call to the file system that a desk makes, a purge among them, failed in each way, costs
// nothing but that desk's run: the next one does what was left, and the store is sound.
func TestEveryCallOfTheDeskFails(t *testing.T) {
	whole, _, a := stored(t, Plan{Lines: 2, Seconds: 4, Seed: 3, Segment: 1 << 20})
	desk := func() (dir string) {
		dir = folder(t)
		if err := errors.Join(os.CopyFS(dir, os.DirFS(whole)), onlyOwner(dir)); err != nil {
			t.Fatal(err)
		}
		return dir
	}
	for _, f := range Faults {
		t.Run(f.Name, func(t *testing.T) {
			dir := desk()
			calls, l, err := f.DeskAt(1<<30, processOf(t, "desk", dir), dir, a)
			if errors.Is(err, watch.ErrUnavailable) {
				t.Skip(err)
			}
			if err != nil || !l.None() {
				t.Fatalf("without a fault: %v, %s", err, l.summary())
			}
			step := calls/times(8, calls) + 1
			if long() > 0 {
				step = 1
			}
			report(t, each(t, "desk's call "+f.Name, (calls+step-1)/step, func(i int) (Row, error) {
				dir := desk()
				defer os.RemoveAll(dir)
				_, l, err := f.DeskAt(i*step, processOf(t, "desk", dir), dir, a)
				return Row{Tried: 1, Acked: a.Boxes, Loss: l}, err
			}))
		})
	}
}
