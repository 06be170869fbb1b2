package catalogue

// points tells of most values that a block does not have them: whole far numbers and exact
// lengths, which few blocks have and which a search would have to look up in each. It is a
// Bloom filter whose bits for one value lie in one line of memory.
type points [][8]uint64

// pointBits is how many bits there are for each value: some 4 in 100 that are not there pass.
const pointBits = 8

func newPoints(b *block) points {
	values := len(b.far.table) + len(b.length)
	p := make(points, 1+values*pointBits/512)
	for _, v := range b.far.table {
		p.add(numberPoint(v))
	}
	for _, ms := range b.length {
		p.add(lengthPoint(ms))
	}
	return p
}

// mixed scatters v over 64 bits (MurmurHash3's last step).
func mixed(v uint64) uint64 {
	v = (v ^ v>>33) * 0xFF51AFD7ED558CCD
	v = (v ^ v>>33) * 0xC4CEB9FE1A85EC53
	return v ^ v>>33
}

func numberPoint(v uint64) uint64  { return mixed(v) }
func lengthPoint(ms uint32) uint64 { return mixed(^uint64(ms)) } // no packed number begins with ones

// line is where the bits of a point are.
func (p points) line(h uint64) *[8]uint64 { return &p[h>>32*uint64(len(p))>>32] }

func (p points) add(h uint64) {
	l := p.line(h)
	for range 3 {
		l[h>>6&7] |= 1 << (h & 63)
		h >>= 9
	}
}

// may reports whether the value may be there.
func (p points) may(h uint64) bool {
	l := p.line(h)
	for range 3 {
		if l[h>>6&7]>>(h&63)&1 == 0 {
			return false
		}
		h >>= 9
	}
	return true
}
