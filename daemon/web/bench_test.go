package web

import (
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"linevault/daemon/auth"
	"linevault/daemon/control/controltest"
)

// BenchmarkFirstSound is how long a listener waits for the first 4 kB of a call, permit and
// keys and all, over TLS.
func BenchmarkFirstSound(b *testing.B) {
	s := open(b)
	c := s.client(b, "asha", auth.Supervisor)
	path := "/calls/" + s.call + "/audio.ogg?permit=" + s.permit(b, c)
	for b.Loop() {
		if a, _ := s.get(b, c, path, "Range", "bytes=0-4095"); a.StatusCode != http.StatusPartialContent {
			b.Fatal(a.Status)
		}
	}
}

// BenchmarkFirstSoundCold is the same for a call of ten minutes, by a browser that has no
// connection yet, when nothing of the call is in the page cache.
func BenchmarkFirstSoundCold(b *testing.B) {
	s := open(b)
	id := s.Record(b, controltest.Call{Line: "two", Start: time.Now().Add(-time.Hour), Length: 10 * time.Minute, End: "hung up"})
	if err := s.Writer.Roll(); err != nil {
		b.Fatal(err)
	}
	s.call = string(id)
	c := s.client(b, "asha", auth.Supervisor)
	path := "/calls/" + s.call + "/audio.ogg?permit=" + s.permit(b, c)
	var took []time.Duration
	for b.Loop() {
		b.StopTimer()
		c.CloseIdleConnections()
		forget(b, filepath.Join(s.Dir, "segments"))
		b.StartTimer()
		began := time.Now()
		if a, _ := s.get(b, c, path, "Range", "bytes=0-4095"); a.StatusCode != http.StatusPartialContent {
			b.Fatal(a.Status)
		}
		took = append(took, time.Since(began))
	}
	slices.Sort(took)
	b.ReportMetric(float64(took[len(took)/2])/1e6, "p50-ms")
	b.ReportMetric(float64(took[len(took)*99/100])/1e6, "p99-ms")
}

// forget has the kernel drop what it keeps of the files in dir.
func forget(b *testing.B, dir string) {
	b.Helper()
	names, err := filepath.Glob(filepath.Join(dir, "*"))
	if err != nil || len(names) == 0 {
		b.Fatal(names, err)
	}
	for _, name := range names {
		f, err := os.Open(name)
		if err != nil {
			b.Fatal(err)
		}
		if err := errors.Join(f.Sync(), unix.Fadvise(int(f.Fd()), 0, 0, unix.FADV_DONTNEED), f.Close()); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkCallsPage is the list of calls as a page.
func BenchmarkCallsPage(b *testing.B) {
	s := open(b)
	c := s.client(b, "asha", auth.Supervisor)
	for b.Loop() {
		if a, _ := s.get(b, c, "/calls"); a.StatusCode != http.StatusOK {
			b.Fatal(a.Status)
		}
	}
}
