package keys

import (
	"bytes"
	"encoding/hex"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"linevault/storage/seal"
)

// lockOne locks a key for today and returns what opens it again.
func lockOne(t *testing.T, dir string) (seal.PartID, seal.Locked, *seal.Key) {
	t.Helper()
	r, err := OpenRecipients(dir)
	if err != nil {
		t.Fatal(err)
	}
	to, _, err := r.For("calls", DayOf(now))
	if err != nil {
		t.Fatal(err)
	}
	part, key := seal.NewPartID(), seal.NewKey()
	l, err := to.Lock(part, key)
	if err != nil {
		t.Fatal(err)
	}
	return part, l, key
}

func opens(t *testing.T, k *Ring, part seal.PartID, l seal.Locked, want *seal.Key) {
	t.Helper()
	id, err := k.Identity("calls", DayOf(now))
	if err != nil {
		t.Fatal(err)
	}
	got, err := id.Unlock(part, l)
	if err != nil || got.Check(want.Commitment()) != nil {
		t.Fatalf("another key: %v", err)
	}
}

// roots are the root keys that lie in any file of the folder, in hex.
func roots(t *testing.T, dir string) map[string]string {
	t.Helper()
	found := map[string]string{}
	for name, b := range readAll(t, dir) {
		if lines := strings.Split(b, "\n"); strings.HasPrefix(b, rootFirstLine+rootVersion+"\n") && len(lines) > 1 {
			found[filepath.Base(name)] = lines[1]
		}
	}
	return found
}

// TestRotateCrash stops a rotation before each change of the disk: the ring opens with the
// one root key that holds, everything that opened before opens, and the next start leaves
// nothing of the other root key.
func TestRotateCrash(t *testing.T) {
	for n := 0; ; n++ {
		dir := create(t, "calls")
		part, locked, key := lockOne(t, dir)
		running, err := OpenRing(dir)
		if err != nil {
			t.Fatal(err)
		}
		before, secret := roots(t, dir)[rootName], running.Derive("ledger")
		k, err := OpenRing(dir)
		if err != nil {
			t.Fatal(err)
		}
		steps, crashed, err := stopAt(n, k.Rotate)
		if err != nil {
			t.Fatal(err)
		}
		for _, k := range []*Ring{running, reopen(t, dir)} {
			opens(t, k, part, locked, key)
			if k.Derive("ledger") != secret {
				t.Fatal("the store's own secret changed")
			}
		}
		k = reopen(t, dir)
		if err := k.Ensure([]string{"calls"}, now); err != nil {
			t.Fatalf("after a crash before %q: %v", steps[len(steps)-1:], err)
		}
		opens(t, k, part, locked, key)
		left := roots(t, dir)
		if len(left) != 1 {
			t.Fatalf("after a crash at step %d the folder has %d root keys", n, len(left))
		}
		for name := range readAll(t, dir) {
			if strings.Contains(name, ".next") || strings.Contains(name, ".old") || strings.HasSuffix(name, ".tmp") {
				t.Errorf("after a crash at step %d %s is left", n, name)
			}
		}
		if !crashed {
			if left[rootName] == before {
				t.Error("the root key is the old one")
			}
			t.Logf("%d steps", len(steps))
			return
		}
	}
}

func reopen(t *testing.T, dir string) *Ring {
	t.Helper()
	k, err := OpenRing(dir)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// TestRotateOverwrites reads the old root key's file by a descriptor that was opened before:
// what was in it is overwritten, not only unlinked.
func TestRotateOverwrites(t *testing.T) {
	dir := create(t, "calls")
	old, err := os.Open(filepath.Join(folder(dir), rootName))
	if err != nil {
		t.Fatal(err)
	}
	defer old.Close()
	secret, _, err := readRoot(folder(dir))
	if err != nil {
		t.Fatal(err)
	}
	ring := read(t, filepath.Join(folder(dir), ringName))
	if err := reopen(t, dir).Rotate(); err != nil {
		t.Fatal(err)
	}
	b := make([]byte, 1024)
	n, _ := old.ReadAt(b, 0) // it ends before 1024
	if n == 0 || len(bytes.Trim(b[:n], "\x00")) > 0 {
		t.Errorf("the old file still holds %d bytes, not all zero", n)
	}
	for name, text := range readAll(t, dir) {
		if strings.Contains(text, hex.EncodeToString(secret.secret())) {
			t.Errorf("%s holds the old root key", name)
		}
	}
	fresh, _, err := readRoot(folder(dir))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := newRingKey(fresh).decode(ring); err == nil {
		t.Error("the new root key opens a copy of the old ring")
	}
}

// TestDrop drops a period: it opens no more, not even for a process that had it open, and
// not with the old ring put back.
func TestDrop(t *testing.T) {
	dir := create(t, "calls", "more")
	part, locked, _ := lockOne(t, dir)
	running, old := reopen(t, dir), read(t, filepath.Join(folder(dir), ringName))
	if _, err := running.Identity("calls", DayOf(now)); err != nil {
		t.Fatal(err)
	}
	if err := reopen(t, dir).Drop(Period{"calls", DayOf(now)}); err != nil {
		t.Fatal(err)
	}
	for _, k := range []*Ring{running, reopen(t, dir)} {
		if _, err := k.Identity("calls", DayOf(now)); !errors.Is(err, ErrNoKey) {
			t.Errorf("the period still has a key: %v", err)
		}
		days, classes := k.Periods()
		for i := range days {
			id, err := k.Identity(classes[i], days[i])
			if err != nil {
				t.Fatal(err)
			}
			if _, err := id.Unlock(part, locked); err == nil {
				t.Errorf("%s %s opens it", classes[i], days[i])
			}
		}
	}
	replace(t, filepath.Join(folder(dir), ringName), old)
	if _, err := OpenRing(dir); err == nil {
		t.Error("the old ring opens")
	}
}
