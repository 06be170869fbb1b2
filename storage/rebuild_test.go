package storage_test

import (
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"linevault/storage"
	"linevault/storage/keys"
	"linevault/storage/storagetest"
)

// days records n short calls on each of some days, the first of them on from, in segments of
// 4 MiB.
func days(tb testing.TB, dir string, from time.Time, days, n int) {
	tb.Helper()
	check := func(err error) {
		if err != nil {
			tb.Fatal(err)
		}
	}
	ring, err := keys.OpenRing(dir)
	check(err)
	for d := range days {
		day := from.AddDate(0, 0, d)
		check(ring.Ensure([]string{storagetest.Class}, day))
		w, err := storage.OpenWriter(dir, storage.WriterOptions{
			OnProblem: func(err error) { tb.Error(err) }, MaxSegment: 4 << 20, Now: func() time.Time { return day },
		})
		check(err)
		for i := range n {
			talk := storagetest.NewTalk(telephone, 0, uint64(d*n+i))
			c := talk.Call(i)
			c.Start = day.Add(time.Duration(i) * 3 * time.Second)
			c.ID = storage.NewCallID(c.Start)
			r, err := w.Begin(c)
			check(err)
			for range 10 {
				check(talk.Instant(r.Packet))
			}
			check(r.Finish(storage.End{At: talk.Pos, Why: storage.HungUp}))
			if i%200 == 199 {
				check(w.Commit())
			}
		}
		check(w.Commit())
		check(w.Close())
	}
}

// BenchmarkRebuild makes the catalogue anew of CALLS short calls, 20,000 if that is not set, on
// twenty days. STORE keeps the store between runs.
func BenchmarkRebuild(b *testing.B) {
	n := 20_000
	if v := os.Getenv("CALLS"); v != "" {
		var err error
		if n, err = strconv.Atoi(v); err != nil {
			b.Fatal(err)
		}
	}
	dir := os.Getenv("STORE")
	if dir == "" {
		dir = filepath.Join(b.TempDir(), "store")
	}
	if _, err := os.Stat(filepath.Join(dir, "format")); err != nil {
		if err := storage.Create(dir, []string{storagetest.Class}); err != nil {
			b.Fatal(err)
		}
		days(b, dir, time.Date(2026, 3, 1, 8, 0, 0, 0, time.UTC), 20, n/20)
	}
	for b.Loop() {
		if err := os.RemoveAll(filepath.Join(dir, "catalogue")); err != nil {
			b.Fatal(err)
		}
		began, before := time.Now(), processorTime(b)
		if err := storage.Rebuild(dir, nil); err != nil {
			b.Fatal(err)
		}
		b.ReportMetric(float64(time.Since(began).Microseconds())/float64(n), "us/call")
		b.ReportMetric(float64((processorTime(b)-before).Microseconds())/float64(n), "cpu-us/call")
	}
}

// processorTime is how long this process has kept processors busy.
func processorTime(tb testing.TB) time.Duration {
	tb.Helper()
	var u unix.Rusage
	if err := unix.Getrusage(unix.RUSAGE_SELF, &u); err != nil {
		tb.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
