package keys

import (
	"errors"
	"maps"
	"testing"

	"linevault/storage/seal"
)

// recorded is a period with parts of which one is to go.
type recorded struct {
	dir    string
	gone   seal.PartID
	locked seal.Locked // of it, as it was
	keys   map[seal.PartID]*seal.Key
}

func record(t *testing.T, n int) *recorded {
	t.Helper()
	r := &recorded{dir: create(t, "calls"), keys: map[seal.PartID]*seal.Key{}}
	for range n {
		r.add(t)
	}
	r.gone, r.locked = r.add(t)
	return r
}

// add does what a recorder does for a new part.
func (r *recorded) add(t *testing.T) (seal.PartID, seal.Locked) {
	t.Helper()
	part, l, key := lockOne(t, r.dir)
	f := partFile(t, r.dir)
	defer f.Close()
	if err := f.Append(part, l); err != nil {
		t.Fatal(err)
	}
	r.keys[part] = key
	return part, l
}

// check opens every part but the one that is to go, and reports whether that is destroyed.
func (r *recorded) check(t *testing.T) (destroyed bool) {
	t.Helper()
	k := reopen(t, r.dir)
	parts, err := ReadPartFile(r.dir, "calls", DayOf(now))
	if err != nil {
		t.Fatal(err)
	}
	for part, key := range r.keys {
		if part == r.gone && Destroyed(parts[part]) {
			destroyed = true
			continue
		}
		opens(t, k, part, parts[part], key)
	}
	return destroyed
}

// erase does all of it, as often as it takes.
func (r *recorded) erase(fresh map[seal.PartID]*seal.Key) func() error {
	return func() error {
		k, err := OpenRing(r.dir)
		if err != nil {
			return err
		}
		e := Erasure{Period: Period{"calls", DayOf(now)}, Gone: []seal.PartID{r.gone}, Fresh: fresh}
		err = k.Replace(e, now, func([32]byte) error { return Retire(r.dir, "calls", DayOf(now)) })
		return errors.Join(err, k.Settle())
	}
}

// TestReplaceCrash stops the erasure of one part before each change of the disk: all other
// parts open at any time, those recorded afterwards, too; the one is there or destroyed; and
// once it was done again nothing opens it.
func TestReplaceCrash(t *testing.T) {
	for n := 0; ; n++ {
		r := record(t, 2)
		fresh := map[seal.PartID]*seal.Key{seal.NewPartID(): seal.NewKey()}
		steps, crashed, err := stopAt(n, r.erase(fresh))
		if err != nil {
			t.Fatal(err)
		}
		if destroyed := r.check(t); destroyed {
			maps.Copy(r.keys, fresh)
			r.check(t)
		}
		r.add(t)
		if err := r.erase(fresh)(); err != nil {
			t.Fatalf("after a crash at step %d: %v", n, err)
		}
		maps.Copy(r.keys, fresh)
		r.add(t)
		if !r.check(t) {
			t.Fatalf("after a crash at step %d the part is still there", n)
		}
		p := Period{"calls", DayOf(now)}
		if open, err := reopen(t, r.dir).Unlocks(p, r.gone, r.locked); open || err != nil {
			t.Fatalf("after a crash at step %d its key opens: %v", n, err)
		}
		files, err := Files(r.dir)
		if err != nil || len(files[p]) != 2 {
			t.Fatalf("after a crash at step %d there are %q, %v", n, files, err)
		}
		if !crashed {
			t.Logf("%d steps", len(steps))
			return
		}
	}
}

// TestUnlocksTells proves that the proof can fail.
func TestUnlocksTells(t *testing.T) {
	r := record(t, 1)
	if open, err := reopen(t, r.dir).Unlocks(Period{"calls", DayOf(now)}, r.gone, r.locked); !open || err != nil {
		t.Errorf("a key that is there does not open: %v", err)
	}
}

// TestReplaceAgain erases one part after another.
func TestReplaceAgain(t *testing.T) {
	r := record(t, 3)
	for range 3 {
		if err := r.erase(nil)(); err != nil {
			t.Fatal(err)
		}
		if !r.check(t) {
			t.Fatal("still there")
		}
		delete(r.keys, r.gone)
		r.gone, r.locked = r.add(t)
	}
}

// TestCondemn destroys a whole period: its parts are not there as soon as that is noted, and
// its files go when its key has.
func TestCondemn(t *testing.T) {
	r := record(t, 2)
	p, later := Period{"calls", DayOf(now)}, now.AddDate(0, 0, 2)
	k := reopen(t, r.dir)
	if err := k.Condemn(p, now); !errors.Is(err, ErrInUse) {
		t.Errorf("today's period: %v", err)
	}
	if err := k.Condemn(p, later); err != nil {
		t.Fatal(err)
	}
	parts, err := ReadPartFile(r.dir, p.Class, p.Day)
	if err != nil || !Destroyed(parts[Whole]) {
		t.Fatalf("not noted: %v", err)
	}
	if err := k.Forget(p); err == nil {
		t.Error("forgets a period that has its key")
	}
	if err := k.Drop(p); err != nil {
		t.Fatal(err)
	}
	if err := k.Forget(p); err != nil {
		t.Fatal(err)
	}
	files, err := Files(r.dir)
	if err != nil || len(files) > 0 {
		t.Errorf("left: %q, %v", files, err)
	}
}
