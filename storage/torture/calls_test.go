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
