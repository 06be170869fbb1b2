package segment

import (
	"errors"
	"math/rand/v2"
	"testing"

	"linevault/storage/seal"
)

// Boxes of any length in commits of any length are laid so that every mark is right and runs
// fill their pages.
func TestAnyLength(t *testing.T) {
	for seed := range uint64(10) {
		rnd := rand.New(rand.NewPCG(seed, 7))
		most := []int{3, 60, 5000, pageSize * 3, maxRun * pageSize * 2}[seed%5]
		dir := t.TempDir()
		w, err := Create(dir, name, 1<<20)
		if err != nil {
			t.Fatal(err)
		}
		e := &Entry{Part: seal.PartID{1}, Number: 1}
		for i := range 60 {
			n := rnd.IntN(most)
			if i%3 == 0 { // so that a record ends where a page does, or nearly
				head := len(Head{Number: 1, Declares: i == 0, Box: uint64(i), Kind: seal.Sound, Length: 2000}.append(nil))
				n = runLength(1+rnd.IntN(3)) - len(w.pending)%body - head + rnd.IntN(5) - 2
				n = max(n, 0)
			}
			e.Offsets = append(e.Offsets, w.Append(Head{Number: 1, Declares: i == 0, Part: e.Part, Box: uint64(i), Kind: seal.Sound}, make([]byte, n)))
			if rnd.IntN(3) > 0 {
				continue
			}
			if err := w.Commit(); err != nil {
				t.Fatal(err)
			}
		}
		w.End(e)
		finish := w.Close
		if seed%2 == 0 { // as it grew
			finish = func() error { return errors.Join(w.Commit(), w.update(w.finish), w.Abandon()) }
		}
		if err := finish(); err != nil {
			t.Fatal(err)
		}
		r, err := Open(dir, name.String())
		if err != nil {
			t.Fatal(err)
		}
		r.Verify(func(err error) { t.Errorf("seed %d: %v", seed, err) })
		if err := errors.Join(r.Close(), CheckPages(dir, name.String())); err != nil {
			t.Errorf("seed %d: %v", seed, err)
		}
	}
}
