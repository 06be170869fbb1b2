package catalogue_test

import (
	"os"
	"runtime"
	"strconv"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"linevault/storage/catalogue"
	"linevault/storage/catalogue/bench"
)

// BenchmarkLoad reads all blocks of CONTACTS contacts, 300,000 if that is not set, for a question
// that needs them all.
func BenchmarkLoad(b *testing.B) {
	n := 300_000
	if v := os.Getenv("CONTACTS"); v != "" {
		var err error
		if n, err = strconv.Atoi(v); err != nil {
			b.Fatal(err)
		}
	}
	dir, key := b.TempDir(), [32]byte{1}
	x := catalogue.New(dir, key)
	contacts := func(yield func(*catalogue.Contact) bool) {
		for c := range bench.Contacts(n) {
			if !yield(c) {
				return
			}
		}
	}
	if err := x.Fill(contacts); err != nil {
		b.Fatal(err)
	}
	if err := x.Save(nil); err != nil {
		b.Fatal(err)
	}
	x.Close()
	for b.Loop() {
		began, before := time.Now(), processorTime(b)
		x, _, err := catalogue.Load(dir, key)
		if err != nil {
			b.Fatal(err)
		}
		x.ReadRest(runtime.GOMAXPROCS(0))
		if _, err := x.Count(&catalogue.Query{Number: "99", Agent: "nobody"}); err != nil {
			b.Fatal(err)
		}
		b.ReportMetric(time.Since(began).Seconds()*1000, "ms")
		x.Loaded()
		b.ReportMetric((processorTime(b)-before).Seconds()*1000, "cpu-ms")
		x.Close()
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
