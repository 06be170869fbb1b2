package backup

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"linevault/storage"
	"linevault/storage/keys"
	"linevault/storage/ledger"
	"linevault/storage/storagetest"
)

// purge destroys a second of a call, as a desk does, and brings a new root key.
func purge(t *testing.T, dir string, id storage.CallID) {
	t.Helper()
	ring, err := keys.OpenRing(dir)
	must(t, err)
	l, err := ledger.Open(dir, ring.Derive("ledger"))
	must(t, err)
	s, err := storage.Open(dir, nil)
	must(t, err)
	defer s.Close()
	_, err = s.PurgeSpan(id, time.Second, 2*time.Second, "Asha", "card number", l)
	must(t, errors.Join(err, l.Close()))
}

// anyOf is one call of a store.
func anyOf(t *testing.T, dir string) storage.CallID {
	t.Helper()
	for id := range sounds(t, dir) {
		return id
	}
	t.Fatal("no calls")
	return ""
}

// TestDestroyedMeanwhile destroys something at each step of a backup that has begun: that gives
// the period a new pair, its parts another key file and the store a new root key. What is
// restored is of one moment all the same: every call plays as it does after the last destruction,
// and the root key that was copied with the backup opens it.
func TestDestroyedMeanwhile(t *testing.T) {
	for _, when := range []int{1, 3, 8} {
		dir, folder, root := storagetest.New(t), filepath.Join(t.TempDir(), "backup"), filepath.Join(t.TempDir(), "root.key")
		w := writer(t, dir)
		record(t, w, 0, 3)
		must(t, w.Close())
		w = writer(t, dir)
		record(t, w, 3, 5)
		must(t, w.Close())
		enter(t, dir, "first")
		id, steps := anyOf(t, dir), 0
		_, err := MakeWithRoot(dir, folder, root, time.Now(), func(_, _ int64) {
			if steps++; steps == when {
				purge(t, dir, id)
			}
		})
		must(t, err)
		if steps < when {
			t.Fatalf("the backup had %d steps", steps)
		}
		again := filepath.Join(t.TempDir(), "again")
		_, _, err = Restore(folder, again, nil)
		must(t, err)
		must(t, PutRoot(again, root))
		want, got := sounds(t, dir), sounds(t, again)
		for id, h := range want {
			if got[id] != h {
				t.Errorf("purged at step %d: call %s plays %q, not %q", when, id, got[id], h)
			}
		}
		if len(want) != 5 {
			t.Errorf("%d calls", len(want))
		}
		storagetest.Check(t, again, nil)
	}
}

// TestRootOfAnotherDay: a root key that was copied before something was destroyed opens no later
// backup. That is said before anything is written, with the backup that it does open, of which
// those that were made since say what is there again.
func TestRootOfAnotherDay(t *testing.T) {
	dir, folder := storagetest.New(t), filepath.Join(t.TempDir(), "backup")
	first, second := filepath.Join(t.TempDir(), "first"), filepath.Join(t.TempDir(), "second")
	w := writer(t, dir)
	record(t, w, 0, 2)
	must(t, w.Close())
	enter(t, dir, "first")
	began := time.Now().Truncate(time.Second).Add(-time.Hour)
	_, err := MakeWithRoot(dir, folder, first, began, nil)
	must(t, err)
	purge(t, dir, anyOf(t, dir))
	_, err = MakeWithRoot(dir, folder, second, time.Now(), nil)
	must(t, err)
	newest, err := Choose(folder, time.Time{})
	must(t, err)
	must(t, newest.CheckRoot(folder, second))
	if err := newest.CheckRoot(folder, first); err == nil || !strings.Contains(err.Error(), fmt.Sprintf("--made %q", began.Local().Format(time.DateTime))) {
		t.Errorf("the root key of before: %v", err)
	}
	older, err := Choose(folder, began)
	must(t, err)
	must(t, older.CheckRoot(folder, first))
	if err := older.CheckRoot(folder, second); err == nil {
		t.Error("the root key of after opens the backup of before")
	}
	since, err := older.DestroyedSince(folder)
	must(t, err)
	made, err := os.ReadDir(filepath.Join(dir, "destruction", "certificates"))
	must(t, err)
	if len(since) != 1 || len(made) != 1 || since[0] != made[0].Name() {
		t.Errorf("destroyed since: %v, certificates %v", since, made)
	}
	if since, err := newest.DestroyedSince(folder); err != nil || len(since) != 0 {
		t.Errorf("since the newest: %v, %v", since, err)
	}
	if _, err := Choose(folder, began.Add(-time.Minute)); err == nil || !strings.Contains(err.Error(), "the oldest backup") {
		t.Errorf("before the first: %v", err)
	}
	again := filepath.Join(t.TempDir(), "again")
	_, err = older.Restore(folder, again, nil)
	must(t, errors.Join(err, PutRoot(again, first)))
	storagetest.Check(t, again, nil)
}
