package linetest

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
	"time"

	"linevault/storage"
	"linevault/storage/durable"
	"linevault/storage/keys"
	"linevault/storage/ledger"
)

func archive(t *testing.T) (*Archive, *ledger.Ledger, string) {
	t.Helper()
	dir := t.TempDir()
	if err := storage.Create(dir, []string{"standard"}); err != nil {
		t.Fatal(err)
	}
	ring, err := keys.OpenRing(dir)
	if err != nil {
		t.Fatal(err)
	}
	book, err := ledger.Open(dir, ring.Derive("ledger"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { book.Close() })
	a, err := OpenArchive(dir, "Town hall", ring, book)
	if err != nil {
		t.Fatal(err)
	}
	return a, book, dir
}

// A certificate is signed, in the ledger, sealed at rest, and listed again; one that was changed
// is refused.
func TestArchive(t *testing.T) {
	a, book, dir := archive(t)
	first, second := newBench(t).do(), newBench(t, func(b *bench) { b.contact = false; b.now = b.now.Add(time.Hour) }).do()
	for _, c := range []*Certificate{second, first} {
		if err := a.Keep(c); err != nil {
			t.Fatal(err)
		}
	}
	all, err := a.List("parking")
	if err != nil || len(all) != 2 || all[0].ID != second.ID || all[1].Outcome != AllPassed {
		t.Fatalf("listed: %v, %v", all, err)
	}
	if none, err := a.List("repairs"); err != nil || len(none) != 0 {
		t.Errorf("of another line: %v, %v", none, err)
	}
	events, err := book.Events(0, book.Len())
	if err != nil || len(events) != 2 || events[0].Kind != Kind || events[0].Who != "Asha Patel" || events[0].Text != "Parking: failed" || events[0].Data["certificate"] != second.ID {
		t.Errorf("the ledger has %+v, %v", events, err)
	}
	signed, err := a.Signed(first.ID)
	if err != nil {
		t.Fatal(err)
	}
	paper := append([]byte(first.Text(time.UTC)+"\n"), signed...)
	if c, err := Parse(paper, a.PublicKey()); err != nil || c.ID != first.ID {
		t.Errorf("from a text that ends with it: %v, %v", c, err)
	}
	if _, err := Parse(bytes.Replace(signed, []byte("Parking"), []byte("Parting"), 1), a.PublicKey()); !errors.Is(err, ErrCertificate) {
		t.Errorf("changed: %v", err)
	}
	other, _, _ := archive(t)
	if _, err := Parse(signed, other.PublicKey()); !errors.Is(err, ErrCertificate) {
		t.Errorf("of another box: %v", err)
	}
	file := filepath.Join(dir, Folder, first.ID)
	raw, err := os.ReadFile(file)
	if err != nil || bytes.Contains(raw, []byte("Asha")) || bytes.Contains(raw, []byte("arking")) {
		t.Errorf("names can be read in the file: %v", err)
	}
	if err := os.Rename(file, filepath.Join(dir, Folder, second.ID)); err != nil {
		t.Fatal(err)
	}
	if _, err := a.Read(second.ID); !errors.Is(err, ErrCertificate) {
		t.Errorf("in another's place: %v", err)
	}
	for _, id := range []string{"", "../keys/root", "aaaaaaaaaaaaaaaa"} {
		if _, err := a.Read(id); !errors.Is(err, ErrNone) {
			t.Errorf("%q: %v", id, err)
		}
	}
}

// What a desk that was killed left half written goes when the next certificate is kept.
func TestUnfinishedCertificatesGo(t *testing.T) {
	a, _, dir := archive(t)
	c := newBench(t).do()
	left := filepath.Join(dir, Folder, "aaaaaaaaaaaaaaaa"+durable.Suffix)
	if err := errors.Join(os.Mkdir(filepath.Dir(left), 0o700), os.WriteFile(left, []byte("half"), 0o600), a.Keep(c)); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(left); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("it is there: %v", err)
	}
	if all, err := a.List(""); err != nil || len(all) != 1 || all[0].ID != c.ID {
		t.Errorf("listed: %v, %v", all, err)
	}
}
