// Package auth knows who is at the desk: accounts sealed at rest, passwords, the one-time
// set-up code, sessions, and the certificate that browsers see. It decides who somebody is,
// never what they may do: that is daemon/control's.
package auth

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"
)

// Role is what an account is for. What a role may do is written in daemon/control.
type Role string

// The roles.
const (
	Supervisor Role = "supervisor"
	Quality    Role = "quality"
	Complaints Role = "complaints"
	Legal      Role = "legal"
	Auditor    Role = "auditor"
	Engineer   Role = "engineer"
	ICT        Role = "ict"
	Admin      Role = "admin"
	Agent      Role = "agent"

	// AtTheBox is who sits at the box's console; no account has it.
	AtTheBox Role = "at the box"
)

// Roles lists those that an account may have.
var Roles = []Role{Supervisor, Quality, Complaints, Legal, Auditor, Engineer, ICT, Admin, Agent}

// Account is somebody who may sign in.
type Account struct {
	Name    string    `json:"name"`
	Roles   []Role    `json:"roles"`
	Created time.Time `json:"created"`
	// Disabled keeps it from signing in.
	Disabled bool `json:"disabled,omitempty"`
	// Ready says that its owner has chosen a password.
	Ready bool `json:"-"`
}

// Has reports whether the account has role r.
func (a Account) Has(r Role) bool { return slices.Contains(a.Roles, r) }

// The refusals a caller tells apart.
var (
	ErrNotKnown  = errors.New("the user name or the password is not right")
	ErrCode      = errors.New("the set-up code is not right, or has expired")
	ErrSetUpDone = errors.New("an account exists already; sign in with it")
)

// WaitError refuses a try that came too soon after many failures.
type WaitError struct{ For time.Duration }

func (e *WaitError) Error() string {
	return fmt.Sprintf("too many tries; wait %s and try again", e.For.Round(time.Second))
}

// FieldError says which field of a form is wrong and what to do about it.
type FieldError struct {
	Field string // "name" or "password"
	Text  string
}

func (e *FieldError) Error() string { return e.Text }

// Options tune a Store; the zero value is for production.
type Options struct {
	// Words must not be in a password, besides the user's name and the product's: the
	// council's name, as it is written.
	Words []string
	// Now is the clock; nil is time.Now.
	Now func() time.Time
}

// Store holds the accounts, the sessions and the set-up code of one box. It is safe for
// concurrent use.
type Store struct {
	path    string
	key     [32]byte
	words   []string
	now     func() time.Time
	hashing chan struct{} // a place for each password hash under way
	tries   *tries

	mu       sync.Mutex // guards what follows
	accounts []record
	code     setUpCode
	sessions map[[32]byte]*session
}

// hashesAtOnce bounds the memory that sign-ins take: each hash needs 46 MiB.
const hashesAtOnce = 2

// Open reads the accounts of the data folder dir, sealed under key. There need not be any.
func Open(dir string, key [32]byte, o Options) (*Store, error) {
	s := &Store{
		path: accountsPath(dir), key: key, words: contextWords(o.Words), now: o.Now,
		hashing: make(chan struct{}, hashesAtOnce), tries: newTries(),
		sessions: make(map[[32]byte]*session),
	}
	if s.now == nil {
		s.now = time.Now
	}
	var err error
	if s.accounts, err = readAccounts(s.path, key); err != nil {
		return nil, err
	}
	return s, nil
}

// Accounts lists who may sign in, by name.
func (s *Store) Accounts() []Account {
	s.mu.Lock()
	defer s.mu.Unlock()
	all := make([]Account, 0, len(s.accounts))
	for _, r := range s.accounts {
		all = append(all, r.account())
	}
	slices.SortFunc(all, func(a, b Account) int { return strings.Compare(a.Name, b.Name) })
	return all
}

// Add makes an account. A name is taken whatever its case.
func (s *Store) Add(name, password string, roles ...Role) error {
	name = strings.TrimSpace(name)
	if err := checkName(name); err != nil {
		return err
	}
	if err := s.checkPassword(name, password); err != nil {
		return err
	}
	hash := s.hash(password)
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.addLocked(name, hash, roles)
}

func (s *Store) addLocked(name, hash string, roles []Role) error {
	if s.findLocked(name) != nil {
		return &FieldError{Field: "name", Text: "That user name is taken. Choose another."}
	}
	made := record{
		Account: Account{Name: name, Roles: slices.Clone(roles), Created: s.now().UTC()},
		Hash:    hash,
	}
	all := append(slices.Clone(s.accounts), made)
	if err := writeAccounts(s.path, s.key, all); err != nil {
		return err
	}
	s.accounts = all
	return nil
}

// Remove takes an account away; its sessions are dead at once.
func (s *Store) Remove(name string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	all := slices.DeleteFunc(slices.Clone(s.accounts), func(r record) bool {
		return strings.EqualFold(r.Name, name)
	})
	if err := writeAccounts(s.path, s.key, all); err != nil {
		return err
	}
	s.accounts = all
	return nil
}

func (s *Store) findLocked(name string) *record {
	i := slices.IndexFunc(s.accounts, func(r record) bool { return strings.EqualFold(r.Name, name) })
	if i < 0 {
		return nil
	}
	return &s.accounts[i]
}
