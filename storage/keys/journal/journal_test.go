package journal

import (
	"bytes"
	"errors"
	"fmt"
	"hash/crc32"
	"slices"
	"testing"
)

func scan(t testing.TB, b []byte) (payloads []string, tears []Tear) {
	t.Helper()
	tears, err := Scan(bytes.NewReader(b), 0, int64(len(b)), func(at int64, p []byte) error {
		if got, err := At(bytes.NewReader(b), at); err != nil || !bytes.Equal(got, p) {
			t.Fatalf("record at %d reads %q, %v", at, got, err)
		}
		payloads = append(payloads, string(p))
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return payloads, tears
}

func TestScan(t *testing.T) {
	var b []byte
	var want []string
	for i := range 300 {
		want = append(want, fmt.Sprint(i, string(bytes.Repeat([]byte{'L'}, i*7))))
		b = Append(b, []byte(want[i]))
	}
	got, tears := scan(t, b)
	if !slices.Equal(got, want) || tears != nil {
		t.Fatalf("%d of %d records, tears %v", len(got), len(want), tears)
	}
}

// TestStepOverTear cuts a file at every byte and appends: no whole record is ever lost.
func TestStepOverTear(t *testing.T) {
	var b []byte
	ends := []int{0}
	want := []string{"", "LJ", "LLJJ and a longer one", "\x00\x01"}
	for _, p := range want {
		b = Append(b, []byte(p))
		ends = append(ends, len(b))
	}
	for cut := range len(b) + 1 {
		whole := 0
		for whole < len(want) && ends[whole+1] <= cut {
			whole++
		}
		f := slices.Clone(b[:cut])
		f = Append(f, []byte("after"))
		got, tears := scan(t, f)
		if !slices.Equal(got, append(slices.Clone(want[:whole]), "after")) {
			t.Fatalf("cut at %d: %q", cut, got)
		}
		torn := int64(cut - ends[whole])
		if torn == 0 && tears != nil || torn > 0 && !slices.Equal(tears, []Tear{{int64(ends[whole]), torn}}) {
			t.Fatalf("cut at %d: tears %v", cut, tears)
		}
	}
}

// ending is a record whose checksum ends as given.
func ending(t testing.TB, with string) []byte {
	t.Helper()
	for i := range 1 << 22 {
		if b := Append(nil, fmt.Append(nil, "torn ", i)); bytes.HasSuffix(b, []byte(with)) {
			return b
		}
	}
	t.Fatalf("no checksum ends with %q", with)
	return nil
}

// TestTornLooksWhole cuts records so that what is appended makes them whole by chance: what was
// appended is what counts, and a record that nothing follows is one.
func TestTornLooksWhole(t *testing.T) {
	before, after := Append(nil, []byte("before")), Append(nil, []byte("after"))
	for _, with := range []string{"L", "LJ"} {
		whole := ending(t, with)
		f := slices.Concat(before, whole[:len(whole)-len(with)], after)
		got, tears := scan(t, f)
		if want := []Tear{{int64(len(before)), int64(len(whole) - len(with))}}; !slices.Equal(got, []string{"before", "after"}) || !slices.Equal(tears, want) {
			t.Errorf("without %q: %q, tears %v, not %v", with, got, tears, want)
		}
		text := string(whole[headSize : len(whole)-sumSize])
		for _, f := range [][]byte{whole, slices.Concat(whole, after), append(slices.Clone(whole), "J\x01\x00 torn"...)} {
			if got, _ := scan(t, f); len(got) == 0 || got[0] != text {
				t.Errorf("a whole one that ends with %q is not found in %q", with, f)
			}
		}
	}
}

// TestFlip flips every bit of one record in the middle: it alone is lost.
func TestFlip(t *testing.T) {
	a := Append(nil, []byte("first"))
	b := Append(slices.Clone(a), []byte("second"))
	c := Append(slices.Clone(b), []byte("third"))
	for i := len(a) * 8; i < len(b)*8; i++ {
		f := slices.Clone(c)
		f[i/8] ^= 1 << (i % 8)
		got, tears := scan(t, f)
		if !slices.Equal(got, []string{"first", "third"}) || len(tears) != 1 {
			t.Fatalf("bit %d: %q, %v", i, got, tears)
		}
	}
}

func TestNewerVersion(t *testing.T) {
	b := Append(nil, []byte("x"))
	b[2] = Version + 1
	b = b[:len(b)-4]
	s := crc32.Checksum(b, table)
	b = append(b, byte(s>>24), byte(s>>16), byte(s>>8), byte(s))
	_, err := Scan(bytes.NewReader(b), 0, int64(len(b)), func(int64, []byte) error { return nil })
	if !errors.Is(err, ErrNewer) {
		t.Fatal(err)
	}
}

// FuzzStepOver puts a record after anything at all, and finds it.
func FuzzStepOver(f *testing.F) {
	f.Add([]byte("L"))
	f.Add([]byte("LJ\x01\x00\x00\x00\x20"))
	f.Add(Append(nil, []byte("whole")))
	f.Add(bytes.Repeat([]byte{0}, 5000))
	torn := ending(f, "L")
	f.Add(torn[:len(torn)-1])
	f.Fuzz(func(t *testing.T, garbage []byte) {
		got, tears := scan(t, Append(slices.Clone(garbage), []byte("found")))
		if len(got) == 0 || got[len(got)-1] != "found" {
			t.Fatalf("lost after %q", garbage)
		}
		n := int64(0)
		for _, p := range got {
			n += int64(len(p)) + Overhead
		}
		for _, tear := range tears {
			n += tear.Bytes
		}
		if n != int64(len(garbage))+int64(len("found"))+Overhead {
			t.Fatalf("%d bytes accounted for", n)
		}
	})
}
