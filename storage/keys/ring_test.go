package keys

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// replace writes a new file in the place of path. It does not truncate, which would have
// ext4 write the file to disk at once.
func replace(t *testing.T, path string, b []byte) {
	t.Helper()
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
}

func read(t *testing.T, path string) []byte {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// TestRootDamaged changes each byte of the root key's file: it is refused, and nothing of it
// is in the error.
func TestRootDamaged(t *testing.T) {
	dir := create(t, "calls")
	path := filepath.Join(folder(dir), rootName)
	whole := read(t, path)
	secret := string(bytes.Split(whole, []byte("\n"))[1])
	for i := range whole {
		bad := bytes.Clone(whole)
		bad[i] ^= 1
		replace(t, path, bad)
		_, err := OpenRing(dir)
		if err == nil {
			t.Fatalf("opens with byte %d changed", i)
		}
		if strings.Contains(err.Error(), secret[8:16]) {
			t.Fatalf("the error shows the key: %v", err)
		}
		replace(t, path, whole[:i])
		if _, err := OpenRing(dir); err == nil && i < len(whole)-1 {
			t.Fatalf("opens when cut at %d", i)
		}
	}
}

func TestRootLink(t *testing.T) {
	dir := create(t, "calls")
	path := filepath.Join(folder(dir), rootName)
	if err := os.Rename(path, path+"2"); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(path+"2", path); err != nil {
		t.Fatal(err)
	}
	if _, err := OpenRing(dir); err == nil {
		t.Error("follows a link to the root key")
	}
}

func TestRootOfAnotherStore(t *testing.T) {
	a, b := create(t, "calls"), create(t, "calls")
	replace(t, filepath.Join(folder(a), rootName), read(t, filepath.Join(folder(b), rootName)))
	_, err := OpenRing(a)
	if err == nil || !strings.Contains(err.Error(), "put back the keys/root of this store") {
		t.Error(err)
	}
	if err := Create(a, []string{"calls"}, now); err == nil {
		t.Error("goes on with another store's root key")
	}
}

// TestRingDamaged changes each byte of the ring: it says so, costs one period at most, and
// opens no key as another.
func TestRingDamaged(t *testing.T) {
	dir := create(t, "calls")
	path := filepath.Join(folder(dir), ringName)
	whole := read(t, path)
	r, _, err := readRoot(folder(dir))
	if err != nil {
		t.Fatal(err)
	}
	key := newRingKey(r)
	good, err := key.decode(whole)
	if err != nil || len(good.problems) > 0 || len(good.periods) != Ahead+1 {
		t.Fatal(good.problems, err)
	}
	for i := range whole {
		bad := bytes.Clone(whole)
		bad[i] ^= 1 << (i % 8)
		f, err := key.decode(bad)
		if err != nil {
			continue
		}
		if len(f.problems) == 0 {
			t.Fatalf("byte %d changed and nobody notices", i)
		}
		// A newline is between two lines, so losing it costs both.
		if lost := len(good.periods) - len(f.periods); lost > 1 && (whole[i] != '\n' || lost > 2) {
			t.Fatalf("byte %d costs %d periods", i, lost)
		}
		for p, sealed := range f.periods {
			if !bytes.Equal(sealed, good.periods[p]) {
				t.Fatalf("byte %d gives %s another key", i, p)
			}
		}
	}
	for n := range whole {
		if f, err := key.decode(whole[:n]); err == nil && len(f.problems) == 0 {
			t.Fatalf("cut at %d and nobody notices", n)
		}
	}
	lines := bytes.SplitAfter(whole, []byte("\n"))
	lines[2], lines[3] = lines[3], lines[2]
	if f, err := key.decode(bytes.Join(lines, nil)); err != nil || len(f.problems) != 1 || len(f.periods) != Ahead+1 {
		t.Errorf("moved lines: %d periods, problems %q, %v", len(f.periods), f.problems, err)
	}
}

// TestRingMendKeepsDamaged writes a ring anew that has a damaged line: the old file stays beside it.
func TestRingMendKeepsDamaged(t *testing.T) {
	dir := create(t, "calls")
	path := filepath.Join(folder(dir), ringName)
	bad := bytes.Replace(read(t, path), []byte("period calls 2026-11-24"), []byte("period calls 2027-11-24"), 1)
	replace(t, path, bad)
	k, err := OpenRing(dir)
	if err != nil {
		t.Fatal(err)
	}
	if problems := k.Problems(); len(problems) != 1 || !strings.Contains(problems[0], "the key of calls 2027-11-24 is damaged") {
		t.Errorf("problems %q", problems)
	} else if !strings.Contains(problems[0], "restore a backup of before the damage") {
		t.Errorf("it does not say what to do: %q", problems)
	}
	if _, err := k.Identity("calls", "2027-11-24"); err == nil || errors.Is(err, ErrNoKey) || !strings.Contains(err.Error(), "its line in keys/ring is damaged") {
		t.Errorf("a key whose line is damaged: %v", err)
	}
	if err := k.Ensure([]string{"calls"}, now); err != nil {
		t.Fatal(err)
	}
	aside, err := filepath.Glob(path + ".damaged-*")
	if err != nil || len(aside) != 1 || !bytes.Equal(read(t, aside[0]), bad) {
		t.Errorf("set aside: %q, %v", aside, err)
	}
	if problems := k.Problems(); len(problems) != 1 || !strings.Contains(problems[0], "a key of calls 2026-11-24 that is not in the keyring") {
		t.Errorf("problems %q", problems)
	}
}

func TestNewer(t *testing.T) {
	for _, row := range []struct{ name, old, new string }{
		{rootName, "root key 1", "root key 2"},
		{ringName, "keyring 1", "keyring 2"},
		{publicName, "public keys 1", "public keys 2"},
	} {
		dir := create(t, "calls")
		path := filepath.Join(folder(dir), row.name)
		b := bytes.Replace(read(t, path), []byte(row.old), []byte(row.new), 1)
		if body, _, ok := bytes.Cut(b, []byte("end ")); ok && row.name == publicName {
			b = fmt.Appendf(slices.Clone(body), "end %s\n", sum(body))
		}
		replace(t, path, b)
		before := readAll(t, dir)[path]
		if err := Create(dir, []string{"calls", "more"}, now); !errors.Is(err, ErrNewer) {
			t.Errorf("newer %s: %v", row.name, err)
		}
		if readAll(t, dir)[path] != before {
			t.Errorf("newer %s was changed", row.name)
		}
	}
}

// TestRingIsShared has one ring find the keys that another made.
func TestRingIsShared(t *testing.T) {
	dir := create(t, "calls")
	a, err := OpenRing(dir)
	if err != nil {
		t.Fatal(err)
	}
	b, err := OpenRing(dir)
	if err != nil {
		t.Fatal(err)
	}
	later := now.AddDate(0, 0, 20)
	if err := b.Ensure([]string{"calls"}, later); err != nil {
		t.Fatal(err)
	}
	if _, err := a.Identity("calls", DayOf(later)); err != nil {
		t.Error(err)
	}
	if err := a.Ensure([]string{"more"}, now); err != nil {
		t.Fatal(err)
	}
	if _, err := a.Identity("calls", DayOf(later)); err != nil {
		t.Error("one ring undid what the other did:", err)
	}
	days, classes := a.Periods()
	if len(days) != 3*(Ahead+1) || days[0] != DayOf(now) || classes[1] != "more" {
		t.Errorf("periods %v %v", days, classes)
	}
}

func TestDerive(t *testing.T) {
	dir := create(t, "calls")
	a, err := OpenRing(dir)
	if err != nil {
		t.Fatal(err)
	}
	b, err := OpenRing(dir)
	if err != nil {
		t.Fatal(err)
	}
	other, err := OpenRing(create(t, "calls"))
	if err != nil {
		t.Fatal(err)
	}
	switch {
	case a.Derive("ledger") != b.Derive("ledger"):
		t.Error("two keys for one purpose")
	case a.Derive("ledger") == a.Derive("sessions"):
		t.Error("one key for two purposes")
	case a.Derive("ledger") == other.Derive("ledger"):
		t.Error("one key for two stores")
	}
}

func TestClasses(t *testing.T) {
	dir := t.TempDir()
	for _, class := range []string{"", "a/b", "..", "a b", "a\nb", "a.b", strings.Repeat("a", 41), "é"} {
		if err := Create(dir, []string{class}, now); err == nil {
			t.Errorf("class %q is taken", class)
		}
		if _, err := OpenPartFile(dir, class, "2026-11-22"); err == nil {
			t.Errorf("class %q is taken", class)
		}
	}
	for _, day := range []Day{"", "2026-11-31", "2026-1-1", "../x", "2026-11-22 "} {
		if _, err := ReadPartFile(dir, "calls", day); err == nil {
			t.Errorf("day %q is taken", day)
		}
	}
}

// TestDayIsUTC names days on both sides of midnight in London in summer.
func TestDayIsUTC(t *testing.T) {
	bst := time.FixedZone("BST", 3600)
	for _, row := range []struct {
		at   time.Time
		want Day
	}{
		{time.Date(2026, 7, 1, 0, 59, 0, 0, bst), "2026-06-30"},
		{time.Date(2026, 7, 1, 1, 0, 0, 0, bst), "2026-07-01"},
		{time.Date(2026, 12, 31, 23, 59, 59, 0, time.UTC), "2026-12-31"},
	} {
		if got := DayOf(row.at); got != row.want {
			t.Errorf("%v is in %s", row.at, got)
		}
	}
}
