package storage_test

import (
	"crypto/rand"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"linevault/storage"
	"linevault/storage/storagetest"
)

// TestForesee forecasts from files of known sizes.
func TestForesee(t *testing.T) {
	dir := t.TempDir()
	must(t, storage.Create(dir, []string{storagetest.Class}))
	now := firstDay.AddDate(0, 0, 10).Add(3 * time.Hour)
	const daily = 1 << 20
	// A file system takes some blocks more for itself, as it likes: as many as the file is scattered.
	about := func(n, want int64) bool { return n > want*19/20 && n < want*21/20 }
	for d := range 10 {
		name := fmt.Sprintf("%s.%s.0001.seg", firstDay.AddDate(0, 0, d).Format(time.DateOnly), storagetest.Class)
		path := filepath.Join(dir, "segments", name)
		noise := make([]byte, daily)
		_, _ = rand.Read(noise) // never fails
		must(t, os.WriteFile(path, noise, 0o600))
		// What is being written has room ahead that takes none.
		must(t, os.Truncate(path, 20*daily))
	}
	must(t, os.WriteFile(filepath.Join(dir, "segments", "notes.txt"), make([]byte, daily), 0o600))
	for _, c := range []struct {
		what     string
		policies []storage.Policy
		room     storage.Room
		days     int
		lasts    bool
	}{
		{"room for three days and a half", nil, storage.Room{Free: 7*daily + daily/2, Reserve: 4 * daily}, 3, false},
		{"no room", nil, storage.Room{Free: 4 * daily, Reserve: 5 * daily}, 0, false},
		{"room for ever", nil, storage.Room{Free: 10_000 * daily}, storage.Horizon, true},
		{"a term that makes room in time", twoWeeks, storage.Room{Free: 8 * daily}, storage.Horizon, true},
		{"a term that makes room too late", twoWeeks, storage.Room{Free: 2*daily + daily/2}, 2, false},
	} {
		f, err := storage.Foresee(dir, c.policies, c.room, now)
		must(t, err)
		if !about(f.Daily, daily) || len(f.Classes) != 1 || !about(f.Classes[0].Bytes, 10*daily) || f.Classes[0].Days != 10 || f.Rough {
			t.Errorf("%s: %+v", c.what, f)
		}
		if f.Days != c.days || f.Lasts != c.lasts || !c.lasts && !f.Full.Equal(now.AddDate(0, 0, c.days)) {
			t.Errorf("%s: %d days, lasts %v, full %v", c.what, f.Days, f.Lasts, f.Full)
		}
	}
	// On the first day what came by now says how much will come, roughly.
	f, err := storage.Foresee(dir, nil, storage.Room{}, firstDay.Truncate(day).Add(8*time.Hour))
	must(t, err)
	if !f.Rough || f.Daily <= daily {
		t.Errorf("on the first day: %+v", f)
	}
	if r, err := storage.DiskRoom(dir); err != nil || r.Disk <= 0 || r.Free > r.Disk {
		t.Errorf("%+v, %v", r, err)
	}
}
