package keys

import (
	"bytes"
	"errors"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"golang.org/x/sys/unix"

	"linevault/storage/keys/journal"
	"linevault/storage/seal"
)

const today Day = "2026-11-22"

func partFile(t testing.TB, dir string) *PartFile {
	t.Helper()
	if err := os.MkdirAll(folder(dir), 0o700); err != nil {
		t.Fatal(err)
	}
	f, err := OpenPartFile(dir, "calls", today)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// locked is bytes that could be a part's key, as long as these really are.
func locked(b byte) seal.Locked { return bytes.Repeat([]byte{b, 'L', 'J', 1}, seal.LockedSize/4) }

func id(b byte) seal.PartID { return seal.PartID{b} }

// TestPartFileTorn cuts the file at every byte, appends and reads: what was whole is there,
// what comes after is there, and what was torn is told.
func TestPartFileTorn(t *testing.T) {
	dir := t.TempDir()
	f := partFile(t, dir)
	for i := range byte(3) {
		if err := f.Append(id(i), locked(i)); err != nil {
			t.Fatal(err)
		}
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	path := partPath(dir, period{class: "calls", day: today})
	whole := read(t, path)
	size := len(whole) / 3
	for cut := range len(whole) + 1 {
		replace(t, path, whole[:cut])
		f := partFile(t, dir)
		if err := f.Append(id(99), locked(99)); err != nil {
			t.Fatal(err)
		}
		f.file.Close() // as a crash would; what was appended is in the page cache
		got, tears, err := CheckPartFile(dir, "calls", today)
		if err != nil {
			t.Fatal(err)
		}
		want := map[seal.PartID]seal.Locked{id(99): locked(99)}
		for i := range byte(cut / size) {
			want[id(i)] = locked(i)
		}
		if !maps.EqualFunc(got, want, func(a, b seal.Locked) bool { return bytes.Equal(a, b) }) {
			t.Fatalf("cut at %d: %d parts of %d", cut, len(got), len(want))
		}
		torn := int64(cut % size)
		if torn == 0 && tears != nil || torn > 0 && !slices.Equal(tears, []journal.Tear{{At: int64(cut) - torn, Bytes: torn}}) {
			t.Fatalf("cut at %d: tears %v", cut, tears)
		}
	}
}

// TestPartFileRetries makes writes and fsyncs fail: the next Sync that goes well has it all.
func TestPartFileRetries(t *testing.T) {
	defer func(old func(*os.File) error) { datasync = old }(datasync)
	real := datasync
	dir := t.TempDir()
	f := partFile(t, dir)
	if err := f.Append(id(1), locked(1)); err != nil {
		t.Fatal(err)
	}
	datasync = func(*os.File) error { return unix.EIO }
	if err := f.Sync(); !errors.Is(err, unix.EIO) {
		t.Fatal(err)
	}
	// What a failed fsync leaves may be gone after a power cut.
	if err := os.Truncate(f.file.Name(), 0); err != nil {
		t.Fatal(err)
	}
	datasync = real
	full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	if err != nil {
		t.Skip(err)
	}
	defer full.Close()
	good := f.file
	f.file = full
	if err := f.Sync(); !errors.Is(err, unix.ENOSPC) {
		t.Fatal(err)
	}
	f.file = good
	if err := f.Append(id(2), locked(2)); err != nil {
		t.Fatal(err)
	}
	if err := f.Sync(); err != nil {
		t.Fatal(err)
	}
	f.file = full
	if err := f.Append(id(3), locked(3)); !errors.Is(err, unix.ENOSPC) {
		t.Fatal(err)
	}
	f.file = good
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	parts, tears, err := CheckPartFile(dir, "calls", today)
	if err != nil || tears != nil || len(parts) != 3 {
		t.Fatalf("%d parts, tears %v, %v", len(parts), tears, err)
	}
}

func TestPartFileNone(t *testing.T) {
	parts, err := ReadPartFile(t.TempDir(), "calls", today)
	if err != nil || parts == nil || len(parts) != 0 {
		t.Error(parts, err)
	}
}

// TestPartFileFirstHolds appends another key for a part that has one.
func TestPartFileFirstHolds(t *testing.T) {
	dir := t.TempDir()
	f := partFile(t, dir)
	for _, b := range []byte{1, 2} {
		if err := f.Append(id(1), locked(b)); err != nil {
			t.Fatal(err)
		}
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	parts, err := ReadPartFile(dir, "calls", today)
	if err != nil || len(parts) != 1 || !bytes.Equal(parts[id(1)], locked(1)) {
		t.Errorf("%d parts, %v", len(parts), err)
	}
}

func TestPartFileNewer(t *testing.T) {
	dir := t.TempDir()
	f := partFile(t, dir)
	defer f.Close()
	replace(t, f.file.Name(), newerRecord())
	if _, err := ReadPartFile(dir, "calls", today); !errors.Is(err, journal.ErrNewer) {
		t.Error(err)
	}
}

// newerRecord is a whole record of format 2 and no payload.
func newerRecord() []byte {
	return []byte{'L', 'J', 2, 0, 0, 0, 0, 0xef, 0xe8, 0x69, 0xfa}
}

func FuzzPartFile(f *testing.F) {
	record := journal.Append(nil, append(make([]byte, 16), locked(1)...))
	f.Add(record)
	f.Add(record[:100])
	f.Add(journal.Append(nil, []byte("short")))
	dir := f.TempDir()
	if err := os.MkdirAll(filepath.Join(folder(dir), partsName), 0o700); err != nil {
		f.Fatal(err)
	}
	path := partPath(dir, period{class: "calls", day: today})
	f.Fuzz(func(t *testing.T, b []byte) {
		replace(t, path, journal.Append(bytes.Clone(b), append([]byte("\x07"+string(make([]byte, 15))), locked(7)...)))
		parts, err := ReadPartFile(dir, "calls", today)
		if err == nil && !bytes.Equal(parts[id(7)], locked(7)) {
			t.Fatal("the last key is gone")
		}
	})
}
