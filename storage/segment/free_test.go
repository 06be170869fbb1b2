package segment

import (
	"bytes"
	"encoding/binary"
	"errors"
	"os"
	"path/filepath"
	"testing"
)

// A bit that flips in the list of free pages is told by Verify, or by bbolt after it; neither ends
// the process, however many pages the list says that it has.
func TestFreeListDamaged(t *testing.T) {
	dir := t.TempDir()
	w, err := Create(dir, name, 1<<20)
	if err != nil {
		t.Fatal(err)
	}
	_, entries := fill(t, w, 60, func(int) int { return 900 })
	w.End(entries[0])
	w.End(entries[1])
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, name.String())
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	r, err := readerOf(bytes.NewReader(whole), len(whole))
	if err != nil {
		t.Fatal(err)
	}
	at := int(r.pages.free * pageSize)
	n := int(binary.LittleEndian.Uint16(whole[at+10:]))
	r.Verify(func(err error) { t.Error(err) })
	if n == 0 || t.Failed() {
		t.Fatalf("%d pages are free", n)
	}
	for bit := range 8 * (pageHeader + 8*n) {
		b := bytes.Clone(whole)
		b[at+bit/8] ^= 1 << (bit % 8)
		if err := os.WriteFile(path, b, 0o600); err != nil {
			t.Fatal(err)
		}
		r, err := Open(dir, name.String())
		if err != nil {
			t.Fatal(err)
		}
		var told error
		r.Verify(func(err error) { told = errors.Join(told, err) })
		if told == nil {
			told = CheckPages(dir, name.String())
		}
		if err := r.Close(); told == nil || err != nil {
			t.Errorf("bit %d: nobody is told; %v", bit, err)
		}
	}
}
