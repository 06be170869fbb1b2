package ledger

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"
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

// fill makes a ledger of n entries and closes it.
func fill(t testing.TB, n int) (dir string) {
	t.Helper()
	dir = t.TempDir()
	l := open(t, dir)
	es := make([]Event, n)
	for i := range es {
		es[i] = event(i)
	}
	if _, err := l.AppendAll(es); err != nil {
		t.Fatal(err)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	return dir
}

// check fails unless l holds the events up to n and verifies.
func check(t testing.TB, l *Ledger, n int) {
	t.Helper()
	if err := l.Verify(); err != nil {
		t.Fatal(err)
	}
	es, err := l.Events(0, l.Len())
	if err != nil || len(es) != n {
		t.Fatalf("%d events of %d, %v", len(es), n, err)
	}
	for i, e := range es {
		if !reflect.DeepEqual(e, event(i)) {
			t.Fatalf("event %d is %+v", i, e)
		}
	}
}

func file(dir, name string) string { return filepath.Join(dir, "ledger", name) }

func read(t testing.TB, path string) []byte {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// replace makes b what the file at path holds. It does not truncate to nothing, which would
// have ext4 write the file to disk at once.
func replace(t testing.TB, path string, b []byte) {
	t.Helper()
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := f.Write(b); err != nil {
		t.Fatal(err)
	}
	if err := f.Truncate(int64(len(b))); err != nil {
		t.Fatal(err)
	}
}

func TestAppend(t *testing.T) {
	dir := t.TempDir()
	l := open(t, dir)
	e := Event{
		At: time.Date(2026, 11, 22, 10, 0, 0, 5, time.UTC), Kind: "play", Who: "amina", Call: "C", Purpose: "complaint",
		Reference: "C-17", Text: "über", Data: map[string]string{"from": "0"},
	}
	if n, err := l.Append(e); n != 0 || err != nil {
		t.Fatal(n, err)
	}
	if n, err := l.AppendAll([]Event{event(1), event(2)}); n != 1 || err != nil {
		t.Fatal(n, err)
	}
	l = open(t, dir)
	es, err := l.Events(-1, 99)
	if err != nil || !reflect.DeepEqual(es, []Event{e, event(1), event(2)}) {
		t.Errorf("%+v, %v", es, err)
	}
	if es, err := l.Events(2, 3); err != nil || !reflect.DeepEqual(es, []Event{event(2)}) {
		t.Errorf("%+v, %v", es, err)
	}
	if es, err := l.Events(3, 2); err != nil || es != nil {
		t.Errorf("%+v, %v", es, err)
	}
}

func TestEventTooLong(t *testing.T) {
	l := open(t, t.TempDir())
	long := Event{Kind: "long", Text: strings.Repeat("secret", 11000)}
	if _, err := l.AppendAll([]Event{event(0), long}); err == nil || strings.Contains(err.Error(), "secret") {
		t.Errorf("too long: %v", err)
	}
	if l.Len() != 0 {
		t.Error("half of it was appended")
	}
	long.Text = long.Text[:65000]
	if _, err := l.Append(long); err != nil {
		t.Error(err)
	}
}

// TestShared has goroutines with ledgers of their own append to one folder.
func TestShared(t *testing.T) {
	dir := t.TempDir()
	var wg sync.WaitGroup
	const each = 50
	for w := range 4 {
		l := open(t, dir)
		wg.Go(func() {
			for i := range each {
				n, err := l.Append(Event{Kind: "test", Who: fmt.Sprint(w), Text: fmt.Sprint(i)})
				if err != nil {
					t.Error(err)
					return
				}
				es, err := l.Events(n, n+1)
				if err != nil || es[0].Who != fmt.Sprint(w) || es[0].Text != fmt.Sprint(i) {
					t.Errorf("entry %d is %+v, %v", n, es, err)
				}
			}
		})
	}
	wg.Wait()
	l := open(t, dir)
	if err := l.Verify(); err != nil || l.Len() != 4*each {
		t.Fatal(l.Len(), err)
	}
}

func TestWrongKey(t *testing.T) {
	dir := fill(t, 3)
	if _, err := Open(dir, [32]byte{9}); !errors.Is(err, ErrKey) {
		t.Error(err)
	}
}

func TestModes(t *testing.T) {
	defer unix.Umask(unix.Umask(0))
	dir := fill(t, 1)
	err := filepath.WalkDir(filepath.Join(dir, "ledger"), func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := d.Info()
		if err == nil && info.Mode().Perm()&0o077 != 0 {
			t.Errorf("%s is %v", path, info.Mode())
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// bytesInPrint is a row of numbers, as fmt prints a key.
var bytesInPrint = regexp.MustCompile(`(0x)?[0-9a-f]+([ ,]+(0x)?[0-9a-f]+){7}`)

// TestNothingReadable looks for an event's words in the files, and for the key in print.
func TestNothingReadable(t *testing.T) {
	dir := t.TempDir()
	l := open(t, dir)
	if _, err := l.Append(Event{Kind: "play", Who: "amina", Text: "the words"}); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"entries", "hashes", "index"} {
		for _, word := range []string{"play", "amina", "the words"} {
			if bytes.Contains(read(t, file(dir, name)), []byte(word)) {
				t.Errorf("%s has %q", name, word)
			}
		}
	}
	type holder struct{ ledger *Ledger }
	var out bytes.Buffer
	for _, v := range []any{l, holder{l}} {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%x", "%d"} {
			fmt.Fprintf(&out, verb+"\n", v)
		}
		if b, err := json.Marshal(v); err == nil {
			out.Write(b)
		}
	}
	if bytesInPrint.Match(out.Bytes()) {
		t.Errorf("a ledger prints its cipher: %s", bytesInPrint.Find(out.Bytes()))
	}
}
