package api

import (
	"crypto/sha256"
	"crypto/subtle"
	"crypto/tls"
	"fmt"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"linevault/codec/pcm"
	"linevault/daemon/link"
	"linevault/hal"
)

// Terminal is something that may pause lines. It shows a token, a certificate, or both if it
// has both.
type Terminal struct {
	Name        string
	Token       [sha256.Size]byte // SHA-256 of its token; zero for none
	Certificate string            // the name in its client certificate; empty for none
	Lines       []pcm.LineID
	From        []netip.Prefix // where it may ask from; anywhere, if there are none
	Expires     time.Time      // when it may not ask any more; zero for never
	Heartbeat   time.Duration  // how often it promised to be heard; 0 for no promise
}

// terminal is a Terminal and what it did.
type terminal struct {
	Terminal
	requests *allowance
	answers  *answers
	used     atomic.Int64               // when it last asked, in Unix nanoseconds; 0 for never
	from     atomic.Pointer[netip.Addr] // and from where
}

func newTerminal(t Terminal) *terminal {
	return &terminal{Terminal: t, requests: newAllowance(perTerminal), answers: newAnswers()}
}

func (t *terminal) lastUsed() time.Time {
	if n := t.used.Load(); n != 0 {
		return time.Unix(0, n).UTC()
	}
	return time.Time{}
}

// Known is what the box knows of all terminals.
func (a *API) Known() []link.Terminal {
	var all []link.Terminal
	for _, t := range a.terminals {
		all = append(all, t.self())
	}
	return all
}

func (t *terminal) self() link.Terminal {
	s := link.Terminal{
		Name: t.Name, Lines: t.Lines, Expires: t.Expires, LastUsed: t.lastUsed(), Heartbeat: t.Heartbeat.Seconds(), Shows: t.shows(),
	}
	if a := t.from.Load(); a != nil {
		s.LastFrom = a.String()
	}
	for _, p := range t.From {
		text := p.String()
		if p.IsSingleIP() {
			text = p.Addr().String()
		}
		s.From = append(s.From, text)
	}
	return s
}

// shows is what it shows to be known.
func (t *terminal) shows() string {
	switch token := t.Token != [sha256.Size]byte{}; {
	case token && t.Certificate != "":
		return "token and certificate"
	case token:
		return "token"
	}
	return "certificate"
}

// self answers what a terminal is. That it asked was noted already.
func (a *API) self(q *asked) { q.answer(q.terminal.self()) }

// asked is a request of a known terminal.
type asked struct {
	*http.Request
	w        http.ResponseWriter
	terminal *terminal
	at       pcm.Mono // when it arrived
}

// known lets terminals through.
func (a *API) known(f func(*asked)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		at := hal.Now() // first: a pause begins when it was asked for
		t, why := a.who(r)
		from := address(r)
		switch {
		case t == nil:
			if wait, ok := a.strangers.take(from, time.Now()); !ok {
				tooMany(w, wait)
				return
			}
			w.Header().Set("WWW-Authenticate", "Bearer")
			problem(w, http.StatusUnauthorized, why)
		case !t.Expires.IsZero() && time.Now().After(t.Expires):
			problem(w, http.StatusUnauthorized, fmt.Sprintf("This terminal's token expired on %s. Make another one, and set a later \"expires\".", t.Expires.Format(time.DateOnly)))
		case len(t.From) > 0 && !slices.ContainsFunc(t.From, func(p netip.Prefix) bool { return p.Contains(from) }):
			problem(w, http.StatusForbidden, "This terminal may not ask from this address. The configuration lists its addresses under \"from\".")
		default:
			if wait, ok := t.requests.take(time.Now()); !ok {
				tooMany(w, wait)
				return
			}
			t.used.Store(time.Now().UnixNano())
			t.from.Store(&from)
			f(&asked{Request: r, w: w, terminal: t, at: at})
		}
	}
}

// who finds whose request it is, or says why nobody's. Every token takes the same time.
func (a *API) who(r *http.Request) (found *terminal, why string) {
	token, shown := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	sum := sha256.Sum256([]byte(token))
	for _, t := range a.terminals {
		needs := t.Token != [sha256.Size]byte{}
		fits := subtle.ConstantTimeCompare(sum[:], t.Token[:]) == 1
		if needs != shown || (needs && !fits) || (t.Certificate != "" && !named(r.TLS, t.Certificate)) || (!needs && t.Certificate == "") {
			continue
		}
		found = t
	}
	switch {
	case found != nil:
		return found, ""
	case shown:
		return nil, "This token is not known, or its client certificate was not shown. `linevault token` makes a token; its SHA-256 belongs in a [[terminal]] of the configuration."
	}
	return nil, "Send the terminal's token: Authorization: Bearer <token>. Or show its client certificate."
}

// named reports whether the client showed a certificate of that name, which a CA of the
// configuration has signed.
func named(s *tls.ConnectionState, name string) bool {
	if s == nil || len(s.VerifiedChains) == 0 {
		return false
	}
	leaf := s.VerifiedChains[0][0]
	return leaf.Subject.CommonName == name || slices.Contains(leaf.DNSNames, name)
}

func address(r *http.Request) netip.Addr {
	p, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return netip.IPv6Unspecified() // no TCP peer has it
	}
	return p.Addr().Unmap().WithZone("")
}
