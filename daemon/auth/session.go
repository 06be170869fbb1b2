package auth

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"time"
)

// How long a session lasts.
const (
	IdleLife     = 30 * time.Minute // since it was last used
	AbsoluteLife = 8 * time.Hour    // since signing in
)

// session is who holds a token. The store keeps the token's hash only, and in memory only:
// a restart signs everybody out.
type session struct {
	name          string
	began, active time.Time
}

// SignIn starts a session for who knows the password. The token of a session that the browser
// held before, if any, is dead from then on.
func (s *Store) SignIn(name, password, address, before string) (token string, who Account, err error) {
	if wait := s.tries.begin(name, address, s.now()); wait > 0 {
		return "", Account{}, &WaitError{For: wait}
	}
	s.mu.Lock()
	var known record
	if r := s.findLocked(name); r != nil {
		known = *r
	}
	s.mu.Unlock()
	if len(password) > 4*maxPassword || !s.verify(password, known.Hash) || known.Disabled {
		return "", Account{}, ErrNotKnown
	}
	s.tries.succeed(name, address)
	s.SignOut(before)
	return s.newSession(known.Name), known.account(), nil
}

func (s *Store) newSession(name string) string {
	raw := make([]byte, 32)
	rand.Read(raw)
	token := base64.RawURLEncoding.EncodeToString(raw)
	now := s.now()
	s.mu.Lock()
	defer s.mu.Unlock()
	for key, old := range s.sessions {
		if old.over(now) {
			delete(s.sessions, key)
		}
	}
	s.sessions[sha256.Sum256([]byte(token))] = &session{name: name, began: now, active: now}
	return token
}

// SignOut ends the session of token, if there is one.
func (s *Store) SignOut(token string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.sessions, sha256.Sum256([]byte(token)))
}

// Session is who holds token; using it keeps it alive.
func (s *Store) Session(token string) (Account, bool) { return s.lookUp(token, s.now()) }

// Peek is Session for a page that watches by itself: it does not keep the session alive.
func (s *Store) Peek(token string) (Account, bool) { return s.lookUp(token, time.Time{}) }

func (s *Store) lookUp(token string, active time.Time) (Account, bool) {
	now := s.now()
	s.mu.Lock()
	defer s.mu.Unlock()
	// The map is asked for a hash, so how long it takes tells nothing about any token.
	key := sha256.Sum256([]byte(token))
	held := s.sessions[key]
	if held == nil {
		return Account{}, false
	}
	r := s.findLocked(held.name)
	if r == nil || r.Disabled || held.over(now) {
		delete(s.sessions, key)
		return Account{}, false
	}
	if !active.IsZero() {
		held.active = active
	}
	return r.account(), true
}

func (h *session) over(now time.Time) bool {
	return now.Sub(h.active) > IdleLife || now.Sub(h.began) > AbsoluteLife
}
