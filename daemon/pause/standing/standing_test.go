package standing

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"
)

var testKey = []byte("a key of 32 bytes, for tests only")

// says is a slot's body with one pause of that name.
func says(by string) string {
	b := &Book{key: testKey}
	return `{"key":"` + b.Opaque("") + `","pauses":[{"line":"parking","by":"` + by + `"}]}`
}

func opened(t *testing.T, path string) (*Book, []Pause, bool) {
	t.Helper()
	b, found, intact, err := Open(path, testKey, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = b.Close() }) // it may be closed already
	return b, found, intact
}

func TestWhatIsKeptIsFound(t *testing.T) {
	path := filepath.Join(t.TempDir(), "run", "pauses")
	b, found, intact := opened(t, path)
	if len(found) != 0 || !intact {
		t.Fatalf("a new book has %v, intact %v", found, intact)
	}
	until := time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC)
	b.Set("parking", []Pause{{Line: "parking", By: "terminal 1", Until: until}, {Line: "parking", By: "keypad"}})
	b.Set("housing", []Pause{{Line: "housing", By: "terminal 1"}})
	if !b.Kept(t.Context(), b.Set("housing", nil)) {
		t.Fatal("not kept")
	}
	// No Close: the recorder was killed.
	_, found, intact = opened(t, path)
	want := []Pause{{Line: "parking", By: "terminal 1", Until: until}, {Line: "parking", By: "keypad"}}
	if !intact || !slices.Equal(found, want) {
		t.Errorf("found %v, intact %v", found, intact)
	}
	if i, err := os.Stat(path); err != nil || i.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", i, err)
	}
}

func TestCloseWritesTheRest(t *testing.T) {
	path := filepath.Join(t.TempDir(), "pauses")
	b, _, _ := opened(t, path)
	for i := range 100 {
		b.Set("parking", []Pause{{Line: "parking", By: fmt.Sprint(i)}})
	}
	if err := b.Close(); err != nil {
		t.Fatal(err)
	}
	if _, found, _ := opened(t, path); len(found) != 1 || found[0].By != "99" {
		t.Errorf("found %v", found)
	}
}

// Cut anywhere in the writing of one slot, the file says what stood before or after, and
// never something else; with nothing left that can be trusted it says that, too.
func TestTornWrites(t *testing.T) {
	path := filepath.Join(t.TempDir(), "pauses")
	b, _, _ := opened(t, path)
	for i := range 6 {
		if !b.Kept(t.Context(), b.Set("parking", []Pause{{Line: "parking", By: fmt.Sprint(i)}})) {
			t.Fatal("not kept")
		}
	}
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	_, slot, body, _ := newest(raw)
	for cut := range headSize + len(body) {
		torn := slices.Clone(raw)
		for i := slot*slotSize + cut; i < slot*slotSize+headSize+len(body); i++ {
			torn[i] ^= 0x5a
		}
		if turn, _, older, _ := newest(torn); older == nil || turn != 5 || string(older) != says("4") {
			t.Fatalf("torn at %d: turn %d, %s", cut, turn, older)
		}
	}
	bad := filepath.Join(t.TempDir(), "pauses")
	if err := os.WriteFile(bad, []byte("junk"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, found, intact := opened(t, bad); intact || len(found) != 0 {
		t.Errorf("of junk: %v, intact %v", found, intact)
	}
}

func TestKeptGivesUpWithItsContext(t *testing.T) {
	b, _, _ := opened(t, filepath.Join(t.TempDir(), "pauses"))
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if b.Kept(ctx, b.Set("parking", nil)+1) {
		t.Error("a turn that never came is kept")
	}
}

// A file that cannot be written keeps nothing, and says why; nobody waits for it.
func TestUnwritable(t *testing.T) {
	b, _, _ := opened(t, filepath.Join(t.TempDir(), "pauses"))
	_ = b.file.Close() // as a disk that is gone
	if b.Kept(t.Context(), b.Set("parking", nil)) || b.Err() == nil {
		t.Errorf("kept, and the error is %v", b.Err())
	}
}

func TestManyAtOnce(t *testing.T) {
	path := filepath.Join(t.TempDir(), "pauses")
	b, _, _ := opened(t, path)
	var wait sync.WaitGroup
	for i := range 8 {
		wait.Go(func() {
			line := fmt.Sprint(i)
			for range 20 {
				if !b.Kept(t.Context(), b.Set("l", []Pause{{Line: "l", By: line}})) {
					t.Error("not kept")
				}
			}
		})
	}
	wait.Wait()
}

func FuzzNewest(f *testing.F) {
	f.Add([]byte("LVPAUSE1"))
	f.Add(make([]byte, headSize))
	f.Fuzz(func(t *testing.T, raw []byte) {
		if _, slot, body, _ := newest(raw); slot < 0 || slot >= slots || len(body) > slotSize {
			t.Errorf("slot %d, %d bytes", slot, len(body))
		}
	})
}
