package keys

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"linevault/storage/seal"
)

var now = time.Date(2026, 11, 22, 23, 30, 0, 0, time.UTC)

func create(t *testing.T, classes ...string) string {
	t.Helper()
	dir := t.TempDir()
	if err := Create(dir, classes, now); err != nil {
		t.Fatal(err)
	}
	return dir
}

func TestLockAndUnlock(t *testing.T) {
	dir := create(t, "calls", "complaints")
	rec, err := OpenRecipients(dir)
	if err != nil {
		t.Fatal(err)
	}
	to, day, err := rec.For("complaints", DayOf(now.Add(time.Hour)))
	if err != nil || day != "2026-11-23" {
		t.Fatal(day, err)
	}
	key, part := seal.NewKey(), seal.NewPartID()
	l, err := to.Lock(part, key)
	if err != nil {
		t.Fatal(err)
	}
	f, err := OpenPartFile(dir, "complaints", day)
	if err != nil {
		t.Fatal(err)
	}
	if err := f.Append(part, l); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	ring, err := OpenRing(dir)
	if err != nil {
		t.Fatal(err)
	}
	parts, err := ReadPartFile(dir, "complaints", day)
	if err != nil || len(parts) != 1 {
		t.Fatal(len(parts), err)
	}
	id, err := ring.Identity("complaints", day)
	if err != nil {
		t.Fatal(err)
	}
	got, err := id.Unlock(part, parts[part])
	if err != nil {
		t.Fatal(err)
	}
	if err := got.Check(key.Commitment()); err != nil {
		t.Fatal(err)
	}
	other, err := ring.Identity("calls", day)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := other.Unlock(part, parts[part]); err != seal.ErrUnlock {
		t.Fatal(err)
	}
	if _, err := ring.Identity("calls", "2026-01-01"); !errors.Is(err, ErrNoKey) {
		t.Fatal(err)
	}
}

func TestRootMode(t *testing.T) {
	dir := create(t, "calls")
	path := filepath.Join(dir, "keys", "root")
	if err := os.Chmod(path, 0o640); err != nil {
		t.Fatal(err)
	}
	_, err := OpenRing(dir)
	if err == nil || !strings.Contains(err.Error(), "run: chmod 600 "+path) {
		t.Fatal(err)
	}
}
