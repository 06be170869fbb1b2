package seal

import (
	"bytes"
	"testing"
)

func TestRoundTrip(t *testing.T) {
	k := NewKey()
	at := Place{Part: NewPartID(), Box: 7, Kind: Sound, Before: Hash([]byte("before"))}
	for _, n := range []int{0, 1, 16, 2014 - Overhead, 70000} {
		plain := bytes.Repeat([]byte{byte(n), 'x'}, n)
		box := k.Seal([]byte("kept"), at, plain)
		if !bytes.HasPrefix(box, []byte("kept")) || len(box) != 4+len(plain)+Overhead || box[4] != Version {
			t.Fatalf("%d bytes sealed are %d, beginning %x", len(plain), len(box), box[:5])
		}
		got, err := k.Open([]byte("kept"), at, box[4:])
		if err != nil || string(got) != "kept"+string(plain) {
			t.Fatalf("opened %d bytes, %v", len(got), err)
		}
	}
}

func TestSealDoesNotAllocate(t *testing.T) {
	k := NewKey()
	at := Place{Part: NewPartID(), Kind: Sound}
	plain := make([]byte, 2014)
	box := make([]byte, 0, len(plain)+Overhead)
	if n := testing.AllocsPerRun(100, func() { box = k.Seal(box[:0], at, plain) }); n >= 1 {
		t.Errorf("Seal allocates %v times", n)
	}
	out := make([]byte, 0, len(plain))
	if n := testing.AllocsPerRun(100, func() {
		var err error
		if out, err = k.Open(out[:0], at, box); err != nil {
			t.Fatal(err)
		}
	}); n >= 1 {
		t.Errorf("Open allocates %v times", n)
	}
}

// TestChain seals a part and looks for anything else that opens: boxes swapped, left out,
// doubled, spliced in from another part, and a shorter part passed off as whole.
func TestChain(t *testing.T) {
	k, other := NewKey(), NewKey()
	part := NewPartID()
	const n = 6
	seal := func(k *Key, part PartID) (boxes [][]byte) {
		var before [32]byte
		for i := range uint64(n) {
			box := k.Seal(nil, place(part, i, n, before), []byte{byte(i)})
			before = Hash(box)
			boxes = append(boxes, box)
		}
		return boxes
	}
	boxes := seal(k, part)
	strangers := [][][]byte{seal(k, NewPartID()), seal(other, part), seal(k, part)}
	count := func(boxes [][]byte, length int) (opened int) {
		var before [32]byte
		for i, box := range boxes {
			if _, err := k.Open(nil, place(part, uint64(i), length, before), box); err != nil {
				return opened
			}
			before = Hash(box)
			opened++
		}
		return opened
	}
	if got := count(boxes, n); got != n {
		t.Fatalf("%d of %d boxes open", got, n)
	}
	for i := range n {
		for j := range n {
			swapped := append([][]byte(nil), boxes...)
			swapped[i], swapped[j] = swapped[j], swapped[i]
			if got := count(swapped, n); i != j && got != min(i, j) {
				t.Errorf("swap %d and %d: %d open", i, j, got)
			}
		}
		without := append(append([][]byte(nil), boxes[:i]...), boxes[i+1:]...)
		if got := count(without, n-1); got > i {
			t.Errorf("without box %d: %d open", i, got)
		}
		twice := append(append([][]byte(nil), boxes[:i+1]...), boxes[i:]...)
		if got := count(twice, n+1); got > i+1 {
			t.Errorf("box %d twice: %d open", i, got)
		}
		if short := boxes[:i]; i > 0 && count(short, i) == i {
			t.Errorf("the first %d boxes pass for the whole part", i)
		}
		for s, from := range strangers {
			spliced := append([][]byte(nil), boxes...)
			spliced[i] = from[i]
			// A part sealed twice under one key never happens; if it did, its first
			// box would fit, and the chain breaks right after it.
			if got := count(spliced, n); got > i+1 || got == i+1 && (s != 2 || i > 0) {
				t.Errorf("box %d of stranger %d: %d open", i, s, got)
			}
		}
	}
}

func place(part PartID, i uint64, n int, before [32]byte) Place {
	at := Place{Part: part, Box: i, Kind: Sound, Last: int(i) == n-1, Before: before}
	switch {
	case i == 0:
		at.Kind = Header
	case at.Last:
		at.Kind = Final
	}
	return at
}

// FuzzBoxMoved changes a box, its place or its length in any way: it opens unchanged, where
// it was made for, or not at all.
func FuzzBoxMoved(f *testing.F) {
	id := NewPartID()
	f.Add([]byte("sound"), []byte{}, uint32(0), int16(0), uint64(3), uint8(2), false, id[:], []byte("before"))
	f.Add([]byte("sound"), []byte{}, uint32(9), int16(0), uint64(3), uint8(2), false, id[:], []byte("before"))
	f.Add([]byte("sound"), []byte{}, uint32(0), int16(-3), uint64(4), uint8(2), true, id[:], []byte("before"))
	f.Add([]byte{}, []byte("more"), uint32(0), int16(4), uint64(3), uint8(3), false, id[1:], []byte{})
	key, other := NewKey(), NewKey()
	f.Fuzz(func(t *testing.T, plain, tail []byte, bit uint32, cut int16, number uint64, kind uint8, last bool, part, before []byte) {
		made := Place{Part: id, Box: 3, Kind: Sound, Before: Hash([]byte("before"))}
		box := key.Seal(nil, made, plain)
		changed := append(bytes.Clone(box), tail...)
		if bit > 0 {
			changed[int(bit-1)/8%len(changed)] ^= 1 << ((bit - 1) % 8)
		}
		if n := len(changed) + int(cut); cut < 0 && n >= 0 {
			changed = changed[:n]
		}
		at := Place{Box: number, Kind: Kind(kind), Last: last, Before: Hash(before)}
		copy(at.Part[:], part)
		got, err := key.Open(nil, at, changed)
		same := at == made && bytes.Equal(changed, box)
		if same && (err != nil || !bytes.Equal(got, plain)) {
			t.Fatalf("does not open in its place: %v", err)
		}
		if !same && err == nil {
			t.Fatalf("opens at %+v as %x", at, got)
		}
		if _, err := other.Open(nil, made, box); err == nil {
			t.Fatal("opens with another key")
		}
	})
}

func TestForget(t *testing.T) {
	k := NewKey()
	at := Place{Part: NewPartID(), Kind: Sound}
	box := k.Seal(nil, at, []byte("sound"))
	k.Forget()
	if _, err := k.Open(nil, at, box); err != ErrOpen {
		t.Errorf("a forgotten key opens: %v", err)
	}
	if *k.s.secret != [keySize]byte{} {
		t.Error("a forgotten key is still in memory")
	}
	for name, use := range map[string]func(){
		"seal": func() { k.Seal(nil, at, nil) },
		"lock": func() { _, _ = period(t).Public().Lock(at.Part, k) },
	} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("a forgotten key can %s", name)
				}
			}()
			use()
		}()
	}
}

func TestCommitment(t *testing.T) {
	a, b := NewKey(), NewKey()
	if err := a.Check(a.Commitment()); err != nil {
		t.Error(err)
	}
	if err := a.Check(b.Commitment()); err != ErrCommitment {
		t.Errorf("another key's commitment: %v", err)
	}
}

func BenchmarkSeal(b *testing.B) {
	k := NewKey()
	at := Place{Part: NewPartID(), Kind: Sound}
	plain := make([]byte, 2100)
	box := make([]byte, 0, len(plain)+Overhead)
	b.SetBytes(int64(len(plain)))
	b.ReportAllocs()
	for b.Loop() {
		box = k.Seal(box[:0], at, plain)
	}
}
