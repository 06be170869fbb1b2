package web

import (
	"net/http"
	"testing"

	"linevault/daemon/auth"
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
