// Package g711 converts between linear samples and the two companding laws of ITU-T G.711.
package g711

import "math/bits"

var (
	fromA, fromU [256]int16
	// toA and toU are indexed by the top bits of a sample that the law can tell apart:
	// 13 of A-law, 14 of mu-law.
	toA [1 << 13]byte
	toU [1 << 14]byte
)

func init() {
	for i := range 256 {
		fromA[i], fromU[i] = expandA(byte(i)), expandU(byte(i))
	}
	for i := range toA {
		toA[i] = compressA(int(int16(i << 3)))
	}
	for i := range toU {
		toU[i] = compressU(int(int16(i << 2)))
	}
}

// expandA is the decoder of G.711 table 1, scaled to 16 bits.
func expandA(b byte) int16 {
	b ^= 0x55 // even bits travel inverted
	mantissa, segment := int16(b&0x0f), b>>4&7
	v := mantissa<<4 + 8
	if segment > 0 {
		v = (v + 0x100) << (segment - 1)
	}
	if b&0x80 == 0 {
		return -v
	}
	return v
}

// expandU is the decoder of G.711 table 2, scaled to 16 bits.
func expandU(b byte) int16 {
	b = ^b // all bits travel inverted
	v := (int16(b&0x0f)<<3+0x84)<<(b>>4&7) - 0x84
	if b&0x80 != 0 {
		return -v
	}
	return v
}

func compressA(v int) byte {
	sign := byte(0x80)
	if v < 0 {
		sign, v = 0, ^v
	}
	v >>= 4 // 11 bits of magnitude
	segment := max(0, bits.Len(uint(v))-4)
	mantissa := v >> max(0, segment-1) & 0x0f
	if segment == 0 {
		mantissa = v & 0x0f
	}
	return (sign | byte(segment<<4) | byte(mantissa)) ^ 0x55
}

func compressU(v int) byte {
	sign := byte(0)
	if v < 0 {
		sign, v = 0x80, -v
	}
	v = min(v, 32635) + 0x84
	segment := bits.Len(uint(v)) - 8
	return ^(sign | byte(segment<<4) | byte(v>>(segment+3)&0x0f))
}

// DecodeA expands A-law into the front of dst, which must be as long as src.
func DecodeA(dst []int16, src []byte) { decode(dst, src, &fromA) }

// DecodeU expands mu-law into the front of dst, which must be as long as src.
func DecodeU(dst []int16, src []byte) { decode(dst, src, &fromU) }

func decode(dst []int16, src []byte, table *[256]int16) {
	dst = dst[:len(src)]
	for i, b := range src {
		dst[i] = table[b]
	}
}

// EncodeA compresses into A-law in the front of dst, which must be as long as src.
func EncodeA(dst []byte, src []int16) {
	dst = dst[:len(src)]
	for i, v := range src {
		dst[i] = toA[uint16(v)>>3]
	}
}

// EncodeU compresses into mu-law in the front of dst, which must be as long as src.
func EncodeU(dst []byte, src []int16) {
	dst = dst[:len(src)]
	for i, v := range src {
		dst[i] = toU[uint16(v)>>2]
	}
}
