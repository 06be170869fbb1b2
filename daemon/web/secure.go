package web

import (
	"context"
	"crypto/rand"
	"net/http"
	"runtime/debug"
)

type nonceKey struct{}

func nonce(r *http.Request) string {
	n, _ := r.Context().Value(nonceKey{}).(string)
	return n
}

// secure sets what every answer has, refuses what another site's page sends, and turns a
// panic into a page.
func (s *server) secure(next http.Handler) http.Handler {
	cross := http.NewCrossOriginProtection()
	cross.SetDenyHandler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.sorry(w, r, http.StatusForbidden, "This form came from another site",
			"For your safety the recorder takes forms from its own pages only. Open its page and try again.")
	}))
	inner := cross.Handler(next)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		n := rand.Text()
		r = r.WithContext(context.WithValue(r.Context(), nonceKey{}, n))
		h := w.Header()
		h.Set("Content-Security-Policy", "default-src 'self'; style-src 'self' 'nonce-"+n+
			"'; object-src 'none'; base-uri 'none'; frame-ancestors 'none'; form-action 'self'")
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "same-origin")
		h.Set("Strict-Transport-Security", "max-age=31536000")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		h.Set("Permissions-Policy", "camera=(), microphone=(), geolocation=()")
		h.Set("Cache-Control", "no-store")
		defer s.recovered(w, r)
		inner.ServeHTTP(w, r)
	})
}

func (s *server) recovered(w http.ResponseWriter, r *http.Request) {
	v := recover()
	if v == nil {
		return
	}
	if v == http.ErrAbortHandler {
		panic(v)
	}
	s.Log.Error("a page panicked", "method", r.Method, "path", r.URL.Path, "err", v, "stack", string(debug.Stack()))
	s.failed(w, r)
}
