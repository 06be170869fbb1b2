package storage_test

import (
	"crypto/ed25519"
	"testing"

	"linevault/storage"
)

// FuzzCertificate feeds a certificate's reader with anything: only what was signed verifies.
func FuzzCertificate(f *testing.F) {
	key := ed25519.NewKeyFromSeed(make([]byte, ed25519.SeedSize)).Public().(ed25519.PublicKey)
	f.Add([]byte("linevault certificate of destruction 1\n{}\nsigned 3b6a27bc AAAA\n"))
	f.Add([]byte("\nsigned  \n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		if c, err := storage.ParseCertificate(b, key); err == nil {
			t.Errorf("nobody signed %+v", c)
		}
	})
}
