package catalogue

import (
	"math/rand/v2"
	"slices"
	"strconv"
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

// TestFirstOfMany searches among so many numbers that heads leads to them.
func TestFirstOfMany(t *testing.T) {
	r := rand.New(rand.NewPCG(2, 2))
	for _, more := range []int{0, 1, stride - 1, stride} {
		all := make([]string, manyNumbers+more)
		for i := range all {
			all[i] = strconv.Itoa(10_000_000 + 3*i)
		}
		n := newNumbers(all)
		if n.heads == nil {
			t.Fatalf("%d numbers are not many", len(n.table))
		}
		for range 5000 {
			v := n.table[r.IntN(len(n.table))] + []uint64{0, 1, ^uint64(0), 1 << 60}[r.IntN(4)]
			if want, _ := slices.BinarySearch(n.table, v); n.atLeast(v) != want {
				t.Fatalf("%x: %d, want %d", v, n.atLeast(v), want)
			}
		}
		for _, v := range []uint64{0, n.table[0], ^uint64(0)} {
			if want, _ := slices.BinarySearch(n.table, v); n.atLeast(v) != want {
				t.Fatalf("%x: %d, want %d", v, n.atLeast(v), want)
			}
		}
	}
}
