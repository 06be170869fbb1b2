package backup

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"linevault/codec/pcm"
	"linevault/storage"
	"linevault/storage/keys"
	"linevault/storage/ledger"
	"linevault/storage/storagetest"
)

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func writer(t *testing.T, dir string) *storage.Writer {
	t.Helper()
	w, err := storage.OpenWriter(dir, storage.WriterOptions{Now: storagetest.Clock(), OnProblem: func(err error) { t.Error(err) }})
	must(t, err)
	return w
}

// record records some calls, with pauses.
func record(t *testing.T, w *storage.Writer, from, to int) {
	t.Helper()
	for i := from; i < to; i++ {
		talk := storagetest.NewTalk(pcm.Format{Rate: 8000, Legs: 2}, 0, uint64(i))
		r, err := w.Begin(talk.Call(i))
		must(t, err)
		for range 3 {
			for range 20 {
				must(t, talk.Instant(r.Packet))
			}
			must(t, talk.Break(r.Packet))
			must(t, r.Gap(talk.Pause(time.Second, storage.Paused)))
		}
		must(t, r.Finish(storage.End{At: talk.Pos, Why: storage.HungUp}))
		must(t, w.Commit())
	}
}

func enter(t *testing.T, dir, kind string) {
	t.Helper()
	ring, err := keys.OpenRing(dir)
	must(t, err)
	l, err := ledger.Open(dir, ring.Derive("ledger"))
	must(t, err)
	_, err = l.Append(ledger.Event{Kind: kind})
	must(t, errors.Join(err, l.Close()))
}

// sounds is the hash of everything that each call plays.
func sounds(t *testing.T, dir string) map[storage.CallID]string {
	t.Helper()
	s, err := storage.Open(dir, nil)
	must(t, err)
	defer s.Close()
	page, err := s.Calls(storage.Query{Limit: 1000})
	must(t, err)
	heard := map[storage.CallID]string{}
	for _, row := range page.Rows {
		p, err := s.Play(row.Call.ID)
		must(t, err)
		h := sha256.New()
		for {
			packet, gap, err := p.Next()
			if err == io.EOF {
				break
			}
			must(t, err)
			if packet != nil {
				fmt.Fprintf(h, "%+v", *packet)
			} else {
				fmt.Fprintf(h, "%+v", *gap)
			}
		}
		p.Close()
		heard[row.Call.ID] = fmt.Sprintf("%x", h.Sum(nil))
	}
	return heard
}

func back(t *testing.T, dir, folder string) *Result {
	t.Helper()
	r, err := Make(dir, folder, time.Now(), nil)
	must(t, err)
	return r
}

// TestDrill is the restore drill: of backups that were made while a recorder ran, a blank
// folder and the root key, every call plays as it did. Without the root key nothing does, and
// it is said what is missing.
func TestDrill(t *testing.T) {
	dir, folder, root := storagetest.New(t), filepath.Join(t.TempDir(), "backup"), filepath.Join(t.TempDir(), "root.key")
	w := writer(t, dir)
	record(t, w, 0, 4)
	must(t, w.Close())
	enter(t, dir, "first")
	w = writer(t, dir)
	record(t, w, 4, 6)
	first := back(t, dir, folder) // the recorder has a segment open
	if len(first.Left) != 1 {
		t.Errorf("%+v", first)
	}
	must(t, w.Close())
	w = writer(t, dir)
	record(t, w, 6, 9)
	must(t, w.Close())
	enter(t, dir, "second")
	second := back(t, dir, folder)
	if len(second.Left) != 0 || second.Copied >= second.Bytes-first.Copied/2 {
		t.Errorf("first %+v\nsecond %+v", first, second)
	}
	must(t, SaveRoot(dir, root, folder))

	again := filepath.Join(t.TempDir(), "again")
	_, files, err := Restore(folder, again, nil)
	must(t, err)
	if files != second.Files {
		t.Errorf("%d files of %d", files, second.Files)
	}
	if _, err := storage.Open(again, nil); !errors.Is(err, keys.ErrRootMissing) || !strings.Contains(err.Error(), "put keys/root back from your backup") {
		t.Errorf("without the root key: %v", err)
	}
	if err := storage.Create(again, []string{storagetest.Class}); !errors.Is(err, keys.ErrRootMissing) {
		t.Errorf("a new root key would be made: %v", err)
	}
	must(t, PutRoot(again, root))
	want, got := sounds(t, dir), sounds(t, again)
	if len(want) != 9 {
		t.Fatalf("%d calls", len(want))
	}
	for id, h := range want {
		if got[id] != h {
			t.Errorf("call %s plays %q, not %q", id, got[id], h)
		}
	}
	storagetest.Check(t, again, nil)
	ring, err := keys.OpenRing(again)
	must(t, err)
	l, err := ledger.Open(again, ring.Derive("ledger"))
	must(t, err)
	defer l.Close()
	if must(t, l.Verify()); l.Len() != 2 {
		t.Errorf("%d ledger entries", l.Len())
	}
	w = writer(t, again) // and it goes on
	record(t, w, 9, 10)
	must(t, w.Close())
	storagetest.Check(t, again, nil)
}

// TestNoRoot: the root key is in no backup, under no name that it may have, nor under another.
func TestNoRoot(t *testing.T) {
	dir, folder := storagetest.New(t), filepath.Join(t.TempDir(), "backup")
	root, err := os.ReadFile(filepath.Join(dir, "keys", "root"))
	must(t, err)
	for _, name := range []string{"root.tmp", "root.old", "root.new"} {
		must(t, os.WriteFile(filepath.Join(dir, "keys", name), root, 0o600))
	}
	back(t, dir, folder)
	secret := strings.Split(string(root), "\n")[1]
	for path, b := range everything(t, folder) {
		if strings.Contains(b, secret) || strings.Contains(b, "keys/root") {
			t.Errorf("%s has it", path)
		}
	}
	must(t, os.WriteFile(filepath.Join(dir, "keys", "copy"), root, 0o600))
	if _, err := Make(dir, folder, time.Now(), nil); err == nil || !strings.Contains(err.Error(), "never copied") {
		t.Error(err)
	}
	if err := SaveRoot(dir, filepath.Join(folder, "root"), folder); err == nil {
		t.Error("the root key beside the backup")
	}
}

func TestWhere(t *testing.T) {
	dir := storagetest.New(t)
	for _, folder := range []string{dir, filepath.Join(dir, "backup"), filepath.Dir(dir)} {
		if _, err := Make(dir, folder, time.Now(), nil); err == nil {
			t.Errorf("%s is a place for a backup of %s", folder, dir)
		}
	}
	if _, err := Make(t.TempDir(), t.TempDir(), time.Now(), nil); err == nil {
		t.Error("an empty folder is a store")
	}
}
