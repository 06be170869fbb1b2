package ogg

import "encoding/binary"

// The bits of a page's flags.
const (
	flagContinued = 1 // the first packet began on the page before
	flagFirst     = 2
	flagLast      = 4
)

// Page is one page of whole packets.
type Page struct {
	First, Last bool
	Granule     int64 // the position at the end of its last packet
	Serial      uint32
	Sequence    uint32
	// Sizes are those of the packets, one after another in Body.
	Sizes []int
	Body  []byte
}

// Append appends the page as it is written. It panics if the packets do not fit a page.
func (p Page) Append(dst []byte) []byte {
	start := len(dst)
	var flags byte
	if p.First {
		flags |= flagFirst
	}
	if p.Last {
		flags |= flagLast
	}
	dst = append(dst, "OggS\x00"...)
	dst = append(dst, flags)
	dst = binary.LittleEndian.AppendUint64(dst, uint64(p.Granule))
	dst = binary.LittleEndian.AppendUint32(dst, p.Serial)
	dst = binary.LittleEndian.AppendUint32(dst, p.Sequence)
	dst = append(dst, 0, 0, 0, 0, 0) // checksum and count, below
	for _, n := range p.Sizes {
		for ; n >= 255; n -= 255 {
			dst = append(dst, 255)
		}
		dst = append(dst, byte(n))
	}
	count := len(dst) - start - PageOverhead
	if count > MaxSegments {
		panic("ogg: too much for one page")
	}
	dst[start+26] = byte(count)
	dst = append(dst, p.Body...)
	binary.LittleEndian.PutUint32(dst[start+22:], checksum(0, dst[start:]))
	return dst
}

// crcTable is of the polynomial 0x04c11db7, neither reflected nor inverted (RFC 3533 6).
var crcTable = func() (t [256]uint32) {
	for i := range t {
		r := uint32(i) << 24
		for range 8 {
			if r&0x80000000 != 0 {
				r = r<<1 ^ 0x04c11db7
			} else {
				r <<= 1
			}
		}
		t[i] = r
	}
	return t
}()

func checksum(crc uint32, b []byte) uint32 {
	for _, v := range b {
		crc = crc<<8 ^ crcTable[byte(crc>>24)^v]
	}
	return crc
}
