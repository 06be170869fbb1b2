package storage

import (
	"errors"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"linevault/codec/pcm"
	"linevault/storage/catalogue"
	"linevault/storage/keys"
	"linevault/storage/ledger"
)

// contents is every file of a folder.
func contents(t *testing.T, folder string) map[string]string {
	t.Helper()
	all := map[string]string{}
	list, err := os.ReadDir(folder)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range list {
		if e.IsDir() {
			continue
		}
		b, err := os.ReadFile(filepath.Join(folder, e.Name()))
		if err != nil {
			t.Fatal(err)
		}
		all[e.Name()] = string(b)
	}
	return all
}

// What the catalogue knew of a call that was destroyed is readable no more, also to somebody
// who kept copies of its files and of the keyring, and has today's root key: whoever destroys,
// the desk or a command beside no desk.
func TestDestroyedRowsDoNotOpen(t *testing.T) {
	for name, open := range map[string]func(dir string) (*Store, error){
		"desk":    func(dir string) (*Store, error) { return OpenDesk(dir, nil, time.Hour) },
		"command": func(dir string) (*Store, error) { return Open(dir, nil) },
	} {
		t.Run(name, func(t *testing.T) {
			must := func(err error) {
				t.Helper()
				if err != nil {
					t.Fatal(err)
				}
			}
			dir := t.TempDir()
			must(Create(dir, []string{"standard"}))
			w, err := OpenWriter(dir, WriterOptions{})
			must(err)
			var ids []CallID
			for i := range 3 {
				l := &crashLine{w: w}
				c := Call{
					ID: NewCallID(time.Now()), Class: "standard", FarNumber: Number("0770090012" + string(rune('0'+i))),
					Format: pcm.Format{Rate: 8000, Legs: 2}, Start: time.Now(),
				}
				l.r, err = w.Begin(c)
				must(err)
				for range 40 {
					must(l.instant())
				}
				must(l.r.Finish(End{At: l.pos, Why: HungUp}))
				ids = append(ids, c.ID)
			}
			must(w.Commit())
			must(w.Close())
			desk, err := OpenDesk(dir, nil, time.Hour)
			must(err)
			desk.Close()
			before, ring := contents(t, filepath.Join(dir, catalogueDir)), contents(t, filepath.Join(dir, "keys"))["ring"]
			keysBefore := desk.ring.PassingOn(cataloguePurpose)
			old := t.TempDir() // what somebody kept
			for file, b := range before {
				must(os.WriteFile(filepath.Join(old, file), []byte(b), 0o600))
			}
			if x, _, err := catalogue.Load(old, keysBefore[0]); err != nil {
				t.Fatalf("the copy is no copy: %v", err)
			} else {
				x.Close()
			}

			s, err := open(dir)
			must(err)
			book, err := ledger.Open(dir, s.ring.Derive("ledger"))
			must(err)
			_, err = s.EraseCall(ids[1], "ann", "order 7", "bob", book)
			must(err)
			must(book.Close())
			s.Close()

			now, err := keys.OpenRing(dir)
			must(err)
			list := now.PassingOn(cataloguePurpose)
			if len(list) != 1 || slices.Contains(list, keysBefore[0]) {
				t.Fatalf("%d keys, and the old one among them: %v", len(list), slices.Contains(list, keysBefore[0]))
			}
			for _, key := range list {
				if x, _, err := catalogue.Load(old, key); !errors.Is(err, catalogue.ErrDamaged) {
					t.Errorf("the old catalogue opens: %v", err)
					x.Close()
				}
			}
			for file := range contents(t, filepath.Join(dir, catalogueDir)) {
				if _, was := before[file]; was && filepath.Ext(file) == ".block" {
					t.Errorf("%s had the call and is still there", file)
				}
			}
			fresh, err := os.ReadFile(filepath.Join(dir, "keys", "ring"))
			must(err)
			must(os.WriteFile(filepath.Join(dir, "keys", "ring"), []byte(ring), 0o600))
			if _, err := keys.OpenRing(dir); err == nil {
				t.Error("the old keyring opens with today's root key")
			}
			must(os.WriteFile(filepath.Join(dir, "keys", "ring"), fresh, 0o600))
			again, err := Open(dir, nil)
			must(err)
			defer again.Close()
			page, err := again.Calls(Query{})
			must(err)
			if page.Total != 2 || len(again.calls) != 0 {
				t.Errorf("%d calls; awake %v", page.Total, slices.Collect(maps.Keys(again.calls)))
			}
		})
	}
}
