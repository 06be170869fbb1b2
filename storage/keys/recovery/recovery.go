// Package recovery wraps a secret to the people who can bring it back: any k of n of them,
// by age files one inside the other. There is no new cryptography in it.
package recovery

import (
	"bytes"
	"cmp"
	"crypto/fips140"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"filippo.io/age"
)

// Most is how many recipients there may be. With five there are at most ten copies.
const Most = 5

// Recipient is somebody, or some safe, with an age identity.
type Recipient struct {
	Name string `json:"name"` // as people know it, better an office than a person: it lies in clear
	Key  string `json:"key"`  // age1… or age1pq1…
}

// Fingerprint is short enough to be compared by eye.
func (r Recipient) Fingerprint() string {
	sum := sha256.Sum256([]byte(r.Key))
	return hex.EncodeToString(sum[:4])
}

func (r Recipient) String() string { return fmt.Sprintf("%s (%s)", r.Name, r.Fingerprint()) }

// Names lists recipients for people.
func Names(list []Recipient) string {
	var all []string
	for _, r := range list {
		all = append(all, r.String())
	}
	return strings.Join(all, ", ")
}

// Plan is who can bring the secret back: any Needed of the Recipients together.
type Plan struct {
	Needed     int         `json:"needed"`
	Recipients []Recipient `json:"recipients"`
}

// Empty reports whether nobody can.
func (p Plan) Empty() bool { return len(p.Recipients) == 0 }

// Equal reports whether both plans say the same.
func (p Plan) Equal(q Plan) bool {
	return p.Needed == q.Needed && slices.Equal(p.Recipients, q.Recipients)
}

// Check says what is wrong with a plan.
func (p Plan) Check() error {
	n := len(p.Recipients)
	switch {
	case n > Most:
		return fmt.Errorf("there are %d recovery recipients and there may be %d at most", n, Most)
	case n > 0 && (p.Needed < 1 || p.Needed > n):
		return fmt.Errorf("%d of %d recovery recipients cannot be needed: say a number from 1 to %d", p.Needed, n, n)
	case n == 0 && p.Needed != 0:
		return fmt.Errorf("%d recovery recipients are needed and there are none", p.Needed)
	}
	seen := map[string]string{}
	for _, r := range p.Recipients {
		if err := checkName(r.Name); err != nil {
			return err
		}
		if _, err := parse(r); err != nil {
			return err
		}
		if other, twice := seen[r.Key]; twice {
			return fmt.Errorf("recovery recipients %q and %q have the same key: each needs one of its own", other, r.Name)
		}
		seen[r.Key] = r.Name
	}
	return nil
}

func checkName(name string) error {
	bad := func(r rune) bool { return r < ' ' || r == '"' || r == 0x7f }
	if name == "" || len(name) > 80 || strings.TrimSpace(name) != name || strings.ContainsFunc(name, bad) {
		return fmt.Errorf("%q cannot be the name of a recovery recipient: use 1 to 80 letters, such as \"Town clerk\"", name)
	}
	return nil
}

// parse takes the kinds of key that a machine can encrypt to and anybody's age opens again.
func parse(r Recipient) (age.Recipient, error) {
	var to age.Recipient
	var err error
	unenforced(func() {
		if strings.HasPrefix(r.Key, "age1pq1") {
			to, err = age.ParseHybridRecipient(r.Key)
		} else {
			to, err = age.ParseX25519Recipient(r.Key)
		}
	})
	if err != nil {
		return nil, fmt.Errorf("the key of recovery recipient %q is not an age recipient (age1… or age1pq1…): "+
			"take the one that `linevault keys identity` or age-keygen prints as public key", r.Name)
	}
	return to, nil
}

// Copy is the secret wrapped to as many recipients as are needed.
type Copy struct {
	To     []int // places in Plan.Recipients, the outermost first
	Sealed []byte
}

// Wrap makes a copy for each choice of Needed recipients.
func (p Plan) Wrap(secret []byte) ([]Copy, error) {
	if err := p.Check(); err != nil {
		return nil, err
	}
	var all []Copy
	var err error
	for _, to := range choices(len(p.Recipients), p.Needed) {
		sealed := secret
		for _, i := range slices.Backward(to) {
			if sealed, err = p.wrap(i, sealed); err != nil {
				return nil, err
			}
		}
		all = append(all, Copy{to, sealed})
	}
	return all, nil
}

func (p Plan) wrap(i int, plain []byte) (sealed []byte, err error) {
	to, err := parse(p.Recipients[i])
	if err != nil {
		return nil, err
	}
	unenforced(func() {
		var b bytes.Buffer
		var w io.WriteCloser
		if w, err = age.Encrypt(&b, to); err != nil {
			return
		}
		if _, err = w.Write(plain); err == nil {
			err = w.Close()
		}
		sealed = b.Bytes()
	})
	if err != nil {
		return nil, fmt.Errorf("wrap for recovery recipient %q: %w", p.Recipients[i].Name, err)
	}
	return sealed, nil
}

// unenforced runs what age does where Go's FIPS 140-3 module refuses all but its own: age has
// X25519 and ChaCha20-Poly1305, which no standard of FIPS knows. It is the only place that does.
// Without it some of age returns an error, and parsing a post-quantum identity never returns.
func unenforced(f func()) { fips140.WithoutEnforcement(f) }

// choices is every way to take k of n, each in ascending order.
func choices(n, k int) [][]int {
	if k == 0 {
		return nil
	}
	var all [][]int
	var pick func(from int, taken []int)
	pick = func(from int, taken []int) {
		if len(taken) == k {
			all = append(all, slices.Clone(taken))
			return
		}
		for i := from; i < n; i++ {
			pick(i+1, append(taken, i))
		}
	}
	pick(0, nil)
	return all
}

// Open unwraps the secret with the identities. Its NotEnoughError says whose are missing.
func (f *File) Open(ids []Identity) (secret []byte, by []Recipient, err error) {
	have := map[int]age.Identity{}
	strangers := 0
	for _, id := range ids {
		i := slices.IndexFunc(f.Plan.Recipients, func(r Recipient) bool { return r.Key == id.Recipient.Key })
		if i < 0 {
			strangers++
			continue
		}
		have[i] = id.age()
	}
	if len(have) < f.Plan.Needed {
		return nil, nil, &NotEnoughError{Plan: f.Plan, Have: f.those(have), Strangers: strangers}
	}
	for _, c := range f.Copies {
		if slices.ContainsFunc(c.To, func(i int) bool { return have[i] == nil }) {
			continue
		}
		if secret, err = unwrap(c, have); err != nil {
			continue // another copy may be whole
		}
		for _, i := range c.To {
			by = append(by, f.Plan.Recipients[i])
		}
		return secret, by, nil
	}
	return nil, nil, fmt.Errorf("the recovery copy is damaged: %w", cmp.Or(err, errors.New("it lacks the copy for these recipients")))
}

func unwrap(c Copy, have map[int]age.Identity) (b []byte, err error) {
	b = c.Sealed
	unenforced(func() {
		for _, i := range c.To {
			var r io.Reader
			if r, err = age.Decrypt(bytes.NewReader(b), have[i]); err != nil {
				return
			}
			if b, err = io.ReadAll(r); err != nil {
				return
			}
		}
	})
	if err != nil {
		return nil, err
	}
	return b, nil
}

// those is the recipients at places, in order.
func (f *File) those(have map[int]age.Identity) []Recipient {
	var list []Recipient
	for i, r := range f.Plan.Recipients {
		if have[i] != nil {
			list = append(list, r)
		}
	}
	return list
}

// NotEnoughError says that the identities given do not suffice.
type NotEnoughError struct {
	Plan      Plan
	Have      []Recipient // whose were given
	Strangers int         // that are of nobody here
}

func (e *NotEnoughError) Error() string {
	got := "no identity of theirs was given"
	if len(e.Have) > 0 {
		got = "given: " + Names(e.Have)
	}
	if e.Strangers > 0 {
		got += fmt.Sprintf("; %d identity(s) that are of none of them", e.Strangers)
	}
	return fmt.Sprintf("the identities of %d of these recipients are needed: %s; %s", e.Plan.Needed, Names(e.Plan.Recipients), got)
}
