package ledger

import (
	"fmt"
	"testing"
	"time"
)

var key = [32]byte{1, 2, 3}

func event(i int) Event {
	return Event{At: time.Unix(int64(i), 0).UTC(), Kind: "test", Text: fmt.Sprint("event ", i)}
}

func open(t testing.TB, dir string) *Ledger {
	t.Helper()
	l, err := Open(dir, key)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := l.Close(); err != nil {
			t.Error(err)
		}
	})
	return l
}

func TestAppend(t *testing.T) {
	dir := t.TempDir()
	l := open(t, dir)
	for i := range 3000 {
		if i%3 == 1 {
			l = open(t, dir)
		}
		n, err := l.Append(event(i))
		if err != nil || n != int64(i) {
			t.Fatal(n, err)
		}
	}
	if err := l.Verify(); err != nil {
		t.Fatal(err)
	}
}
