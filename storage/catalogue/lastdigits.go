package catalogue

// manyNumbers is from how many numbers on it pays to know where those that end alike lie.
const manyNumbers = 1 << 12

// prepare makes searches quick: it finds where in back the numbers with the same last three
// symbols begin, and heads of table, so that a search among them touches little memory.
func (n *numbers) prepare() {
	if len(n.back) < manyNumbers {
		return
	}
	n.heads = make([]uint64, 0, (len(n.table)+stride-1)/stride)
	for k := 0; k < len(n.table); k += stride {
		n.heads = append(n.heads, n.table[k])
	}
	n.lasts = make([]uint32, 1<<12+1)
	for _, k := range n.back {
		n.lasts[lastThree(reversed(n.table[k]))+1]++
	}
	for i := range 1 << 12 {
		n.lasts[i+1] += n.lasts[i]
	}
}

// lastThree is the first three symbols of a reversed number, as a place in lasts.
func lastThree(v uint64) uint64 { return v >> 52 }

// ends is which of table end with needle, in no order.
func (n *numbers) ends(needle uint64, c int) []uint16 {
	v := reversed(needle)
	w, among := beyond(v, c), n.back
	if n.lasts != nil {
		among = among[n.lasts[lastThree(v)]:n.lasts[lastThree(w-1)+1]]
	}
	from, to := neighbours(len(among), v, w, func(i int) uint64 { return reversed(n.table[among[i]]) })
	return among[from:to]
}
