package catalogue

import (
	"encoding/binary"
	"errors"
	"fmt"
	"testing"
	"time"
)

// TestCountShared counts with one worker and with many, more than there are blocks too: what
// they find together is what one finds alone, and a block that cannot be read is told.
func TestCountShared(t *testing.T) {
	x := New("", [32]byte{})
	for i := range 40 {
		var part []*entry
		for k := range 50 {
			n := 50*i + k
			c := Contact{
				Start: time.Unix(int64(n), 0), Length: time.Duration(n%7) * time.Second,
				Far: fmt.Sprintf("0208825%04d", n%97), Department: []string{"Parking", "Housing"}[n%2], State: "recorded",
			}
			binary.BigEndian.PutUint64(c.ID[:], uint64(n+1))
			part = append(part, newEntry(&c))
		}
		x.blocks = append(x.blocks, newBlock(part))
	}
	x.sort()
	for q, want := range map[Query]int{
		{Department: "Housing"}: 1000,
		{Department: "Housing", MinLength: 2 * time.Second, MaxLength: 2 * time.Second}: 143,
		{FarEnds: "0096"}: 20,
		{Part: "8250", State: "recorded", From: time.Unix(500, 0), To: time.Unix(600, 0)}: 100,
		{Agent: "nobody"}: 0,
	} {
		for _, workers := range []int{1, 2, 7, 50} {
			if n, err := x.countShared(&q, x.blocks, workers); n != want || err != nil {
				t.Errorf("%+v, %d workers: %d, %v, want %d", q, workers, n, err, want)
			}
		}
		if n, err := x.Count(&q); n != want || err != nil {
			t.Errorf("%+v: %d, %v", q, n, err)
		}
	}
	x.blocks[30].bad = ErrDamaged // as reading it leaves it
	if _, err := x.countShared(&Query{Department: "Housing"}, x.blocks, 3); !errors.Is(err, ErrDamaged) {
		t.Error(err)
	}
}
