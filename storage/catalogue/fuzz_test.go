package catalogue

import (
	"fmt"
	"testing"
	"time"
)

func seedBlock() *block {
	var all []*entry
	for i := range 200 {
		c := Contact{
			Start: time.Unix(int64(i), 0), Length: time.Duration(i) * time.Second, Far: fmt.Sprint("0207", i*7919),
			Own: "02088257000", Line: fmt.Sprint("line-", i%3), Flags: []string{"good"}, Note: "asked twice", Rating: uint8(i % 6),
		}
		if c.ID[15] = byte(i); i%50 == 1 {
			c.Far = "sip:someone@example.org"
		}
		all = append(all, newEntry(&c))
	}
	return newBlock(all)
}

// What is decoded is safe to search, whatever the bytes: the seal is not all that is relied on.
func FuzzBlock(f *testing.F) {
	good := seedBlock().encode(make([]uint32, 200))
	f.Add(good)
	f.Add(good[:len(good)/2])
	f.Add([]byte{})
	if _, _, err := decodeBlock(good); err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		b, ends, err := decodeBlock(data)
		if err != nil {
			return
		}
		b.rows = make(heldRows, len(ends))
		x := New("", [32]byte{})
		x.blocks, x.live = []*block{b}, len(b.ids)
		for _, q := range []Query{
			{},
			{Part: "791"},
			{Part: "7"},
			{Number: "2088"},
			{FarBegins: "02"},
			{FarEnds: "9"},
			{Far: "02077919"},
			{Note: "ask tw"},
			{MinRating: 2},
			{MinLength: time.Second, MaxLength: time.Minute},
			{From: time.Unix(5, 0)},
			{Held: No, Line: "line-1"},
			{Before: ID{15: 9}},
		} {
			if _, _, err := x.Page(&q, 50); err != nil {
				t.Fatal(err)
			}
			if _, err := x.Count(&q); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := x.merge(x.blocks); err != nil {
			t.Fatal(err)
		}
	})
}

func FuzzManifest(f *testing.F) {
	f.Add(encodeManifest([]byte("state"), []*block{seedBlock()}, [][]uint16{{3, 5}}))
	f.Add([]byte{0, 1})
	f.Fuzz(func(t *testing.T, data []byte) {
		_, list, err := decodeManifest(data)
		if err != nil {
			return
		}
		for _, b := range list {
			if b.live() < 0 {
				t.Fatal("more are gone than there were")
			}
		}
	})
}
