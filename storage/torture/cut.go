package torture

import (
	"math/rand/v2"
	"slices"

	"linevault/storage/torture/watch"
)

// inode is a file's content.
type inode struct {
	safe    []byte
	pending []change // since it was last made safe
	size    int64    // now
}

// change is a write, or a change of length where data is nil.
type change struct {
	at   int64
	data []byte
}

// sector is what a disk writes whole.
const sector = 512

func (f *inode) write(at int64, data []byte) {
	if at == watch.Append {
		at = f.size
	}
	f.pending = append(f.pending, change{at: at, data: data})
	f.size = max(f.size, at+int64(len(data)))
}

func (f *inode) truncate(size int64) {
	f.pending = append(f.pending, change{at: size})
	f.size = size
}

func (f *inode) sync() { f.safe, f.pending = f.build(f.pending), nil }

// build is the file's content once these changes are on the disk.
func (f *inode) build(changes []change) []byte {
	b := slices.Clone(f.safe)
	for _, c := range changes {
		end := c.at + int64(len(c.data))
		if c.data == nil && end < int64(len(b)) {
			b = b[:end]
		}
		if grow := end - int64(len(b)); grow > 0 {
			b = append(b, make([]byte, grow)...)
		}
		copy(b[c.at:], c.data)
	}
	return b
}

// Cut is how a power cut treats what was not made safe.
type Cut string

// The cuts there are. Some and Torn are at random.
const (
	Nothing    Cut = "nothing of it is kept"
	Everything Cut = "all of it is kept"
	Some       Cut = "some writes are kept, in any order"
	Torn       Cut = "of some writes some sectors are kept"
)

// Cuts lists them.
var Cuts = []Cut{Nothing, Everything, Some, Torn}

// keptNames are those that outlive the cut: a file system writes the names of a folder in order.
func (c Cut) keptNames(list []naming, rnd *rand.Rand) []naming {
	switch c {
	case Nothing:
		return nil
	case Everything:
		return list
	}
	return list[:rnd.IntN(len(list)+1)]
}

// kept are the changes of a file that outlive the cut.
func (c Cut) kept(list []change, rnd *rand.Rand) (kept []change) {
	switch c {
	case Nothing:
		return nil
	case Everything:
		return list
	}
	odds := rnd.Float64()
	for _, x := range list {
		switch {
		case c == Torn && x.data != nil:
			kept = append(kept, x.sectors(odds, rnd)...)
		case rnd.Float64() < odds:
			kept = append(kept, x)
		}
	}
	return kept
}

// sectors are those of a write that outlive the cut.
func (x change) sectors(odds float64, rnd *rand.Rand) (kept []change) {
	for from := x.at; from < x.at+int64(len(x.data)); {
		to := min((from/sector+1)*sector, x.at+int64(len(x.data)))
		if rnd.Float64() < odds {
			kept = append(kept, change{at: from, data: x.data[from-x.at : to-x.at]})
		}
		from = to
	}
	return kept
}
