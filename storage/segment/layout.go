package segment

import "encoding/binary"

// The stream of boxes lies in runs of whole pages, which bbolt writes with one call each and
// never again. Every page of a run is a fragment: two bytes that say where in it the first
// record begins, then stream. So a sector that is lost costs the records in it, and the reader
// finds the next one. What does not fill a page yet is the tail, which each commit writes anew.
const (
	pageSize = 4096
	keySize  = 8
	// runHead is what stands in the first page of a run before its first fragment: bbolt's page
	// header (16), its element (16) and the key.
	runHead = 16 + 16 + keySize
	// markSize is the length of the mark that a fragment begins with.
	markSize = 2
	body     = pageSize - markSize
	// none is the mark that says that no record begins in a fragment.
	none = 0xffff
	// maxRun is how many pages a run has at the most: what a second of 600 legs takes.
	maxRun = 256
)

// runLength is how much of the stream a run of so many pages carries.
func runLength(pages int) int { return pages*body - runHead }

// pagesFor is how many whole pages a run can fill with n bytes of the stream; 0 where n leaves
// the first one unfilled.
func pagesFor(n int) int { return min((n+runHead)/body, maxRun) }

// fragmentOf is in which fragment of its run byte n of it lies.
func fragmentOf(n int64) int { return int((n + runHead) / body) }

// fragmentFrom is the byte of a run with which its fragment i begins.
func fragmentFrom(i int) int64 { return max(0, int64(i)*body-runHead) }

// valueFrom is where fragment i of a run begins in bbolt's value.
func valueFrom(i int) int { return max(0, i*pageSize-runHead) }

// lay adds stream[from:to] to b as a run or the tail holds it, and returns those of starts,
// which rise and are where records begin in stream, that lie beyond it.
func lay(b, stream []byte, from, to int, starts []int) (laid []byte, rest []int) {
	for at := from; at < to; {
		end := min(from+int(fragmentFrom(fragmentOf(int64(at-from))+1)), to)
		mark := uint16(none)
		if len(starts) > 0 && starts[0] < end {
			mark = uint16(starts[0] - at)
		}
		for len(starts) > 0 && starts[0] < end {
			starts = starts[1:]
		}
		b = binary.LittleEndian.AppendUint16(b, mark)
		b = append(b, stream[at:end]...)
		at = end
	}
	return b, starts
}

// fragment is a page's worth of the stream.
type fragment struct {
	from  int64  // where in the stream it begins
	next  int64  // where the one after it begins
	first int    // where in it the first record begins; none if none does
	body  []byte // borrowed until the next fragment is asked for
}

// cutFragment finds the fragment with the byte at off in the value of a run or tail that begins
// at start, and holds n bytes of the stream.
func cutFragment(value []byte, start, n, off int64) (fragment, error) {
	i := fragmentOf(off - start)
	f := bounds(i, start, n)
	from, to := min(valueFrom(i), len(value)), min(valueFrom(i+1), len(value))
	return f, f.fill(value[from:to])
}

// bounds is fragment i of a run or tail, without what it holds.
func bounds(i int, start, n int64) fragment {
	return fragment{from: start + fragmentFrom(i), next: start + min(fragmentFrom(i+1), n), first: none}
}

// fill takes the fragment's mark and body from b.
func (f *fragment) fill(b []byte) error {
	if int64(len(b)) != markSize+f.next-f.from {
		return errFragment
	}
	f.first, f.body = int(binary.LittleEndian.Uint16(b)), b[markSize:]
	return nil
}
