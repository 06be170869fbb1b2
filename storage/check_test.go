package storage_test

import (
	"crypto/sha256"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"linevault/storage"
	"linevault/storage/seal"
	"linevault/storage/storagetest"
)

// A segment of another box is refused by its name, in one sentence, and ours play.
func TestForeignSegment(t *testing.T) {
	dir, other := t.TempDir(), storagetest.New(t)
	must(t, storage.Create(dir, []string{storagetest.Class}))
	w := open(t, dir)
	id, k := record(t, w, 1, 3)
	must(t, w.Close())
	w = open(t, other)
	for i := range 5 {
		record(t, w, i, 2)
	}
	must(t, w.Close())
	theirs, err := filepath.Glob(filepath.Join(other, "segments", "*.seg"))
	must(t, err)
	b, err := os.ReadFile(theirs[0])
	must(t, err)
	name := strings.Replace(filepath.Base(theirs[0]), ".0001.", ".0777.", 1)
	must(t, os.WriteFile(filepath.Join(dir, "segments", name), b, 0o600))
	s := openStore(t, dir, nil)
	compare(t, s, id, k)
	problems := s.Problems()
	if len(problems) != 1 || problems[0].Segment != name || !strings.Contains(problems[0].Text, "not of this box, move it out of the folder") {
		t.Errorf("%v", problems)
	}
	r, err := storage.Check(dir, nil, storage.CheckOptions{})
	must(t, err)
	if len(r.Problems) != 1 || r.Problems[0].Segment != name || r.Verdicts()[storage.Ours-1].Problems != 1 {
		t.Errorf("%+v", r.Problems)
	}
	must(t, os.Remove(filepath.Join(dir, "segments", name)))
	storagetest.Check(t, dir, nil)
}

// What the ledger has and the store has not is told.
func TestCheckDurable(t *testing.T) {
	dir := storagetest.New(t)
	w := open(t, dir)
	id, _ := record(t, w, 1, 3)
	must(t, w.Close())
	s := openStore(t, dir, nil)
	k, err := s.Kept(s.Ended(id)[0])
	must(t, err)
	check := func(part seal.PartID, last [32]byte) int {
		r, err := storage.Check(dir, nil, storage.CheckOptions{Entered: map[seal.PartID]*storage.Entered{
			part: {Class: storagetest.Class, Start: time.Now(), Last: [][32]byte{last}},
		}})
		must(t, err)
		return r.Verdicts()[storage.Durable-1].Problems
	}
	last := k.Boxes[len(k.Boxes)-1]
	if n := check(k.Part, last); n != 0 {
		t.Errorf("%d problems where there is none", n)
	}
	if check(k.Part, sha256.Sum256(nil)) != 1 || check(seal.NewPartID(), last) != 1 {
		t.Error("a part that is gone, or ends otherwise, is not told")
	}
}

// A catalogue that says otherwise than the boxes is found, and made anew.
func TestRebuild(t *testing.T) {
	dir := storagetest.New(t)
	recorded(t, dir, 0, 8)
	openDesk(t, dir).Close()
	folder := filepath.Join(dir, "catalogue")
	old := filepath.Join(t.TempDir(), "old")
	must(t, os.CopyFS(old, os.DirFS(folder)))
	recorded(t, dir, 8, 4)
	desk := openDesk(t, dir)
	if err := storage.Rebuild(dir, nil); err == nil || !strings.Contains(err.Error(), "a desk is running") {
		t.Errorf("beside a desk: %v", err)
	}
	desk.Close()
	// An old snapshot is only out of date: the store knows what came since.
	must(t, os.RemoveAll(folder))
	must(t, os.CopyFS(folder, os.DirFS(old)))
	storagetest.Check(t, dir, nil)
	must(t, os.WriteFile(filepath.Join(folder, "manifest"), []byte("ruin"), 0o600))
	must(t, storage.Rebuild(dir, nil))
	s := openDesk(t, dir)
	defer s.Close()
	if got := len(all(t, s)); got != 12 || len(s.Problems()) > 0 {
		t.Errorf("%d calls, %v", got, s.Problems())
	}
}
