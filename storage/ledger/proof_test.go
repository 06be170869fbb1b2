package ledger

import (
	"testing"

	"golang.org/x/mod/sumdb/tlog"
)

// TestProofs checks inclusion and consistency as an outsider would, for every size.
func TestProofs(t *testing.T) {
	dir := t.TempDir()
	l := open(t, dir)
	var heads []tlog.Tree
	const n = 40
	for i := range n {
		if _, err := l.Append(event(i)); err != nil {
			t.Fatal(err)
		}
		head, err := l.Head()
		if err != nil || head.N != int64(i)+1 {
			t.Fatal(head, err)
		}
		heads = append(heads, head)
	}
	for _, head := range heads {
		for i := range head.N {
			record, err := l.Record(i)
			if err != nil {
				t.Fatal(err)
			}
			p, err := l.ProveRecord(head.N, i)
			if err != nil {
				t.Fatal(err)
			}
			if err := tlog.CheckRecord(p, head.N, head.Hash, i, tlog.RecordHash(record)); err != nil {
				t.Fatalf("entry %d of %d: %v", i, head.N, err)
			}
			record[40] ^= 1
			if err := tlog.CheckRecord(p, head.N, head.Hash, i, tlog.RecordHash(record)); err == nil {
				t.Fatal("an altered record is proved")
			}
			old := heads[i]
			tp, err := l.ProveTree(head.N, old.N)
			if err != nil {
				t.Fatal(err)
			}
			if err := tlog.CheckTree(tp, head.N, head.Hash, old.N, old.Hash); err != nil {
				t.Fatalf("%d begins with %d: %v", head.N, old.N, err)
			}
			if err := tlog.CheckTree(tp, head.N, head.Hash, old.N, tlog.Hash{1}); err == nil {
				t.Fatal("another past is proved")
			}
		}
	}
	for _, err := range []error{
		second(l.ProveRecord(n+1, 0)), second(l.ProveRecord(5, 5)), second(l.ProveRecord(5, -1)),
		second(l.ProveTree(n+1, 1)), second(l.ProveTree(5, 6)), second(l.ProveTree(5, 0)),
		second(l.Record(n)), second(l.Record(-1)),
	} {
		if err == nil {
			t.Error("a proof of what is not there")
		}
	}
}

// TestHeadAt: what a head was stays what it was.
func TestHeadAt(t *testing.T) {
	l := open(t, t.TempDir())
	for i := range 20 {
		head, err := l.Head()
		if err != nil {
			t.Fatal(err)
		}
		if _, err := l.AppendAll([]Event{event(i), event(i)}); err != nil {
			t.Fatal(err)
		}
		if then, err := l.HeadAt(head.N); err != nil || then != head {
			t.Fatalf("%v, %v, was %v", then, err, head)
		}
	}
	if _, err := l.HeadAt(41); err == nil {
		t.Error("a head of more entries than there are")
	}
}

func second[T any](_ T, err error) error { return err }

// TestSalted makes two ledgers of the same event: nobody who guesses an event can tell from
// the leaf that it is right.
func TestSalted(t *testing.T) {
	a, b := open(t, fill(t, 1)), open(t, fill(t, 1))
	ha, errA := a.Head()
	hb, errB := b.Head()
	if errA != nil || errB != nil || ha.Hash == hb.Hash {
		t.Error("the same event has the same leaf", errA, errB)
	}
}
