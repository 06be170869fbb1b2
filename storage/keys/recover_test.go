package keys

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"linevault/storage/keys/recovery"
	"linevault/storage/keys/tpm/tpmtest"
	"linevault/storage/seal"
)

// TestRestoreCrash brings a lost root key back, and is stopped before each change: either it is
// back, or can be brought back again.
func TestRestoreCrash(t *testing.T) {
	plan, ids := holders(t, 2, 2)
	for _, home := range []Home{InFile, InTPM} {
		for n := 0; ; n += stride(3) {
			m := tpmtest.Boot(t)
			dir := arranged(t, home, plan)
			part, locked, key := lockOne(t, dir)
			if home == InTPM {
				m.Clear()
			} else {
				lose(t, dir)
			}
			if _, err := OpenRing(dir); err == nil || !strings.Contains(err.Error(), plan.Recipients[1].String()) {
				t.Fatalf("it is not locked: %v", err)
			}
			_, crashed, err := stopAt(n, func() error { return recovered(t, dir, ids).Restore(home) })
			if err != nil {
				t.Fatal(err)
			}
			k, err := OpenRing(dir)
			if err != nil {
				if !crashed {
					t.Fatal(err)
				}
				if err := recovered(t, dir, ids).Restore(Auto); err != nil {
					t.Fatalf("again, after a crash at step %d: %v", n, err)
				}
				k = reopen(t, dir)
			}
			opens(t, k, part, locked, key)
			if err := k.Ensure([]string{"calls"}, now); err != nil {
				t.Fatal(err)
			}
			opens(t, recovered(t, dir, ids), part, locked, key)
			if written, indices := secretsIn(t, m); written+len(roots(t, dir)) != 1 || indices > 2 {
				t.Fatalf("after a crash at step %d there are %d secrets in %d indices, and files %v", n, written, indices, roots(t, dir))
			}
			if !crashed {
				break
			}
		}
	}
}

// TestShreddedStays destroys a period. A recovery copy that somebody kept from before opens
// neither the keyring of today nor what was destroyed; it does open the keyring of its own day,
// if somebody kept that as well, and that is said in storage/DESIGN.md.
func TestShreddedStays(t *testing.T) {
	plan, ids := holders(t, 1, 1)
	for _, home := range []Home{InFile, InTPM} {
		tpmtest.Boot(t)
		dir := arranged(t, home, plan)
		part, locked, key := lockOne(t, dir)
		kept := filepath.Join(t.TempDir(), "kept")
		old := string(read(t, filepath.Join(folder(dir), recoveryName)))
		if err := os.WriteFile(kept, []byte(old), 0o600); err != nil {
			t.Fatal(err)
		}
		oldRing := read(t, filepath.Join(folder(dir), ringName))
		if err := reopen(t, dir).Drop(Period{"calls", DayOf(now)}); err != nil {
			t.Fatal(err)
		}
		if _, _, err := Recovered(dir, kept, ids); err == nil || !strings.Contains(err.Error(), "older root key") {
			t.Errorf("the old copy: %v", err)
		}
		for _, k := range []*Ring{reopen(t, dir), recovered(t, dir, ids)} {
			days, classes := k.Periods()
			for i := range days {
				id, err := k.Identity(classes[i], days[i])
				if err != nil {
					t.Fatal(err)
				}
				if _, err := id.Unlock(part, locked); err == nil {
					t.Errorf("%s %s opens what was destroyed", classes[i], days[i])
				}
			}
		}
		replace(t, filepath.Join(folder(dir), ringName), oldRing)
		if _, err := OpenRing(dir); err == nil {
			t.Error("the old ring opens by the box's own root key")
		}
		k, _, err := Recovered(dir, kept, ids)
		if err != nil {
			t.Fatal(err)
		}
		opens(t, k, part, locked, key) // both old files together: an old backup
	}
}

// TestLocked has each way to lose the root key. All are locked, say why and what to do, and
// identities of others open nothing.
func TestLocked(t *testing.T) {
	plan, ids := holders(t, 2, 3)
	_, strangers := holders(t, 1, 1)
	for _, c := range []struct {
		name    string
		home    Home
		happens func(dir string, m *tpmtest.Machine)
		says    string
	}{
		{"file gone", InFile, func(dir string, _ *tpmtest.Machine) { lose(t, dir) }, "root key is missing"},
		{"file damaged", InFile, func(dir string, _ *tpmtest.Machine) {
			replace(t, filepath.Join(folder(dir), rootName), []byte("linevault root key 1\nzz"))
		}, "damaged"},
		{"another store's", InFile, func(dir string, _ *tpmtest.Machine) {
			if err := newRoot().write(folder(dir), rootName); err != nil {
				t.Fatal(err)
			}
		}, "belongs to root key"},
		{"TPM cleared", InTPM, func(_ string, m *tpmtest.Machine) { m.Clear() }, "cleared or replaced"},
		{"no TPM", InTPM, func(_ string, m *tpmtest.Machine) { m.Off() }, "no TPM"},
		{"boot changed", InTPM, func(_ string, m *tpmtest.Machine) { m.Measure() }, "started otherwise"},
		{"pointer damaged", InTPM, func(dir string, _ *tpmtest.Machine) {
			b := read(t, filepath.Join(folder(dir), rootName))
			replace(t, filepath.Join(folder(dir), rootName), []byte(strings.Replace(string(b), "slot 0", "slot 1", 1)))
		}, "damaged"},
	} {
		t.Run(c.name, func(t *testing.T) {
			m := tpmtest.Boot(t)
			dir := arranged(t, c.home, plan)
			part, locked, key := lockOne(t, dir)
			c.happens(dir, m)
			_, err := OpenRing(dir)
			_, isLocked := errors.AsType[*LockedError](err)
			if !isLocked || !strings.Contains(err.Error(), c.says) || !strings.Contains(err.Error(), "`linevault keys recover`") {
				t.Fatalf("%v", err)
			}
			s, err := ReadStatus(dir)
			if err != nil || !strings.Contains(s.Locked, c.says) || !s.Plan.Equal(*plan) || s.Recovery != "" {
				t.Errorf("status %+v, %v", s, err)
			}
			for _, few := range [][]recovery.Identity{nil, ids[:1], strangers} {
				if _, _, err := Recovered(dir, "", few); err == nil || !strings.Contains(err.Error(), plan.Recipients[2].String()) {
					t.Errorf("%d identities: %v", len(few), err)
				}
			}
			if err := recovered(t, dir, ids[1:]).Restore(Auto); err != nil {
				t.Fatal(err)
			}
			opens(t, reopen(t, dir), part, locked, key)
			if s, err = ReadStatus(dir); err != nil || s.Locked != "" || s.Recovery != "" || s.Rotated.IsZero() || s.Periods != Ahead+1 {
				t.Errorf("status %+v, %v", s, err)
			}
		})
	}
}

// TestLockCrash locks by hand and is stopped before each change: the ring opens as before, or
// can be brought back, and once it is locked nothing of the root key is left, in TPM or file.
func TestLockCrash(t *testing.T) {
	plan, ids := holders(t, 1, 1)
	for _, home := range []Home{InFile, InTPM} {
		for n := 0; ; n += stride(2) {
			m := tpmtest.Boot(t)
			dir := arranged(t, home, plan)
			part, locked, key := lockOne(t, dir)
			_, crashed, err := stopAt(n, func() error { return recovered(t, dir, ids).Lock("me", now) })
			if err != nil {
				t.Fatal(err)
			}
			if k, err := OpenRing(dir); err == nil {
				opens(t, k, part, locked, key)
			} else if !errors.Is(err, ErrLockedByHand) {
				t.Fatalf("after a crash at step %d: %v", n, err)
			}
			if err := recovered(t, dir, ids).Lock("me", now); err != nil {
				t.Fatal(err)
			}
			if written, indices := secretsIn(t, m); indices != 0 || len(roots(t, dir)) != 0 {
				t.Fatalf("after a crash at step %d: %d secrets in %d indices, files %v", n, written, indices, roots(t, dir))
			}
			if _, err := OpenRing(dir); !errors.Is(err, ErrLockedByHand) || !strings.Contains(err.Error(), "by me") {
				t.Errorf("locked: %v", err)
			}
			if err := Create(dir, []string{"calls"}, now); !errors.Is(err, ErrLockedByHand) {
				t.Errorf("made anew: %v", err)
			}
			if err := recovered(t, dir, ids).Restore(home); err != nil {
				t.Fatal(err)
			}
			opens(t, reopen(t, dir), part, locked, key)
			if !crashed {
				break
			}
		}
	}
}

// TestChangedMeanwhile opens a recovery copy, and somebody destroys a period before it is used:
// what was destroyed does not come back.
func TestChangedMeanwhile(t *testing.T) {
	plan, ids := holders(t, 1, 1)
	dir := arranged(t, InFile, plan)
	k := recovered(t, dir, ids)
	if err := reopen(t, dir).Drop(Period{"calls", DayOf(now)}); err != nil {
		t.Fatal(err)
	}
	for name, f := range map[string]func() error{
		"restore": func() error { return k.Restore(InFile) },
		"lock":    func() error { return k.Lock("me", now) },
	} {
		if err := f(); err == nil || !strings.Contains(err.Error(), "changed since") {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := reopen(t, dir).Identity("calls", DayOf(now)); !errors.Is(err, ErrNoKey) {
		t.Errorf("it is back: %v", err)
	}
}

func TestNoStore(t *testing.T) {
	dir := t.TempDir()
	for name, open := range map[string]func() error{
		"ring":      func() error { _, err := OpenRing(dir); return err },
		"status":    func() error { _, err := ReadStatus(dir); return err },
		"recovered": func() error { _, _, err := Recovered(dir, "", nil); return err },
	} {
		if err := open(); !errors.Is(err, ErrNoStore) || !strings.Contains(err.Error(), "no Linevault data folder") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestBorrowed uses a ring that a recovery copy opened: it reads, and is not to be changed.
func TestBorrowed(t *testing.T) {
	plan, ids := holders(t, 1, 1)
	dir := arranged(t, InFile, plan)
	before := readAll(t, dir)
	k := recovered(t, dir, ids)
	var id seal.Identity
	id, err := k.Identity("calls", DayOf(now))
	if err != nil || id == nil {
		t.Fatal(err)
	}
	func() {
		defer func() {
			if recover() == nil {
				t.Error("it was changed")
			}
		}()
		_ = k.Rotate()
	}()
	for name, b := range readAll(t, dir) {
		if before[name] != b && filepath.Base(name) != lockName {
			t.Errorf("%s has changed", name)
		}
	}
}
