package q921

// fcsTable is the CRC of one octet under x^16+x^12+x^5+1, least significant bit first.
var fcsTable = func() (t [256]uint16) {
	for i := range t {
		c := uint16(i)
		for range 8 {
			if c&1 != 0 {
				c = c>>1 ^ 0x8408
			} else {
				c >>= 1
			}
		}
		t[i] = c
	}
	return t
}()

// CheckFCS tells whether b ends in a good frame check sequence (Q.921 2.7), and returns the frame
// without it.
func CheckFCS(b []byte) ([]byte, bool) {
	if len(b) < 2 {
		return b, false
	}
	c := uint16(0xFFFF)
	for _, x := range b {
		c = c>>8 ^ fcsTable[byte(c)^x]
	}
	return b[:len(b)-2], c == 0xF0B8
}
