package auth

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"errors"
	"slices"
	"strings"
	"time"
)

// FirstCodeLife is how long the code is good with which somebody chooses their password.
const FirstCodeLife = 3 * 24 * time.Hour

// ErrNoAccount is a name that nobody has.
var ErrNoAccount = errors.New("there is no such account")

// Find is the account of that name, whatever its case, or ErrNoAccount.
func (s *Store) Find(name string) (Account, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	r := s.findLocked(name)
	if r == nil {
		return Account{}, ErrNoAccount
	}
	return r.account(), nil
}

// account is what others may know of a record.
func (r *record) account() Account {
	a := r.Account
	a.Roles = slices.Clone(a.Roles)
	a.Ready = r.Hash != ""
	return a
}

// Invite makes an account without a password, and a code with which its owner chooses one.
func (s *Store) Invite(name string, roles ...Role) (code string, until time.Time, err error) {
	name = strings.TrimSpace(name)
	if err := checkName(name); err != nil {
		return "", until, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.addLocked(name, "", roles); err != nil {
		return "", until, err
	}
	return s.codeLocked(name)
}

// NewCode takes an account's password away, ends its sessions, and returns a code with which
// its owner chooses another.
func (s *Store) NewCode(name string) (code string, until time.Time, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.codeLocked(name)
}

func (s *Store) codeLocked(name string) (code string, until time.Time, err error) {
	raw := randomCode()
	until = s.now().Add(FirstCodeLife)
	sum := sha256.Sum256([]byte(raw))
	err = s.changeLocked(name, func(r *record) {
		r.Hash, r.Code, r.CodeUntil = "", hex.EncodeToString(sum[:]), until.UTC()
	})
	if err != nil {
		return "", time.Time{}, err
	}
	s.endSessionsLocked(name, "")
	return grouped(raw), until, nil
}

// Choose sets the password of an account whose owner knows the code that was made for it.
func (s *Store) Choose(name, code, password, address string) error {
	name = strings.TrimSpace(name)
	if wait := s.tries.begin(name, address, s.now()); wait > 0 {
		return &WaitError{For: wait}
	}
	given := sha256.Sum256([]byte(codeTyped(code)))
	s.mu.Lock()
	r := s.findLocked(name)
	right := r != nil && r.Code != "" && !r.Disabled && s.now().Before(r.CodeUntil) &&
		subtle.ConstantTimeCompare([]byte(r.Code), []byte(hex.EncodeToString(given[:]))) == 1
	s.mu.Unlock()
	if !right {
		return ErrCode
	}
	s.tries.succeed(name, address)
	return s.setPassword(name, password)
}

// ChangePassword sets another password for who knows the old one, and ends all sessions of
// the account but the one of token.
func (s *Store) ChangePassword(name, old, password, address, token string) error {
	if wait := s.tries.begin(name, address, s.now()); wait > 0 {
		return &WaitError{For: wait}
	}
	s.mu.Lock()
	hash := ""
	if r := s.findLocked(name); r != nil {
		hash = r.Hash
	}
	s.mu.Unlock()
	if len(old) > 4*maxPassword || !s.verify(old, hash) {
		return &FieldError{Field: "old", Text: "This is not your password of now"}
	}
	s.tries.succeed(name, address)
	if old == password {
		return &FieldError{Field: "password", Text: "Choose another password than the one of now"}
	}
	if err := s.setPassword(name, password); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.endSessionsLocked(name, token)
	return nil
}

func (s *Store) setPassword(name, password string) error {
	if err := s.checkPassword(name, password); err != nil {
		return err
	}
	hash := s.hash(password)
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.changeLocked(name, func(r *record) { r.Hash, r.Code, r.CodeUntil = hash, "", time.Time{} })
}

// SetRoles gives an account other roles, which hold at once.
func (s *Store) SetRoles(name string, roles []Role) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.changeLocked(name, func(r *record) { r.Roles = slices.Clone(roles) })
}

// Disable keeps an account from signing in and ends its sessions; what it did stays known.
func (s *Store) Disable(name string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.changeLocked(name, func(r *record) { r.Disabled = true }); err != nil {
		return err
	}
	s.endSessionsLocked(name, "")
	return nil
}

// Enable lets a disabled account sign in again.
func (s *Store) Enable(name string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.changeLocked(name, func(r *record) { r.Disabled = false })
}

// changeLocked changes a record, on disk first.
func (s *Store) changeLocked(name string, f func(*record)) error {
	all := slices.Clone(s.accounts)
	i := slices.IndexFunc(all, func(r record) bool { return strings.EqualFold(r.Name, name) })
	if i < 0 {
		return ErrNoAccount
	}
	f(&all[i])
	if err := writeAccounts(s.path, s.key, all); err != nil {
		return err
	}
	s.accounts = all
	return nil
}

// endSessionsLocked ends an account's sessions, but the one of token.
func (s *Store) endSessionsLocked(name, token string) {
	stays := sha256.Sum256([]byte(token))
	for key, held := range s.sessions {
		if strings.EqualFold(held.name, name) && key != stays {
			delete(s.sessions, key)
		}
	}
}
