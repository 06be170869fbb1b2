package ledger

import (
	"errors"
	"os"
	"testing"
)

// An entry that lacks its last byte, which the next one's first byte supplies by chance, was not
// acknowledged: the next one was.
func TestTornByOneByte(t *testing.T) {
	withoutFsync(t)
	dir := t.TempDir()
	l := open(t, dir)
	n := 0
	for b := []byte{0}; b[len(b)-1] != 'L'; b = read(t, file(dir, "entries")) {
		if _, err := l.Append(event(n)); err != nil {
			t.Fatal(err)
		}
		n++
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	whole := read(t, file(dir, "entries"))
	replace(t, file(dir, "entries"), whole[:len(whole)-1])
	for _, name := range []string{"hashes", "index"} {
		if err := os.Remove(file(dir, name)); err != nil { // they follow from what is there
			t.Fatal(err)
		}
	}
	l = open(t, dir)
	check(t, l, n-1)
	for i := n - 1; i < n+2; i++ {
		if _, err := l.Append(event(i)); err != nil {
			t.Fatal(err)
		}
	}
	check(t, l, n+2)
	check(t, open(t, dir), n+2)
}

// A power cut may leave the end of a batch and not its beginning: nothing of it was acknowledged
// from the hole on. It is stepped over, what is appended afterwards takes its numbers, and the
// ledger is whole at every later start, with or without the files that follow from it.
func TestTornBatch(t *testing.T) {
	for torn := 1; torn < 5; torn++ {
		dir := t.TempDir()
		l := open(t, dir)
		if _, err := l.Append(event(0)); err != nil {
			t.Fatal(err)
		}
		before, err := l.entries.Stat()
		if err != nil {
			t.Fatal(err)
		}
		var batch []Event
		for i := 1; i <= 5; i++ {
			batch = append(batch, event(i))
		}
		if _, err := l.AppendAll(batch); err != nil {
			t.Fatal(err)
		}
		at, err := l.tree.at(int64(torn))
		if err != nil {
			t.Fatal(err)
		}
		if err := l.Close(); err != nil {
			t.Fatal(err)
		}
		b := read(t, file(dir, "entries"))
		clear(b[at : at+100])
		replace(t, file(dir, "entries"), b)
		// What follows from the batch was not on the disk either.
		if err := errors.Join(os.Truncate(file(dir, "index"), 8), os.Truncate(file(dir, "hashes"), 32)); err != nil {
			t.Fatal(err)
		}
		if at < before.Size() {
			t.Fatal("the batch is not after what was there")
		}
		n := torn // 0 and those of the batch before the hole
		for range 4 {
			l := open(t, dir)
			check(t, l, n)
			if _, err := l.AppendAll([]Event{event(n), event(n + 1)}); err != nil {
				t.Fatal(err)
			}
			n += 2
			check(t, l, n)
			if err := l.Close(); err != nil {
				t.Fatal(err)
			}
			if err := errors.Join(os.Remove(file(dir, "index")), os.Remove(file(dir, "hashes"))); err != nil {
				t.Fatal(err)
			}
		}
		check(t, open(t, dir), n)
	}
}
