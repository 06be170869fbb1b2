package web

import (
	"context"
	"net"
	"net/http"
	"net/url"

	"linevault/daemon/control"
)

// The cookie's name says __Host-: browsers then send it to this host only, over TLS only.
const cookieName = "__Host-linevault"

const maxForm = 64 << 10 // bytes of any request body

type actorKey struct{}

// actor is who asks; guard has put them there.
func actor(r *http.Request) control.Actor {
	a, _ := r.Context().Value(actorKey{}).(control.Actor)
	return a
}

func address(r *http.Request) string {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return r.RemoteAddr
	}
	return host
}

func token(r *http.Request) string {
	c, err := r.Cookie(cookieName)
	if err != nil {
		return ""
	}
	return c.Value
}

// guard lets through to a route who may use it. control checks again what is done there.
func (s *server) guard(to routed) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r.Body = http.MaxBytesReader(w, r.Body, maxForm)
		look := s.Desk.Who
		if to.Path == "/events" {
			look = s.Desk.StillIn // a page that watches by itself is not somebody at work
		}
		a, in := look(token(r), address(r))
		switch {
		case !in && !to.Public:
			s.turnAway(w, r)
			return
		case in && to.Needs != "" && !a.May(to.Needs):
			s.forbidden(w, r.WithContext(context.WithValue(r.Context(), actorKey{}, a)))
			return
		case in:
			r = r.WithContext(context.WithValue(r.Context(), actorKey{}, a))
		}
		to.serve(s, w, r)
	})
}

// turnAway sends a page's reader to sign in and back; anything else is told 401.
func (s *server) turnAway(w http.ResponseWriter, r *http.Request) {
	if s.Desk.SetUpNeeded() {
		http.Redirect(w, r, "/setup", http.StatusSeeOther)
		return
	}
	if r.Header.Get("Sec-Fetch-Dest") == "empty" || r.Header.Get("Sec-Fetch-Dest") == "audio" {
		http.Error(w, "sign in first", http.StatusUnauthorized)
		return
	}
	next := "/"
	if r.Method == http.MethodGet {
		next = r.URL.RequestURI()
	}
	http.Redirect(w, r, "/sign-in?"+url.Values{"next": {next}}.Encode(), http.StatusSeeOther)
}

func setCookie(w http.ResponseWriter, value string) {
	c := &http.Cookie{
		Name: cookieName, Value: value, Path: "/", Secure: true, HttpOnly: true, SameSite: http.SameSiteStrictMode,
	}
	if value == "" {
		c.MaxAge = -1
	}
	http.SetCookie(w, c)
}
