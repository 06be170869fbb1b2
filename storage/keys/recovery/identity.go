package recovery

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"

	"filippo.io/age"
	"filippo.io/age/armor"
)

// Identity is what opens what was wrapped to one recipient. It prints as nothing.
type Identity struct {
	Recipient Recipient // whose it is; without a name
	age       func() age.Identity
}

// largest is how long a file of identities may be.
const largest = 1 << 20

// ReadIdentities reads a file of identities as age-keygen or NewIdentity make them, one a
// line. If it is locked with a passphrase, that is asked for.
func ReadIdentities(b []byte, passphrase func() (string, error)) ([]Identity, error) {
	if len(b) > largest {
		return nil, errors.New("this is too long for a file of identities")
	}
	if plain, locked, err := unlock(b, passphrase); err != nil {
		return nil, err
	} else if locked {
		b = plain
		defer clear(b)
	}
	var all []Identity
	for line := range strings.Lines(string(b)) {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		id, err := parseIdentity(line)
		if err != nil {
			return nil, err
		}
		all = append(all, id)
	}
	if len(all) == 0 {
		return nil, errors.New("there is no identity in it (a line that begins with AGE-SECRET-KEY-)")
	}
	return all, nil
}

// parseIdentity says nothing of what is in a line that it cannot use.
func parseIdentity(line string) (id Identity, err error) {
	unenforced(func() {
		switch {
		case strings.HasPrefix(line, "AGE-SECRET-KEY-PQ-1"):
			var k *age.HybridIdentity
			if k, err = age.ParseHybridIdentity(line); err == nil {
				id = Identity{Recipient{Key: k.Recipient().String()}, func() age.Identity { return k }}
			}
		case strings.HasPrefix(line, "AGE-SECRET-KEY-1"):
			var k *age.X25519Identity
			if k, err = age.ParseX25519Identity(line); err == nil {
				id = Identity{Recipient{Key: k.Recipient().String()}, func() age.Identity { return k }}
			}
		default:
			id, err = Identity{}, errForeign
		}
	})
	if err != nil && !errors.Is(err, errForeign) {
		err = errors.New("an identity in it is damaged: a letter was lost or changed")
	}
	return id, err
}

var errForeign = errors.New("it has a line that is not an age identity (AGE-SECRET-KEY-…)")

// unlock opens a file that `age --passphrase` or NewIdentity locked, armoured or not.
func unlock(b []byte, passphrase func() (string, error)) (plain []byte, locked bool, err error) {
	var r io.Reader
	switch {
	case bytes.HasPrefix(b, []byte(armor.Header)):
		r = armor.NewReader(bufio.NewReader(bytes.NewReader(b)))
	case bytes.HasPrefix(b, []byte("age-encryption.org/")):
		r = bytes.NewReader(b)
	default:
		return nil, false, nil
	}
	words, err := passphrase()
	if err != nil {
		return nil, true, err
	}
	id, err := age.NewScryptIdentity(words)
	if err != nil {
		return nil, true, errors.New("the passphrase is empty")
	}
	unenforced(func() {
		if r, err = age.Decrypt(r, id); err == nil {
			plain, err = io.ReadAll(io.LimitReader(r, largest))
		}
	})
	if err != nil {
		return nil, true, errors.New("the passphrase does not open it")
	}
	return plain, true, nil
}

// NewIdentity makes an identity, post-quantum as well as classical, and the text of its file;
// with a passphrase, that is what it is locked with.
func NewIdentity(passphrase string) (to Recipient, file []byte, err error) {
	unenforced(func() {
		var id *age.HybridIdentity
		if id, err = age.GenerateHybridIdentity(); err != nil {
			return
		}
		to.Key = id.Recipient().String()
		file = fmt.Appendf(nil, "# public key: %s\n%s\n", to.Key, id)
		if passphrase != "" {
			file, err = lock(file, passphrase)
		}
	})
	return to, file, err
}

func lock(plain []byte, passphrase string) ([]byte, error) {
	to, err := age.NewScryptRecipient(passphrase)
	if err != nil {
		return nil, err
	}
	to.SetWorkFactor(workFactor)
	var b bytes.Buffer
	a := armor.NewWriter(&b)
	w, err := age.Encrypt(a, to)
	if err != nil {
		return nil, err
	}
	_, err = w.Write(plain)
	err = errors.Join(err, w.Close(), a.Close())
	return b.Bytes(), err
}

// workFactor is age's own, which takes a second; tests take less.
var workFactor = 18
