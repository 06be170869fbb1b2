package ledger

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"golang.org/x/mod/sumdb/tlog"
)

// TestTamperTree changes each byte of the files that follow from entries.
func TestTamperTree(t *testing.T) {
	const n = 9
	dir := fill(t, n)
	for _, name := range []string{"hashes", "index"} {
		whole := read(t, file(dir, name))
		for o := range whole {
			l := open(t, dir) // open before the damage: opening mends
			bad := bytes.Clone(whole)
			bad[o] ^= 1 << (o % 8)
			replace(t, file(dir, name), bad)
			if err := l.Verify(); err == nil {
				t.Fatalf("byte %d of %s changed and nobody notices", o, name)
			}
			if err := l.Close(); err != nil {
				t.Fatal(err)
			}
			replace(t, file(dir, name), whole)
		}
	}
}

// TestTreeIsMended takes the files away that follow from entries, or cuts them anywhere.
func TestTreeIsMended(t *testing.T) {
	const n = 2*treeSync + 10
	dir := fill(t, n)
	want, err := open(t, dir).Head()
	if err != nil {
		t.Fatal(err)
	}
	hashes, index := read(t, file(dir, "hashes")), read(t, file(dir, "index"))
	for _, cut := range [][2]int{
		{0, 0},
		{0, len(index)},
		{len(hashes), 0},
		{len(hashes) - 1, len(index) - 1},
		{33, len(index)},
		{len(hashes), 17},
		{len(hashes) / 2, len(index)},
		{len(hashes), len(index) / 2},
		{len(hashes) - 64, len(index) - 8},
	} {
		replace(t, file(dir, "hashes"), hashes[:cut[0]])
		replace(t, file(dir, "index"), index[:cut[1]])
		l := open(t, dir)
		check(t, l, n)
		if head, err := l.Head(); err != nil || head != want {
			t.Fatalf("cut to %v: head %v, %v", cut, head, err)
		}
	}
	// What a power cut may leave after the last fsync of these files.
	clear(hashes[len(hashes)-200:])
	clear(index[len(index)-64:])
	replace(t, file(dir, "hashes"), hashes)
	replace(t, file(dir, "index"), index)
	check(t, open(t, dir), n)
}

// TestTreeIsSynced sees that the files which follow from entries are fsynced as often as
// recovery believes, each time before more is written.
func TestTreeIsSynced(t *testing.T) {
	real := datasync
	defer func() { datasync = real }()
	var synced []string
	datasync = func(f *os.File) error {
		info, err := f.Stat()
		synced = append(synced, fmt.Sprint(filepath.Base(f.Name()), " ", info.Size()))
		return errors.Join(err, real(f))
	}
	dir := fill(t, 2*treeSync+1)
	want := []string{
		fmt.Sprint("entries ", len(read(t, file(dir, "entries")))),
		fmt.Sprint("hashes ", tlog.StoredHashCount(treeSync)*tlog.HashSize), fmt.Sprint("index ", treeSync*8),
		fmt.Sprint("hashes ", tlog.StoredHashCount(2*treeSync)*tlog.HashSize), fmt.Sprint("index ", 2*treeSync*8),
	}
	if !slices.Equal(synced, want) {
		t.Errorf("synced %q, want %q", synced, want)
	}
}
