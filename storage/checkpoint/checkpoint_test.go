package checkpoint

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"golang.org/x/mod/sumdb/tlog"
)

func one(t testing.TB, seed byte) (*Key, Checkpoint, []byte) {
	t.Helper()
	k := NewKey([32]byte{seed})
	c := Checkpoint{
		Origin: k.Public().Name(), Tree: tlog.Tree{N: 4711, Hash: tlog.RecordHash([]byte("x"))},
		At: time.Date(2026, 11, 22, 4, 5, 6, 0, time.UTC), Boot: "a7c5",
	}
	signed, err := k.Sign(c)
	if err != nil {
		t.Fatal(err)
	}
	return k, c, signed
}

func TestSignAndOpen(t *testing.T) {
	k, c, signed := one(t, 1)
	got, err := Open(signed, k.Public())
	if err != nil || got != c {
		t.Fatalf("%+v, %v", got, err)
	}
	if k2, err := ParsePublicKey([]byte(k.Public() + "\nand more\n")); err != nil || k2 != k.Public() {
		t.Errorf("%q, %v", k2, err)
	}
	other, _, _ := one(t, 2)
	if _, err := Open(signed, other.Public()); err == nil || !strings.Contains(err.Error(), "not signed by the key "+other.Public().Name()) {
		t.Error(err)
	}
	if NewKey([32]byte{1}).Public() != k.Public() || k.Public().Fingerprint() == other.Public().Fingerprint() {
		t.Error("a seed is a key")
	}
}

// TestKeys: every key is found in the text that it is printed in.
func TestKeys(t *testing.T) {
	for i := range byte(100) {
		k := NewKey([32]byte{i}).Public()
		if got, err := ParsePublicKey([]byte("entries: 5\npublic key:   " + k + "\nfingerprint: " + PublicKey(k.Fingerprint()))); err != nil || got != k {
			t.Errorf("%q, %v", got, err)
		}
	}
}

// TestFlips: no checkpoint with a changed bit opens, nor one that is written otherwise.
func TestFlips(t *testing.T) {
	k, _, signed := one(t, 1)
	for i := range len(signed) * 8 {
		b := []byte(string(signed))
		b[i/8] ^= 1 << (i % 8)
		if _, err := Open(b, k.Public()); err == nil {
			t.Fatalf("bit %d of %q", i, signed)
		}
	}
	_, _, second := one(t, 2)
	lines := strings.SplitAfter(string(second), "\n")
	for _, b := range []string{string(signed) + lines[len(lines)-2], string(signed) + "\n", " " + string(signed), ""} {
		if _, err := Open([]byte(b), k.Public()); err == nil {
			t.Errorf("%q opens", b)
		}
	}
}

// TestKeyFlips: no public key with a changed bit is one, so that none passes for another's.
func TestKeyFlips(t *testing.T) {
	k, _, _ := one(t, 1)
	for i := range len(k.Public()) * 8 {
		b := []byte(k.Public())
		b[i/8] ^= 1 << (i % 8)
		if got, err := ParsePublicKey(b); err == nil {
			t.Fatalf("%q is a key, made of %q", got, k.Public())
		}
	}
}

// TestKeyDoesNotLeak: a signing key shows in no print.
func TestKeyDoesNotLeak(t *testing.T) {
	k := NewKey([32]byte{0xab, 0xcd, 0xef, 0x98, 0x76, 0x54, 0x32, 0x10}) // longer than an address, which is printed
	j, err := json.Marshal(k)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range []string{fmt.Sprintf("%v %+v %#v %x %d", k, *k, k, k, k), string(j), fmt.Sprintf("%v", struct{ k *Key }{k})} {
		if strings.Contains(s, "abcdef9876543210") || strings.Contains(s, "171 205 239 152") {
			t.Errorf("%s", s)
		}
	}
}

func FuzzOpen(f *testing.F) {
	k, _, signed := one(f, 1)
	f.Add(signed)
	f.Add([]byte("a\n0\nAA==\nat x\n\n— a b\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		if _, err := Open(b, k.Public()); err == nil && string(b) != string(signed) {
			t.Fatalf("%q", b)
		}
		if c, err := parse(string(b)); err == nil && c.text() != string(b) {
			t.Fatalf("%q", b)
		}
	})
}
