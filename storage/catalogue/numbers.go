package catalogue

import (
	"cmp"
	"math/bits"
	"slices"
	"sort"
	"strings"
)

// numbers is one number of each contact in a block, found by its first digits, its last, or
// any part.
type numbers struct {
	table  []uint64 // the distinct ones, sorted; zero is none
	odd    []string // sorted; in table oddBit + place
	index  []uint16 // of a position: which of table
	starts []uint16 // of each of table: where in places its positions begin
	places []uint16 // positions by number
	back   []uint16 // table sorted by the numbers reversed; odd ones left out
	lasts  []uint32 // of each three last symbols: where in back they begin; nil where numbers are few
	heads  []uint64 // every stride-th of table; nil where numbers are few
	grams  []uint32 // of each gram: where in of its numbers end
	of     []uint16 // numbers by gram
}

func newNumbers(all []string) *numbers {
	n := &numbers{index: make([]uint16, len(all)), places: make([]uint16, len(all))}
	odd := map[string]bool{}
	packed := make([]uint64, len(all))
	for i, s := range all {
		v, ok := pack(s)
		if packed[i] = v; !ok && !odd[s] {
			odd[strings.Clone(s)] = true
			n.odd = append(n.odd, s)
		}
	}
	slices.Sort(n.odd)
	for i, s := range all {
		if odd[s] {
			k, _ := slices.BinarySearch(n.odd, s)
			packed[i] = oddBit + uint64(k)
		}
	}
	n.table = slices.Clone(packed)
	slices.Sort(n.table)
	n.table = slices.Clip(slices.Clone(slices.Compact(n.table)))
	counts := make([]int, len(n.table)+1)
	for i, v := range packed {
		k, _ := slices.BinarySearch(n.table, v)
		n.index[i] = uint16(k)
		counts[k+1]++
	}
	n.starts = make([]uint16, len(n.table))
	for k := range n.table {
		n.starts[k] = uint16(counts[k])
		counts[k+1] += counts[k]
	}
	for i, k := range n.index {
		n.places[counts[k]] = uint16(i)
		counts[k]++
	}
	n.order()
	n.prepare()
	n.gramLists()
	return n
}

// order makes back.
func (n *numbers) order() {
	type key struct {
		v uint64
		k uint16
	}
	keys := make([]key, 0, len(n.table))
	for k, v := range n.table {
		if v < oddBit {
			keys = append(keys, key{reversed(v), uint16(k)})
		}
	}
	slices.SortFunc(keys, func(a, b key) int { return cmp.Compare(a.v, b.v) })
	n.back = make([]uint16, len(keys))
	for i, k := range keys {
		n.back[i] = k.k
	}
}

func (n *numbers) gramLists() {
	n.grams = make([]uint32, gramsAll+1)
	for _, v := range n.table {
		eachGram(v, func(g int) { n.grams[g+1]++ })
	}
	for g := range gramsAll {
		n.grams[g+1] += n.grams[g]
	}
	n.of = make([]uint16, n.grams[gramsAll])
	next := slices.Clone(n.grams)
	for k, v := range n.table {
		eachGram(v, func(g int) {
			n.of[next[g]] = uint16(k)
			next[g]++
		})
	}
}

// at is the number of a position.
func (n *numbers) at(i uint16) string { return n.text(n.index[i]) }

func (n *numbers) text(k uint16) string {
	v := n.table[k]
	if v >= oddBit {
		return n.odd[v-oddBit]
	}
	return unpack(v)
}

// between is the positions with number k to number l, not included.
func (n *numbers) between(k, l int) []uint16 {
	if k >= l {
		return nil
	}
	to := len(n.places)
	if l < len(n.starts) {
		to = int(n.starts[l])
	}
	return n.places[n.starts[k]:to]
}

// begins is which of table begin with v, of c symbols.
func (n *numbers) begins(v uint64, c int) (from, to int) {
	from, w := n.atLeast(v), beyond(v, c)
	// They are few as a rule: their end is looked for in steps that double.
	step := 1
	for to = from; to < len(n.table) && n.table[to] < w; step *= 2 {
		to += step
	}
	low := max(from, to-step/2)
	return from, low + atLeast(n.table[low:min(to, len(n.table))], w)
}

// is which of table is v, if any.
func (n *numbers) is(v uint64) (from, to int) {
	from = n.atLeast(v)
	if from < len(n.table) && n.table[from] == v {
		return from, from + 1
	}
	return from, from
}

// atLeast is where in table the first is that is v or more; the search touches little memory.
func (n *numbers) atLeast(v uint64) int {
	if n.heads == nil {
		return atLeast(n.table, v)
	}
	k := atLeast(n.heads, v)
	low := max(0, k-1) * stride
	return low + atLeast(n.table[low:min(k*stride, len(n.table))], v)
}

// atLeast is where in sorted values the first is that is v or more. What it compares decides no
// branch: a processor would guess half of them wrong.
func atLeast(values []uint64, v uint64) int {
	from, n := 0, len(values)
	for n > 0 {
		half := (n + 1) / 2
		_, less := bits.Sub64(values[from+half-1], v, 0)
		from += half & -int(less)
		n -= half
	}
	return from
}

// neighbours is which of n sorted values are from v up to w, not included. They are few as a
// rule: their end is looked for in steps that double.
func neighbours(n int, v, w uint64, value func(i int) uint64) (from, to int) {
	from = sort.Search(n, func(i int) bool { return value(i) >= v })
	step := 1
	for to = from; to < n && value(to) < w; step *= 2 {
		to += step
	}
	low := max(from, to-step/2)
	return from, low + sort.Search(min(to, n)-low, func(i int) bool { return value(low+i) >= w })
}

// withPart adds to list which of table have needle, of three symbols or more, in them.
func (n *numbers) withPart(list []uint16, needle uint64, c int) []uint16 {
	var lists [14][]uint16
	found := 0
	eachGram(needle, func(g int) {
		lists[found] = n.of[n.grams[g]:n.grams[g+1]]
		found++
	})
	slices.SortFunc(lists[:found], func(a, b []uint16) int { return cmp.Compare(len(a), len(b)) })
	short, other := lists[0], lists[min(1, found-1)]
	j := 0
	for _, k := range short {
		for j < len(other) && other[j] < k {
			j++
		}
		if j == len(other) {
			break
		}
		if other[j] == k && (c == 3 || contains(n.table[k], needle, c)) {
			list = append(list, k)
		}
	}
	return list
}
