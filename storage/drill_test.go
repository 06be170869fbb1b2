package storage_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"linevault/codec/pcm"
	"linevault/storage"
	"linevault/storage/keys"
	"linevault/storage/keys/recovery"
	"linevault/storage/storagetest"
)

// TestRecoveryDrill tries a recovery on a store of two days, one of which has lost its part keys:
// that one is named, the other opens, and nothing in the folder has changed.
func TestRecoveryDrill(t *testing.T) {
	dir := t.TempDir()
	to, file, err := recovery.NewIdentity("")
	if err != nil {
		t.Fatal(err)
	}
	ids, err := recovery.ReadIdentities(file, nil)
	if err != nil {
		t.Fatal(err)
	}
	to.Name = "Town clerk"
	plan := recovery.Plan{Needed: 1, Recipients: []recovery.Recipient{to}}
	if err := storage.CreateAs(dir, []string{storagetest.Class}, keys.Arrangement{Recovery: &plan}); err != nil {
		t.Fatal(err)
	}
	now := time.Now()
	for day := range 2 {
		at := now.AddDate(0, 0, day)
		w, err := storage.OpenWriter(dir, storage.WriterOptions{
			Now: func() time.Time { return at }, OnProblem: func(err error) { t.Error(err) },
		})
		if err != nil {
			t.Fatal(err)
		}
		talk := storagetest.NewTalk(pcm.Format{Rate: 8000, Legs: 2}, 0, 1)
		r, err := w.Begin(talk.Call(day))
		if err != nil {
			t.Fatal(err)
		}
		for range 50 {
			if err := talk.Instant(r.Packet); err != nil {
				t.Fatal(err)
			}
		}
		for _, err := range []error{talk.Break(r.Packet), r.Finish(storage.End{At: talk.Pos, Why: storage.HungUp}), w.Close()} {
			if err != nil {
				t.Fatal(err)
			}
		}
	}
	drill := func() []storage.Sample {
		t.Helper()
		ring, by, err := keys.Recovered(dir, "", ids)
		if err != nil || len(by) != 1 {
			t.Fatalf("%v, %v", by, err)
		}
		all, err := storage.Drill(dir, nil, ring)
		if err != nil {
			t.Fatal(err)
		}
		return all
	}
	before := folderOf(t, dir)
	if all := drill(); len(all) != 2 || all[0].Err != "" || all[1].Err != "" || all[0].Part == "" {
		t.Errorf("whole: %+v", all)
	}
	if after := folderOf(t, dir); len(after) != len(before) {
		t.Errorf("the folder has changed: %v, before %v", after, before)
	} else {
		for name, b := range before {
			if after[name] != b {
				t.Errorf("%s has changed", name)
			}
		}
	}
	second := string(keys.DayOf(now.AddDate(0, 0, 1)))
	if err := os.Remove(filepath.Join(dir, "keys", "parts", second+"."+storagetest.Class)); err != nil {
		t.Fatal(err)
	}
	if all := drill(); len(all) != 2 || all[0].Err != "" || !strings.Contains(all[1].Err, "its key is not in the key file") || string(all[1].Period.Day) != second {
		t.Errorf("without part keys: %+v", all)
	}
}

// folderOf is every file of a folder, but for locks.
func folderOf(t *testing.T, dir string) map[string]string {
	t.Helper()
	all := map[string]string{}
	err := filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil || !e.Type().IsRegular() || strings.HasSuffix(path, "lock") {
			return err
		}
		b, err := os.ReadFile(path)
		all[path] = string(b)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}
