package catalogue

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

// Of many numbers, short ones and odd ones among them, those are found that end with what is
// asked for.
func TestLastDigits(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 7))
	all := make([]string, 3*manyNumbers)
	for i := range all {
		switch r.IntN(20) {
		case 0:
			all[i] = fmt.Sprint(r.IntN(200))
		case 1:
			all[i] = fmt.Sprintf("person%d@example.org", r.IntN(50))
		case 2:
			all[i] = fmt.Sprintf("*%d#", r.IntN(1000))
		default:
			all[i] = fmt.Sprintf("0%d", r.Int64N(1e10))
		}
	}
	n := newNumbers(all)
	if n.lasts == nil {
		t.Fatalf("%d numbers are not many", len(n.back))
	}
	for range 2000 {
		s := all[r.IntN(len(all))]
		if strings.Contains(s, "@") {
			continue
		}
		s = s[r.IntN(len(s)):]
		if r.IntN(4) == 0 {
			s = fmt.Sprint(r.IntN(100000)) // of which most are there not at all
		}
		v, _ := pack(s)
		got := slices.Sorted(slices.Values(n.ends(v, len(s))))
		var want []uint16
		for k := range n.table {
			if k := uint16(k); n.table[k] < oddBit && strings.HasSuffix(n.text(k), s) {
				want = append(want, k)
			}
		}
		if !slices.Equal(got, want) {
			t.Fatalf("%q: %d numbers end with it, %d are found", s, len(want), len(got))
		}
	}
}
