package catalogue

import (
	"math/rand/v2"
	"slices"
	"testing"
)

// TestAtLeast searches among few values, with repeats, as package slices does.
func TestAtLeast(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	for n := range 70 {
		values := make([]uint64, n)
		for i := range values {
			values[i] = r.Uint64N(50) + 1
		}
		slices.Sort(values)
		for v := range uint64(53) {
			if want, _ := slices.BinarySearch(values, v); atLeast(values, v) != want {
				t.Fatalf("%d in %v: %d, want %d", v, values, atLeast(values, v), want)
			}
		}
	}
}
