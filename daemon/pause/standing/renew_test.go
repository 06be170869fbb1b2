package standing

import (
	"bytes"
	"encoding/binary"
	"os"
	"path/filepath"
	"slices"
	"testing"
)

// older writes a file as it was before names had a key: two turns, of which the newer counts.
func older(t *testing.T, path string) {
	t.Helper()
	raw := make([]byte, 2*slotSize)
	for i, by := range []string{"keypad", "terminal 1"} {
		text := []byte(`[{"line":"` + plain("parking") + `","by":"` + plain(by) + `"},{"line":"` + plain("parking") + `","by":"` + plain("web jane") + `"}]`)
		b := raw[i*slotSize:]
		copy(b, oldMagic)
		binary.LittleEndian.PutUint64(b[8:], uint64(7+i))
		binary.LittleEndian.PutUint32(b[16:], uint32(len(text)))
		copy(b[headSize:], text)
		binary.LittleEndian.PutUint32(b[20:], sum(b[:headSize+len(text)]))
	}
	if err := os.WriteFile(path, raw, 0o600); err != nil {
		t.Fatal(err)
	}
}

// A file of the older format says what it said, with names that cannot be guessed any more.
func TestOlderFilesAreReplaced(t *testing.T) {
	path := filepath.Join(t.TempDir(), "pauses")
	older(t, path)
	names := []string{"parking", "housing", "terminal 1", "keypad"}
	for range 2 { // it stays so
		b, found, intact, err := Open(path, testKey, names)
		if err != nil || !intact {
			t.Fatalf("intact %v, %v", intact, err)
		}
		want := []Pause{{Line: b.Opaque("parking"), By: b.Opaque("terminal 1")}, {Line: b.Opaque("parking"), By: plain("web jane")}}
		if !slices.Equal(found, want) {
			t.Errorf("found %v, want %v", found, want)
		}
		if err := b.Close(); err != nil {
			t.Fatal(err)
		}
		raw, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for _, n := range names {
			if bytes.Contains(raw, []byte(plain(n))) {
				t.Errorf("%s can be guessed", n)
			}
		}
	}
	if left, err := filepath.Glob(path + ".*"); err != nil || len(left) > 0 {
		t.Errorf("%v, %v", left, err)
	}
}

// With another key nothing is known of what stood: it is as if the file were damaged.
func TestAnotherKey(t *testing.T) {
	path := filepath.Join(t.TempDir(), "pauses")
	b, _, _ := opened(t, path)
	if !b.Kept(t.Context(), b.Set(b.Opaque("parking"), []Pause{{Line: b.Opaque("parking"), By: b.Opaque("keypad")}})) {
		t.Fatal("not kept")
	}
	again, found, intact, err := Open(path, []byte("another"), nil)
	if err != nil || intact || len(found) > 0 {
		t.Fatalf("found %v, intact %v, %v", found, intact, err)
	}
	// What is written from then on can be read.
	if !again.Kept(t.Context(), again.Set("x", []Pause{{Line: "x", By: "y"}})) {
		t.Fatal("not kept")
	}
	if err := again.Close(); err != nil {
		t.Fatal(err)
	}
	if _, found, intact, err := Open(path, []byte("another"), nil); err != nil || !intact || len(found) != 1 {
		t.Errorf("found %v, intact %v, %v", found, intact, err)
	}
}
