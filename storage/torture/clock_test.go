package torture

import (
	"errors"
	"runtime"
	"testing"
)

// A clock that goes wrong by -20 to +10 years, over restarts or not, destroys nothing.
func TestClockSteps(t *testing.T) {
	steps := times(50, 2000)
	workers := runtime.NumCPU()
	r := each(t, "clock step, -20 to +10 years", workers, func(i int) (Row, error) {
		c, err := NewClock(folder(t), uint64(i))
		if err != nil {
			return Row{}, err
		}
		row := Row{}
		for n := i; n < steps; n += workers {
			if err := c.Step(); err != nil {
				return row, errors.Join(err, c.Close())
			}
			row.Tried++
		}
		row.Acked = c.a.Boxes
		row.add(c.Judge())
		return row, c.Close()
	})
	report(t, r)
}
