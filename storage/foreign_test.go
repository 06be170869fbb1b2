package storage_test

import (
	"encoding/hex"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	bolt "go.etcd.io/bbolt"

	"linevault/storage"
	"linevault/storage/segment"
	"linevault/storage/storagetest"
)

// What is not ours in the folder, or newer than we know, is named and left alone; the rest plays.
func TestForeignFiles(t *testing.T) {
	dir, ids, keeps, names := twoSegments(t)
	in := func(name string) string { return filepath.Join(dir, "segments", name) }
	must(t, os.WriteFile(in("notes.txt"), []byte("hello"), 0o600))
	must(t, os.WriteFile(in("2026-11-22.standard.0900.seg"), nil, 0o600))
	must(t, os.WriteFile(in("2026-11-22.standard.0901.seg"), []byte(strings.Repeat("not a segment", 4096)), 0o600))
	must(t, os.Mkdir(in("2026-11-22.standard.0902.seg"), 0o700))
	must(t, os.Symlink("/dev/zero", in("2026-11-22.standard.0903.seg")))
	// Another day's segment under this name; a bbolt file of someone else; a newer segment.
	b, err := os.ReadFile(in(names[0]))
	must(t, err)
	must(t, os.WriteFile(in("2020-01-01.standard.0001.seg"), b, 0o600))
	change := func(name string, f func(*bolt.Tx) error) {
		must(t, os.WriteFile(in(name), b, 0o600))
		db, err := bolt.Open(in(name), 0o600, nil)
		must(t, err)
		must(t, db.Update(f))
		must(t, db.Close())
	}
	name, err := segment.ParseName(names[0])
	must(t, err)
	name.Seq = 904
	change(name.String(), func(tx *bolt.Tx) error { return tx.DeleteBucket([]byte("meta")) })
	name.Seq = 905
	newer := name.String()
	change(newer, func(tx *bolt.Tx) error { return tx.Bucket([]byte("meta")).Put([]byte("version"), []byte{9}) })
	before := fingerprint(t, dir)

	s := openStore(t, dir, nil)
	for i, id := range ids {
		compare(t, s, id, keeps[i])
	}
	problems := map[string]string{}
	for _, p := range s.Problems() {
		problems[p.Segment] = p.Text
	}
	if len(problems) != 8 {
		t.Errorf("%d problems: %v", len(problems), problems)
	}
	for name, text := range problems {
		if !strings.Contains(text, name) {
			t.Errorf("%s: %q does not name it", name, text)
		}
	}
	if !strings.Contains(problems[newer], "install the newer Linevault") {
		t.Errorf("newer: %q", problems[newer])
	}
	if after := fingerprint(t, dir); after != before {
		t.Error("reading changed something")
	}

	// Set aside by hand, it no longer troubles anybody, and nothing is deleted.
	for name := range problems {
		must(t, s.Quarantine(name))
		if _, err := os.Lstat(filepath.Join(dir, "quarantine", name)); err != nil {
			t.Error(err)
		}
	}
	if err := s.Quarantine(names[0]); err == nil {
		t.Error("a sound segment was put into quarantine")
	}
	storagetest.Check(t, dir, nil)
}

func fingerprint(t *testing.T, dir string) string {
	t.Helper()
	var b strings.Builder
	must(t, filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		content, err := os.ReadFile(path)
		b.WriteString(path + " " + hex.EncodeToString(content) + "\n")
		return err
	}))
	return b.String()
}

// A newer store is refused by everyone and left as it is.
func TestNewerStore(t *testing.T) {
	dir := t.TempDir()
	must(t, storage.Create(dir, []string{storagetest.Class}))
	must(t, os.WriteFile(filepath.Join(dir, "format"), []byte("linevault store format 2\n"), 0o600))
	before := fingerprint(t, dir)
	_, err1 := storage.Open(dir, nil)
	_, err2 := storage.OpenWriter(dir, storage.WriterOptions{})
	err3 := storage.Create(dir, []string{"other"})
	_, err4 := storage.Check(dir, nil, storage.CheckOptions{})
	for _, err := range []error{err1, err2, err3, err4} {
		if newer, ok := errors.AsType[*storage.NewerError](err); !ok || newer.Format != 2 {
			t.Errorf("%v", err)
		}
	}
	if fingerprint(t, dir) != before {
		t.Error("a newer store was changed")
	}
	if _, err := storage.Open(t.TempDir(), nil); !errors.Is(err, storage.ErrNoStore) {
		t.Errorf("no store: %v", err)
	}
}
