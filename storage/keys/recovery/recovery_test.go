package recovery

import (
	"bytes"
	"crypto/fips140"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"filippo.io/age"

	"linevault/storage/internal/fipstest"
)

func TestMain(m *testing.M) {
	workFactor = 10 // a passphrase's; the usual one takes a second each time
	os.Exit(m.Run())
}

// people makes n identities, classical and post-quantum in turn, and who they are.
func people(t testing.TB, n int) ([]Recipient, []Identity) {
	t.Helper()
	var rs []Recipient
	var ids []Identity
	for i := range n {
		text := ""
		if i%2 == 0 {
			_, file, err := NewIdentity("")
			if err != nil {
				t.Fatal(err)
			}
			text = string(file)
		} else {
			unenforced(func() {
				id, err := age.GenerateX25519Identity()
				if err != nil {
					t.Fatal(err)
				}
				text = id.String()
			})
		}
		got, err := ReadIdentities([]byte(text), nil)
		if err != nil {
			t.Fatal(err)
		}
		r := got[0].Recipient
		r.Name = fmt.Sprintf("Holder %d", i+1)
		rs, ids = append(rs, r), append(ids, got...)
	}
	return rs, ids
}

func file(t testing.TB, p Plan, secret string) *File {
	t.Helper()
	copies, err := p.Wrap([]byte(secret))
	if err != nil {
		t.Fatal(err)
	}
	f, err := Parse((&File{Root: "0123456789abcdef", Plan: p, Copies: copies}).Encode())
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// TestEveryChoice takes every number of every number of recipients: each choice of enough
// identities opens, none of fewer does.
func TestEveryChoice(t *testing.T) {
	rs, ids := people(t, Most)
	for n := 1; n <= Most; n++ {
		for k := 1; k <= n; k++ {
			f := file(t, Plan{Needed: k, Recipients: rs[:n]}, "the secret")
			for set := range 1 << n {
				var given []Identity
				for i := range n {
					if set>>i&1 == 1 {
						given = append(given, ids[i])
					}
				}
				secret, by, err := f.Open(given)
				if len(given) < k {
					if few, ok := errors.AsType[*NotEnoughError](err); !ok || len(few.Have) != len(given) {
						t.Fatalf("%d of %d, needed %d: %v", len(given), n, k, err)
					}
				} else if err != nil || string(secret) != "the secret" || len(by) != k {
					t.Fatalf("%d of %d, needed %d: %q by %v, %v", len(given), n, k, secret, by, err)
				}
			}
		}
	}
}

// TestStranger gives an identity of nobody here: the error says who is, and nothing of a key.
func TestStranger(t *testing.T) {
	rs, ids := people(t, 4)
	f := file(t, Plan{Needed: 2, Recipients: rs[:3]}, "the secret")
	_, _, err := f.Open([]Identity{ids[0], ids[3]})
	for _, want := range []string{"of 2 of these", rs[0].String(), rs[1].String(), rs[2].String(), "given: " + rs[0].String() + ";", "1 identity(s)"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v does not say %q", err, want)
		}
	}
	if _, _, err := f.Open(nil); err == nil || !strings.Contains(err.Error(), "no identity of theirs") {
		t.Errorf("none: %v", err)
	}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s"} {
		if text := fmt.Sprintf(verb, ids[0]); strings.Contains(text, "AGE-SECRET") {
			t.Errorf("an identity prints as %s", text)
		}
	}
}

// TestFileDamaged changes every byte of a file: it is refused, never half believed.
func TestFileDamaged(t *testing.T) {
	rs, _ := people(t, 2)
	b := file(t, Plan{Needed: 1, Recipients: rs[1:]}, "the secret").Encode()
	for i := range b {
		for _, bit := range []byte{1, 0x80} {
			bad := bytes.Clone(b)
			bad[i] ^= bit
			if _, err := Parse(bad); err == nil {
				t.Fatalf("byte %d changed by %02x is not seen", i, bit)
			}
		}
		if _, err := Parse(b[:i]); err == nil {
			t.Fatalf("%d bytes are taken for a file", i)
		}
	}
	newer := bytes.Replace(b, []byte("recovery 1"), []byte("recovery 2"), 1)
	if _, err := Parse(newer); !errors.Is(err, ErrNewer) {
		t.Errorf("a newer file: %v", err)
	}
}

func TestPlanCheck(t *testing.T) {
	rs, _ := people(t, 2)
	six := make([]Recipient, 6)
	for name, c := range map[string]struct {
		plan Plan
		says string
	}{
		"too many":      {Plan{2, six}, "5 at most"},
		"needs none":    {Plan{0, rs}, "from 1 to 2"},
		"needs more":    {Plan{3, rs}, "from 1 to 2"},
		"none there":    {Plan{1, nil}, "there are none"},
		"twice":         {Plan{1, []Recipient{rs[0], {"Other", rs[0].Key}}}, "same key"},
		"no name":       {Plan{1, []Recipient{{"", rs[0].Key}}}, "name"},
		"two lines":     {Plan{1, []Recipient{{"a\nb", rs[0].Key}}}, "name"},
		"no key":        {Plan{1, []Recipient{{"Clerk", ""}}}, `"Clerk"`},
		"a secret key":  {Plan{1, []Recipient{{"Clerk", "AGE-SECRET-KEY-1XYZ"}}}, `"Clerk"`},
		"cut off":       {Plan{1, []Recipient{{"Clerk", rs[1].Key[:40]}}}, `"Clerk"`},
		"a plugin's":    {Plan{1, []Recipient{{"Clerk", "age1yubikey1qxyz"}}}, `"Clerk"`},
		"nothing at al": {Plan{}, ""},
	} {
		err := c.plan.Check()
		if c.says == "" && err != nil || c.says != "" && (err == nil || !strings.Contains(err.Error(), c.says)) {
			t.Errorf("%s: %v", name, err)
		}
		if err != nil && strings.Contains(err.Error(), "SECRET-KEY-1XYZ") {
			t.Errorf("%s: the error shows the key", name)
		}
	}
}

// TestPassphrase locks an identity and reads it again, as age itself does.
func TestPassphrase(t *testing.T) {
	to, file, err := NewIdentity("correct horse")
	if err != nil {
		t.Fatal(err)
	}
	say := func(words string) func() (string, error) { return func() (string, error) { return words, nil } }
	ids, err := ReadIdentities(file, say("correct horse"))
	if err != nil || len(ids) != 1 || ids[0].Recipient.Key != to.Key {
		t.Fatalf("%v, %v", ids, err)
	}
	if _, err := ReadIdentities(file, say("wrong")); err == nil || !strings.Contains(err.Error(), "does not open") {
		t.Errorf("a wrong passphrase: %v", err)
	}
	for name, text := range map[string]string{"empty": "", "words": "hello", "damaged": "AGE-SECRET-KEY-1QQQ", "damaged too": "AGE-SECRET-KEY-PQ-1QQQ"} {
		if _, err := ReadIdentities([]byte(text), nil); err == nil || strings.Contains(err.Error(), "QQQ") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestAge opens a copy by hand, with Debian's age and nothing of ours: who holds identities
// does not depend on this program.
func TestAge(t *testing.T) {
	for _, tool := range []string{"age", "age-keygen"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Fatalf("%v: run provisioning/install.sh test", err)
		}
	}
	dir := t.TempDir()
	var p Plan
	for i := range 3 {
		name := filepath.Join(dir, fmt.Sprint("id", i))
		if out, err := exec.CommandContext(t.Context(), "age-keygen", "-o", name).CombinedOutput(); err != nil {
			t.Fatalf("%v: %s", err, out)
		}
		b, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		ids, err := ReadIdentities(b, nil)
		if err != nil {
			t.Fatal(err)
		}
		p.Recipients = append(p.Recipients, Recipient{fmt.Sprint("Holder ", i), ids[0].Recipient.Key})
	}
	p.Needed = 2
	for _, c := range file(t, p, "the secret").Copies {
		b := c.Sealed
		for _, i := range c.To {
			cmd := exec.CommandContext(t.Context(), "age", "-d", "-i", filepath.Join(dir, fmt.Sprint("id", i)))
			cmd.Stdin = bytes.NewReader(b)
			var err error
			if b, err = cmd.Output(); err != nil {
				t.Fatal(err)
			}
		}
		if string(b) != "the secret" {
			t.Errorf("age opened %q", b)
		}
	}
}

// TestFIPS makes and opens a copy where Go's FIPS 140-3 module refuses what age uses: it is
// let through here, and nowhere else.
func TestFIPS(t *testing.T) {
	fipstest.Run(t, "TestFIPSRefusesAge", "TestStranger", "TestPassphrase")
}

// TestFIPSRefusesAge shows that the mode is on: age by itself is refused.
func TestFIPSRefusesAge(t *testing.T) {
	if !fips140.Enforced() {
		t.Skip("runs in the child of TestFIPS")
	}
	id, err := age.GenerateX25519Identity()
	if err != nil {
		return
	}
	if w, err := age.Encrypt(io.Discard, id.Recipient()); err == nil && w.Close() == nil {
		t.Error("age is permitted")
	}
}

// FuzzParse reads anything: it ends, and what it takes it would write again.
func FuzzParse(f *testing.F) {
	rs, _ := people(f, 3)
	b := file(f, Plan{Needed: 2, Recipients: rs[1:]}, "s").Encode()
	f.Add(b)
	f.Add(b[:len(b)/2])
	f.Fuzz(func(t *testing.T, b []byte) {
		got, err := Parse(b)
		if err == nil && !bytes.Equal(got.Encode(), b) {
			t.Errorf("%q is read as %q", b, got.Encode())
		}
	})
}
