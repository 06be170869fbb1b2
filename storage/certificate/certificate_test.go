package certificate

import (
	"bytes"
	"crypto/ed25519"
	"math/rand/v2"
	"strings"
	"testing"

	"linevault/storage/checkpoint"
)

const says = `{"id":"06F7","kind":"purge","call":"06F6","from":12000000000,"to":14000000000,"by":"ann","reason":"card\u001b data","begun":"2026-11-22T04:00:00Z",` +
	`"done":"2026-11-22T04:00:01Z","calls":1,"root_key":"0123456789abcdef","self_test":{"keys":8,"boxes":20,"opened":0}}`

func keyOf(b byte) ed25519.PrivateKey {
	return ed25519.NewKeyFromSeed(bytes.Repeat([]byte{b}, ed25519.SeedSize))
}

// exported is a certificate of a box, as it leaves it.
func exported(t testing.TB, says string, box *checkpoint.Key) []byte {
	key := keyOf(2)
	b, err := Export(Sign([]byte(says), key), key.Public().(ed25519.PublicKey), box)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func printed(t *testing.T, r *Result) string {
	t.Helper()
	var b strings.Builder
	if err := r.Print(&b); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// TestExported: an exported certificate holds by the box's public key, alone or within the file.
func TestExported(t *testing.T) {
	box := checkpoint.NewKey([32]byte{1})
	b := exported(t, says, box)
	r := Verify(b, box.Public())
	if out := printed(t, r); !r.OK() || !r.Trusted || !strings.HasPrefix(out, "PROVED.\n") || !strings.Contains(out, `12s to 14s of call "06F6"`) ||
		!strings.Contains(out, `card\x1b data`) || !strings.Contains(out, "8 key(s) and 20 sealed box(es)") {
		t.Errorf("%q: %s", r.Problems, out)
	}
	r = Verify(b, "")
	if out := printed(t, r); !r.OK() || r.Trusted || !strings.HasPrefix(out, "CONSISTENT") || !strings.Contains(out, box.Public().Fingerprint()) {
		t.Errorf("%q: %s", r.Problems, out)
	}
}

// TestRefused: what is not a certificate of the box is refused, and for the right reason.
func TestRefused(t *testing.T) {
	box, other := checkpoint.NewKey([32]byte{1}), checkpoint.NewKey([32]byte{3})
	b := exported(t, says, box)
	foreign := exported(t, says, other)
	_, tail, _ := bytes.Cut(foreign, []byte("\nkey "))
	head, _, _ := bytes.Cut(b, []byte("\nkey "))
	own := Sign([]byte(says), keyOf(9)) // somebody's own, with the box's signature of another key
	_, ours, _ := bytes.Cut(b, []byte("\nkey "))
	for _, row := range []struct {
		what, want string
		b          []byte
	}{
		{"another box", "the key that you gave is of", foreign},
		{"another box vouches", "the key that you gave is of", slicesOf(head, "\nkey ", tail)},
		{"another key signed", "not as this box signed it", slicesOf(bytes.TrimSuffix(own, []byte("\n")), "\nkey ", ours)},
		{"not exported", "--export", Sign([]byte(says), keyOf(2))},
		{"it opened something", "could still open 3", exported(t, strings.Replace(says, `"opened":0`, `"opened":3`, 1), box)},
		{"nothing", "--export", nil},
		{"more after it", "was changed", append(bytes.Clone(b), '\n')},
		{"cut short", "was changed", b[:len(b)-1]},
	} {
		r := Verify(row.b, box.Public())
		if r.OK() || !strings.Contains(r.Problems[0], row.want) || r.Facts != nil || !strings.HasPrefix(printed(t, r), "NOT PROVED") {
			t.Errorf("%s: %q", row.what, r.Problems)
		}
	}
}

func slicesOf(a []byte, b string, c []byte) []byte {
	return append(append(bytes.Clone(a), b...), c...)
}

// TestFlips: of every certificate with one bit changed none is taken, with a key or without.
// There are some 8,000; a thousand more have two bits changed.
func TestFlips(t *testing.T) {
	box := checkpoint.NewKey([32]byte{1})
	b := exported(t, says, box)
	refused := func(what string, at ...int) {
		t.Helper()
		for _, key := range []checkpoint.PublicKey{box.Public(), ""} {
			if r := Verify(b, key); r.OK() || r.Facts != nil {
				t.Fatalf("%s changed at %v is taken, key %q", what, at, key)
			}
		}
	}
	for i := range 8 * len(b) {
		b[i/8] ^= 1 << (i % 8)
		refused("one bit", i)
		b[i/8] ^= 1 << (i % 8)
	}
	rnd := rand.New(rand.NewPCG(7, 7))
	for range 1000 {
		i, k := rnd.IntN(8*len(b)), rnd.IntN(8*len(b))
		if i == k {
			continue
		}
		b[i/8] ^= 1 << (i % 8)
		b[k/8] ^= 1 << (k % 8)
		refused("two bits", i, k)
		b[i/8] ^= 1 << (i % 8)
		b[k/8] ^= 1 << (k % 8)
	}
	if !Verify(b, box.Public()).OK() {
		t.Error("the whole one is refused")
	}
}

// FuzzVerify feeds the reader of exported certificates with anything: with the box's key only
// what the box signed is taken, byte for byte.
func FuzzVerify(f *testing.F) {
	box := checkpoint.NewKey([32]byte{1})
	good := exported(f, says, box)
	other := exported(f, says, checkpoint.NewKey([32]byte{3}))
	for _, b := range [][]byte{good, other, good[:len(good)/2], Sign([]byte("{}"), keyOf(2)), []byte(firstLine + "\nsigned  \nkey \n"), []byte("\nkey +\n\n\xe2\x80\x94 a b\n"), nil} {
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		if r := Verify(b, box.Public()); r.OK() && !bytes.Equal(b, good) {
			t.Errorf("taken: %q", b)
		}
		Verify(b, "") // it comes back
	})
}
