package card

import (
	"testing"
)

// What a card that frames in hardware gives has a check sequence or has none.
func TestCheckSequence(t *testing.T) {
	whole := []byte{0x02, 0x01, 0x7F, 0, 0} // SABME
	sum := uint16(0xFFFF)
	for _, b := range whole[:3] {
		sum ^= uint16(b)
		for range 8 {
			if sum&1 != 0 {
				sum = sum>>1 ^ 0x8408
			} else {
				sum >>= 1
			}
		}
	}
	whole[3], whole[4] = byte(^sum), byte(^sum>>8)
	hard, soft := &span{hard: true}, &span{}
	for _, test := range []struct {
		s    *span
		in   []byte
		want int
	}{{soft, whole, 3}, {hard, whole, 3}, {hard, whole[:3], 3}, {soft, whole[:1], 1}} {
		if got := test.s.bare(test.in); len(got) != test.want {
			t.Errorf("hard %v: %x becomes %x", test.s.hard, test.in, got)
		}
	}
}
