package web

import (
	"context"
	"net/http"
)

// Locked is the web server of a desk whose keys do not open: every address says in a sentence
// that nothing can be played, whether recording goes on, and what to do. Who may sign in is
// sealed too, so it shows nothing else. Desk may be nil.
func Locked(c Config, recording func(ctx context.Context) bool) http.Handler {
	s := newServer(c)
	mux := http.NewServeMux()
	mux.HandleFunc("GET /assets/{name}", s.asset)
	mux.HandleFunc("GET /accessibility", s.accessibility)
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Retry-After", "60")
		s.show(w, r, http.StatusServiceUnavailable, "locked", "The recordings are locked", lockedBody{recording(r.Context())}, nil)
	})
	return s.secure(mux)
}

type lockedBody struct{ Recording bool }
