package ledger

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"os"
	"slices"
	"strings"
	"testing"

	"golang.org/x/mod/sumdb/tlog"
	"golang.org/x/sys/unix"

	"linevault/storage/keys/journal"
)

// offsets is where each record of a ledger's entries begins, and where the last one ends.
func offsets(t testing.TB, dir string) (at []int64) {
	t.Helper()
	b := read(t, file(dir, "entries"))
	tears, err := journal.Scan(bytes.NewReader(b), 0, int64(len(b)), func(o int64, _ []byte) error {
		at = append(at, o)
		return nil
	})
	if err != nil || tears != nil {
		t.Fatal(tears, err)
	}
	return append(at, int64(len(b)))
}

// withoutFsync spares the disk where a test is not about it.
func withoutFsync(t *testing.T) {
	real := datasync
	datasync = func(*os.File) error { return nil }
	t.Cleanup(func() { datasync = real })
}

// TestTamper changes each byte of each entry, the plain way and with the checksum put right:
// Verify finds it, the other entries read, and appending goes on.
func TestTamper(t *testing.T) {
	const n = 3
	withoutFsync(t)
	dir, other := fill(t, n), fill(t, n)
	at := offsets(t, dir)
	whole := read(t, file(dir, "entries"))
	for i := range n {
		for o := at[i]; o < at[i+1]; o++ {
			bad := bytes.Clone(whole)
			bad[o] ^= 1 << (o % 8)
			tampered(t, dir, other, bad, i, o)
			if payload := bad[at[i]+7 : at[i+1]-4]; o >= at[i]+7 && o < at[i+1]-4 {
				copy(bad[at[i]:], journal.Append(nil, payload))
				tampered(t, dir, other, bad, i, o)
			}
		}
	}
}

// tampered opens the ledger of dir with bad in the place of its entries, in the folder
// other. Only entry i is not what it was.
func tampered(t *testing.T, dir, other string, bad []byte, i int, o int64) {
	t.Helper()
	for _, name := range []string{"hashes", "index"} {
		replace(t, file(other, name), read(t, file(dir, name)))
	}
	replace(t, file(other, "entries"), bad)
	l, err := Open(other, key)
	if err != nil {
		t.Fatalf("byte %d of entry %d: %v", o, i, err)
	}
	defer l.Close()
	var damaged *DamagedError
	if err := l.Verify(); !errors.As(err, &damaged) || damaged.Entries != 3 {
		t.Fatalf("byte %d of entry %d: Verify says %v", o, i, err)
	}
	es, err := l.Events(0, 9)
	if err != nil || len(es) != 3 {
		t.Fatalf("byte %d of entry %d: %d events, %v", o, i, len(es), err)
	}
	for j, e := range es {
		if j == i && e.Kind != Damaged || j != i && e.Text != event(j).Text {
			t.Fatalf("byte %d of entry %d: event %d is %+v", o, i, j, e)
		}
	}
	if n, err := l.Append(event(3)); n != 3 || err != nil {
		t.Fatalf("byte %d of entry %d: appended as %d, %v", o, i, n, err)
	}
}

// TestStepOverTear cuts entries at every byte of what was never acknowledged, and appends.
func TestStepOverTear(t *testing.T) {
	withoutFsync(t)
	dir := fill(t, 3)
	at := offsets(t, dir)
	whole, hashes, index := read(t, file(dir, "entries")), read(t, file(dir, "hashes")), read(t, file(dir, "index"))
	for cut := at[2]; cut <= at[3]; cut++ {
		replace(t, file(dir, "entries"), whole[:cut])
		// The tree is written after the entry is durable.
		replace(t, file(dir, "hashes"), hashes[:3*32])
		replace(t, file(dir, "index"), index[:2*8])
		l := open(t, dir)
		n := 2
		if cut == at[3] {
			n = 3
		}
		check(t, l, n)
		for ; n < 5; n++ {
			if got, err := l.Append(event(n)); got != int64(n) || err != nil {
				t.Fatalf("cut at %d: appended as %d, %v", cut, got, err)
			}
		}
		check(t, l, 5)
		check(t, open(t, dir), 5)
		if err := l.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

// TestEntriesLost cuts acknowledged entries off the end: they stay in the tree, Verify tells,
// new ones go after them, and the head that somebody kept is still proved.
func TestEntriesLost(t *testing.T) {
	dir := fill(t, 10)
	at := offsets(t, dir)
	running := open(t, dir)
	old, err := running.Head()
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(file(dir, "entries"), at[7]+5); err != nil {
		t.Fatal(err)
	}
	for i, l := range []*Ledger{running, open(t, dir)} {
		if n, err := l.Append(event(10 + i)); n != int64(10+i) || err != nil {
			t.Fatal(n, err)
		}
		if err := l.Verify(); err == nil || !strings.Contains(err.Error(), "entries 7 to 9 are missing") {
			t.Error(err)
		}
		if head, err := l.Head(); err != nil || head.N != int64(11+i) {
			t.Error(head, err)
		}
		if _, err := l.ProveTree(int64(11+i), old.N); err != nil {
			t.Error(err)
		}
	}
	// With the leaves gone too, nothing may be made up.
	for _, name := range []string{"hashes", "index"} {
		if err := os.Remove(file(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := Open(dir, key); err == nil || !strings.Contains(err.Error(), "entries 7 to 9 are missing and so are their hashes") {
		t.Error(err)
	}
}

// TestAppendFails makes the fsync fail: nothing is acknowledged and nothing stays.
func TestAppendFails(t *testing.T) {
	real := datasync
	defer func() { datasync = real }()
	dir := fill(t, 2)
	l := open(t, dir)
	before := read(t, file(dir, "entries"))
	datasync = func(*os.File) error { return unix.EIO }
	if _, err := l.Append(event(2)); !errors.Is(err, unix.EIO) {
		t.Fatal(err)
	}
	if !slices.Equal(read(t, file(dir, "entries")), before) {
		t.Error("what was not acknowledged is still there")
	}
	datasync = real
	if n, err := l.Append(event(2)); n != 2 || err != nil {
		t.Fatal(n, err)
	}
	check(t, l, 3)
}

// TestForeignEntries puts another ledger's entries into ours.
func TestForeignEntries(t *testing.T) {
	dir, other := fill(t, 3), fill(t, 6)
	at := offsets(t, other)
	theirs := read(t, file(other, "entries"))
	f, err := os.OpenFile(file(dir, "entries"), os.O_WRONLY|os.O_APPEND, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	l := open(t, dir)
	if _, err := f.Write(theirs[at[1]:at[2]]); err != nil { // a number that is taken
		t.Fatal(err)
	}
	if err := l.Verify(); err == nil || !strings.Contains(err.Error(), "entry 1 is there again") {
		t.Error(err)
	}
	if l.Len() != 3 {
		t.Errorf("%d entries", l.Len())
	}
}

// FuzzEntries opens a ledger whose entries end in anything at all.
func FuzzEntries(f *testing.F) {
	dir := fill(f, 5)
	whole, hashes, index := read(f, file(dir, "entries")), read(f, file(dir, "hashes")), read(f, file(dir, "index"))
	other := read(f, file(fill(f, 7), "entries"))
	f.Add(uint16(0), []byte("LJ\x01"))
	f.Add(uint16(300), other)
	f.Add(uint16(65535), other)
	f.Add(uint16(65535), journal.Append(nil, make([]byte, 60)))
	f.Fuzz(func(t *testing.T, keep uint16, tail []byte) {
		replace(t, file(dir, "entries"), append(bytes.Clone(whole[:min(len(whole), int(keep))]), tail...))
		replace(t, file(dir, "hashes"), hashes)
		replace(t, file(dir, "index"), index)
		l, err := Open(dir, key)
		if err != nil {
			return
		}
		defer l.Close()
		es, err := l.Events(0, 5)
		if err != nil || len(es) < 5 {
			t.Fatalf("%d events of 5 that were acknowledged, %v", len(es), err)
		}
		for i, e := range es {
			if e.Kind != Damaged && e.Text != fmt.Sprint("event ", i) {
				t.Fatalf("event %d is %+v", i, e)
			}
		}
	})
}

// TestLeafIsOfTheRecord writes, with the key, an entry whose leaf is of something else: its
// proof would be of what nobody can show.
func TestLeafIsOfTheRecord(t *testing.T) {
	l := open(t, t.TempDir())
	leaf := tlog.RecordHash([]byte("something else"))
	record := append(make([]byte, saltSize), `{"kind":"test"}`...)
	e := entry{leaf: leaf}
	e.sealed = l.aead().Seal(nil, nil, record, e.additional())
	if _, err := l.entries.Write(journal.Append(nil, e.encode())); err != nil {
		t.Fatal(err)
	}
	if err := l.Verify(); err == nil || !strings.Contains(err.Error(), "entry 0 does not open") {
		t.Error(err)
	}
}

// TestNewer refuses a ledger that a newer version has written to, and leaves it as it is.
func TestNewer(t *testing.T) {
	dir := fill(t, 2)
	// A whole record of format 2 with nothing in it.
	newer := append(read(t, file(dir, "entries")), 'L', 'J', 2, 0, 0, 0, 0, 0x00, 0x00, 0x00, 0x00)
	binary.BigEndian.PutUint32(newer[len(newer)-4:], crc32.Checksum(newer[len(newer)-11:len(newer)-4], crc32.MakeTable(crc32.Castagnoli)))
	replace(t, file(dir, "entries"), newer)
	if _, err := Open(dir, key); !errors.Is(err, journal.ErrNewer) {
		t.Error(err)
	}
	if !bytes.Equal(read(t, file(dir, "entries")), newer) {
		t.Error("it was changed")
	}
}
