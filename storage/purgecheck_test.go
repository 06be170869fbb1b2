package storage_test

import (
	"errors"
	"testing"
	"time"

	"linevault/codec/pcm"
	"linevault/storage"
)

// A slip of the finger destroys no more than was meant, and one person no whole call.
func TestCheckPurge(t *testing.T) {
	const second = 8000
	gap := func(from, to pcm.Pos, cause storage.Cause) storage.Gap {
		return storage.Gap{Span: pcm.Span{From: 100 + from*second, To: 100 + to*second}, Cause: cause}
	}
	row := storage.Row{
		Call:   storage.Call{Format: pcm.Format{Rate: second, Legs: 1}, From: 100},
		Length: 60*time.Second + 300*time.Millisecond,
		Gaps:   []storage.Gap{gap(10, 20, storage.Paused), gap(20, 25, storage.Purged), gap(30, 40, storage.Withheld)},
	}
	quarantined := row
	quarantined.Gaps = []storage.Gap{gap(0, 61, storage.Quarantined)}
	for _, c := range []struct {
		row      storage.Row
		from, to time.Duration
		want     error
	}{
		{row, 5, 12, nil},
		{row, 50, 61, nil}, // the length is shown in whole seconds
		{row, 0, 59, nil},
		{row, 12, 25, storage.ErrNothingThere},
		{row, 12, 26, nil},
		{row, 30, 40, nil}, // it is still there
		{row, 61, 62, storage.ErrNothingThere},
		{row, 0, 61, storage.ErrWholeCall},
		{quarantined, 0, 61, nil},
		{row, 5, 9 * 60, &storage.PastEndError{}},
		{row, 5, 62, &storage.PastEndError{}},
	} {
		err := c.row.CheckPurge(c.from*time.Second, c.to*time.Second)
		_, past := errors.AsType[*storage.PastEndError](err)
		_, wantPast := c.want.(*storage.PastEndError)
		if past != wantPast || !wantPast && !errors.Is(err, c.want) {
			t.Errorf("%d to %d s: %v, not %v", c.from, c.to, err, c.want)
		}
	}
}
