package auth

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"strings"
	"time"
)

// CodeLife is how long a set-up code is good for.
const CodeLife = 30 * time.Minute

// codeLetters leaves out what is mistaken for something else when it is read aloud or typed
// from a screen: 0 O, 1 I L, 5 S, U V.
const codeLetters = "2346789ABCDEFGHJKMNPQRTWXYZ"

// setUpCode is the hash of the code in force; the code itself is shown once and forgotten.
type setUpCode struct {
	hash  [32]byte
	until time.Time
}

// SetUpNeeded reports whether there is no account yet.
func (s *Store) SetUpNeeded() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.accounts) == 0
}

// RunSetUp shows a set-up code, and a new one each time it expires, until there is an account
// or ctx ends. It returns at once on a box that is set up.
func (s *Store) RunSetUp(ctx context.Context, show func(code string, until time.Time)) {
	for s.SetUpNeeded() && ctx.Err() == nil {
		code, until := s.newCode()
		show(code, until)
		for s.SetUpNeeded() && s.now().Before(until) {
			select {
			case <-ctx.Done():
				return
			case <-time.After(min(until.Sub(s.now()), time.Second)):
			}
		}
	}
}

func (s *Store) newCode() (code string, until time.Time) {
	raw := randomCode()
	until = s.now().Add(CodeLife)
	s.mu.Lock()
	s.code = setUpCode{hash: sha256.Sum256([]byte(raw)), until: until}
	s.mu.Unlock()
	return grouped(raw), until
}

// randomCode is one of 27^12 codes: 57 bits.
func randomCode() string {
	const letters = 12
	raw := make([]byte, 0, letters)
	for one := make([]byte, 1); len(raw) < letters; {
		rand.Read(one)
		if n := 256 / len(codeLetters) * len(codeLetters); int(one[0]) < n { // no letter is likelier
			raw = append(raw, codeLetters[int(one[0])%len(codeLetters)])
		}
	}
	return string(raw)
}

// grouped is a code as it is shown.
func grouped(raw string) string { return raw[:4] + "-" + raw[4:8] + "-" + raw[8:] }

// codeTyped is a code without dashes and spaces, however it was typed.
func codeTyped(typed string) string {
	return strings.Map(func(r rune) rune {
		if strings.ContainsRune(codeLetters, r) {
			return r
		}
		return -1
	}, strings.ToUpper(typed))
}

// SetUp makes the first account, with the given roles, for who knows the code that was shown.
func (s *Store) SetUp(code, name, password, address string, roles ...Role) error {
	if !s.SetUpNeeded() {
		return ErrSetUpDone
	}
	name = strings.TrimSpace(name)
	if wait := s.tries.begin("", address, s.now()); wait > 0 {
		return &WaitError{For: wait}
	}
	if !s.codeRight(code) {
		return ErrCode
	}
	s.tries.succeed("", address)
	if err := checkName(name); err != nil {
		return err
	}
	if err := s.checkPassword(name, password); err != nil {
		return err
	}
	hash := s.hash(password)
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.accounts) > 0 {
		return ErrSetUpDone
	}
	if err := s.addLocked(name, hash, roles); err != nil {
		return err
	}
	s.code = setUpCode{}
	return nil
}

func (s *Store) codeRight(typed string) bool {
	given := sha256.Sum256([]byte(codeTyped(typed)))
	s.mu.Lock()
	defer s.mu.Unlock()
	same := subtle.ConstantTimeCompare(given[:], s.code.hash[:]) == 1
	return same && s.now().Before(s.code.until)
}
