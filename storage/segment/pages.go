package segment

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/fnv"
	"io"
)

// pages reads a bbolt file that nobody writes, by pread. Reading such a file through bbolt
// itself means reading a mapping: a sector that cannot be read raises SIGBUS, a flipped bit in
// a page can make bbolt panic, or recurse until the process dies of its stack. Here each of
// these is an error. It knows just what a segment needs: look a key up, walk a bucket.
type pages struct {
	r     io.ReaderAt
	size  int64
	root  uint64 // of the bucket of buckets
	free  uint64 // lists the pages that are not in use
	high  uint64 // pages are below this
	cache map[uint64][]byte
}

// What bbolt's file format says; all numbers are little endian on every machine we run on.
const (
	boltMagic   = 0xED0CDAED
	boltVersion = 2
	metaFlag    = 0x04
	freeFlag    = 0x10
	branchFlag  = 0x01
	leafFlag    = 0x02
	bucketFlag  = 0x01

	pageHeader  = 16
	elementSize = 16
	bucketSize  = 16
	metaSize    = 64

	noFreeList = 1<<64 - 1 // no page lists the free ones
	manyFree   = 1<<16 - 1 // as their number: that follows

	// maxDepth bounds a descent: 256 MiB of segment is four levels at the most.
	maxDepth = 12
	// maxPage bounds one page with its overflow: the entry of a very long part.
	maxPage = 16 << 20
	// maxCached branch pages are kept; a segment has a few.
	maxCached = 1024
)

var errPage = errors.New("a page of the file is damaged")

// openPages finds the newest of the two meta pages that is whole.
func openPages(r io.ReaderAt, size int64) (*pages, error) {
	p := &pages{r: r, size: size, cache: map[uint64][]byte{}}
	var newest uint64
	found := false
	for i := range int64(2) {
		var b [pageHeader + metaSize]byte
		if _, err := r.ReadAt(b[:], i*pageSize); err != nil {
			if i == 0 && errors.Is(err, io.EOF) {
				return nil, errors.New("the file is too short to be a segment")
			}
			continue
		}
		m := b[pageHeader:]
		sum := fnv.New64a()
		_, _ = sum.Write(m[:56]) // a hash never fails
		switch {
		case binary.LittleEndian.Uint16(b[8:]) != metaFlag,
			binary.LittleEndian.Uint32(m) != boltMagic,
			binary.LittleEndian.Uint32(m[4:]) != boltVersion,
			binary.LittleEndian.Uint32(m[8:]) != pageSize,
			binary.LittleEndian.Uint64(m[56:]) != sum.Sum64():
			continue
		}
		if tx := binary.LittleEndian.Uint64(m[48:]); !found || tx > newest {
			found, newest = true, tx
			p.root = binary.LittleEndian.Uint64(m[16:])
			p.free = binary.LittleEndian.Uint64(m[32:])
			p.high = binary.LittleEndian.Uint64(m[40:])
		}
	}
	if !found {
		return nil, errors.New("it does not begin as a segment does (no whole bbolt meta page)")
	}
	return p, nil
}

// count bounds how many pages there can be: what a damaged file says is not believed alone.
func (p *pages) count() uint64 { return min(p.high, uint64(p.size)/pageSize+1) }

// page returns a page of a bucket's tree with its overflow, checked against its own header.
func (p *pages) page(id uint64) ([]byte, error) {
	if b, ok := p.cache[id]; ok {
		return b, nil
	}
	if id < 2 || id >= p.high {
		return nil, errPage
	}
	b := make([]byte, pageSize)
	if _, err := p.r.ReadAt(b, int64(id)*pageSize); err != nil {
		return nil, fmt.Errorf("page %d: %w", id, noEOF(err))
	}
	overflow := uint64(binary.LittleEndian.Uint32(b[12:]))
	want := (1 + overflow) * pageSize
	if binary.LittleEndian.Uint64(b) != id || id+overflow >= p.high || want > maxPage {
		return nil, errPage
	}
	if overflow > 0 {
		b = append(b, make([]byte, want-pageSize)...)
		if _, err := p.r.ReadAt(b[pageSize:], int64(id+1)*pageSize); err != nil {
			return nil, fmt.Errorf("page %d: %w", id, noEOF(err))
		}
	}
	if binary.LittleEndian.Uint16(b[8:]) == branchFlag && len(p.cache) < maxCached {
		p.cache[id] = b
	}
	return b, nil
}

func noEOF(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}

// element is the i-th key of a branch or leaf page with its child, or its value and flags.
type element struct {
	key, value []byte
	child      uint64
	bucket     bool
}

// elements says how many elements page b has, and whether they are a branch's.
func elements(b []byte) (n int, branch bool, err error) {
	n = int(binary.LittleEndian.Uint16(b[10:]))
	flags := binary.LittleEndian.Uint16(b[8:])
	if (flags != branchFlag && flags != leafFlag) || pageHeader+n*elementSize > len(b) {
		return 0, false, errPage
	}
	return n, flags == branchFlag, nil
}

func elementAt(b []byte, i int, branch bool) (element, error) {
	at := pageHeader + i*elementSize
	e := b[at : at+elementSize]
	var out element
	var pos, ksize, vsize uint64
	if branch {
		pos, ksize = uint64(binary.LittleEndian.Uint32(e)), uint64(binary.LittleEndian.Uint32(e[4:]))
		out.child = binary.LittleEndian.Uint64(e[8:])
	} else {
		out.bucket = binary.LittleEndian.Uint32(e)&bucketFlag != 0
		pos, ksize = uint64(binary.LittleEndian.Uint32(e[4:])), uint64(binary.LittleEndian.Uint32(e[8:]))
		vsize = uint64(binary.LittleEndian.Uint32(e[12:]))
	}
	from := uint64(at) + pos // an element's position counts from its own start
	if pos < elementSize || from+ksize+vsize > uint64(len(b)) {
		return out, errPage
	}
	out.key = b[from : from+ksize]
	out.value = b[from+ksize : from+ksize+vsize]
	return out, nil
}

// bucket is a bucket's root page, or the page itself where it is small and kept inline.
type bucket struct {
	root     uint64
	sequence uint64
	inline   []byte
}

// bucketOf reads a bucket's header, with what may follow it.
func bucketOf(e element) (bucket, error) {
	if !e.bucket || len(e.value) < bucketSize {
		return bucket{}, errPage
	}
	b := bucket{root: binary.LittleEndian.Uint64(e.value), sequence: binary.LittleEndian.Uint64(e.value[8:])}
	if b.root == 0 {
		b.inline = e.value[bucketSize:]
		if len(b.inline) < pageHeader {
			return bucket{}, errPage
		}
	}
	return b, nil
}

// bucket finds a bucket of the root bucket.
func (p *pages) bucket(name []byte) (bucket, error) {
	e, err := p.get(bucket{root: p.root}, name)
	if errors.Is(err, errMissing) {
		return bucket{}, fmt.Errorf("it is a bbolt file but not a segment (no bucket %s)", name)
	}
	var b bucket
	if err == nil {
		b, err = bucketOf(e)
	}
	if err != nil {
		return bucket{}, fmt.Errorf("bucket %s: %w", name, err)
	}
	return b, nil
}

func (p *pages) top(b bucket) ([]byte, error) {
	if b.inline != nil {
		return b.inline, nil
	}
	return p.page(b.root)
}

// leaf finds the leaf in which a key would be, and the place in it of the last element whose
// key is not above it: -1 if there is none.
func (p *pages) leaf(in bucket, key []byte) (b []byte, n, at int, err error) {
	b, err = p.top(in)
	for range maxDepth {
		if err != nil {
			return nil, 0, 0, err
		}
		n, branch, err := elements(b)
		if err != nil {
			return nil, 0, 0, err
		}
		at, err := floor(b, n, branch, key)
		if err != nil || !branch {
			return b, n, at, err
		}
		if at < 0 {
			return nil, 0, 0, errMissing
		}
		e, err := elementAt(b, at, branch)
		if err != nil {
			return nil, 0, 0, err
		}
		if b, err = p.page(e.child); err != nil {
			return nil, 0, 0, err
		}
	}
	return nil, 0, 0, errPage
}

// floor is the last of a page's n elements whose key is not above the one sought, or -1.
func floor(b []byte, n int, branch bool, key []byte) (int, error) {
	lo, hi := 0, n
	for lo < hi {
		mid := (lo + hi) / 2
		e, err := elementAt(b, mid, branch)
		if err != nil {
			return 0, err
		}
		if bytes.Compare(e.key, key) <= 0 {
			lo = mid + 1
		} else {
			hi = mid
		}
	}
	return lo - 1, nil
}

// get looks key up; errMissing if it is not there. What it returns is the page's own memory.
func (p *pages) get(in bucket, key []byte) (element, error) {
	b, _, at, err := p.leaf(in, key)
	if err != nil {
		return element{}, err
	}
	if at < 0 {
		return element{}, errMissing
	}
	e, err := elementAt(b, at, false)
	if err == nil && !bytes.Equal(e.key, key) {
		err = errMissing
	}
	return e, err
}
