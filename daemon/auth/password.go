package auth

import (
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/crypto/argon2"
)

// What a password costs to try: OWASP's argon2id setting for one pass.
const (
	hashPasses  = 1
	hashMemory  = 47104 // KiB
	hashThreads = 1
	hashBytes   = 32
	saltBytes   = 16
)

const (
	minPassword = 12
	maxPassword = 128
	maxName     = 64
)

// hash takes about 46 MiB and, on a slow box, a tenth of a second; it waits for its turn.
func (s *Store) hash(password string) string {
	salt := make([]byte, saltBytes)
	rand.Read(salt) // never fails: crypto/rand ends the program rather than return weak bytes
	sum := s.argon(password, salt)
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version, hashMemory, hashPasses,
		hashThreads, base64.RawStdEncoding.EncodeToString(salt), base64.RawStdEncoding.EncodeToString(sum))
}

func (s *Store) argon(password string, salt []byte) []byte {
	s.hashing <- struct{}{}
	defer func() { <-s.hashing }()
	return argon2.IDKey([]byte(password), salt, hashPasses, hashMemory, hashThreads, hashBytes)
}

// verify takes as long for an empty hash, so that time does not tell which names exist.
func (s *Store) verify(password, hash string) bool {
	parts := strings.Split(hash, "$")
	want := make([]byte, hashBytes)
	salt := make([]byte, saltBytes)
	known := len(parts) == 6
	if known {
		var errSalt, errSum error
		salt, errSalt = base64.RawStdEncoding.DecodeString(parts[4])
		want, errSum = base64.RawStdEncoding.DecodeString(parts[5])
		known = errSalt == nil && errSum == nil
	}
	same := subtle.ConstantTimeCompare(s.argon(password, salt), want) == 1
	return known && same
}

func checkName(name string) error {
	bad := func(text string) error { return &FieldError{Field: "name", Text: text} }
	switch {
	case name == "":
		return bad("Enter a user name")
	case utf8.RuneCountInString(name) > maxName:
		return bad(fmt.Sprintf("User name must be %d characters or fewer", maxName))
	case strings.ContainsFunc(name, func(r rune) bool { return !unicode.IsPrint(r) }):
		return bad("User name must be letters, figures, spaces and signs")
	}
	return nil
}

func (s *Store) checkPassword(name, password string) error {
	bad := func(text string) error { return &FieldError{Field: "password", Text: text} }
	low := strings.ToLower(password)
	n := utf8.RuneCountInString(password)
	switch {
	case n == 0:
		return bad("Enter a password")
	case n < minPassword:
		return bad(fmt.Sprintf("Password must be %d characters or more", minPassword))
	case n > maxPassword:
		return bad(fmt.Sprintf("Password must be %d characters or fewer", maxPassword))
	case different(low) < 5, common(low):
		return bad("Password is too easy to guess; choose three random words")
	}
	for _, w := range append(contextWords([]string{name}), s.words...) {
		if strings.Contains(low, w) {
			return bad(fmt.Sprintf("Password must not contain “%s”, which is easy to guess here", w))
		}
	}
	return nil
}

// contextWords are the words of the texts, and the product's, that are long enough to be
// worth guessing.
func contextWords(texts []string) []string {
	words := []string{"linevault"}
	for _, t := range texts {
		for w := range strings.FieldsFuncSeq(strings.ToLower(t), notWord) {
			if len(w) >= 4 {
				words = append(words, w)
			}
		}
	}
	return words
}

func notWord(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) }

func different(s string) int {
	seen := make(map[rune]bool)
	for _, r := range s {
		seen[r] = true
	}
	return len(seen)
}

// common knows the passwords that are tried first and are long enough to pass otherwise:
// a frequent short one, alone or with figures and signs around it, or twice over.
func common(low string) bool {
	core := strings.TrimFunc(low, func(r rune) bool { return !unicode.IsLetter(r) })
	half := core[:len(core)/2]
	if half != "" && core == half+half {
		core = half
	}
	if commonWords[core] {
		return true
	}
	for _, run := range commonRuns {
		if strings.Contains(run, low) {
			return true
		}
	}
	return false
}

var commonRuns = []string{
	"01234567890123456789", "09876543210987654321", "qwertyuiopasdfghjklzxcvbnm",
	"abcdefghijklmnopqrstuvwxyz", "1q2w3e4r5t6y7u8i9o0p", "qazwsxedcrfvtgbyhnujm", "1qaz2wsx3edc4rfv5tgb",
}

var commonWords = map[string]bool{
	"": true, "password": true, "passw0rd": true, "p@ssw0rd": true, "p@ssword": true, "passphrase": true,
	"letmein": true, "welcome": true, "admin": true, "administrator": true, "qwerty": true,
	"qwertyuiop": true, "iloveyou": true, "monkey": true, "dragon": true, "football": true, "liverpool": true,
	"arsenal": true, "chelsea": true, "manchester": true, "london": true, "england": true, "sunshine": true,
	"princess": true, "charlie": true, "superman": true, "batman": true, "changeme": true, "secret": true,
	"master": true, "computer": true, "internet": true, "telephone": true, "recording": true, "recorder": true,
	"supervisor": true, "callcentre": true, "contactcentre": true, "spring": true, "summer": true, "autumn": true,
	"winter": true, "january": true, "february": true, "september": true, "october": true, "november": true,
	"december": true, "correcthorsebatterystaple": true, "correct horse battery staple": true,
	"passwordpassword": true, "mypassword": true, "thisismypassword": true, "trustno": true, "whatever": true,
}
