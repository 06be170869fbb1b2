package storage_test

import (
	"crypto/ed25519"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"linevault/storage"
	"linevault/storage/storagetest"
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

// TestCertificateFlipped changes each bit of a certificate: none verifies.
func TestCertificateFlipped(t *testing.T) {
	dir := storagetest.New(t)
	w, err := storage.OpenWriter(dir, storage.WriterOptions{Now: storagetest.Clock()})
	must(t, err)
	id, _ := record(t, w, 1, 2)
	must(t, w.Close())
	s, err := storage.Open(dir, nil)
	must(t, err)
	defer s.Close()
	l, ring := book(t, dir)
	c, err := s.PurgeSpan(id, 0, time.Second, "ann", "card", l)
	must(t, err)
	b, err := os.ReadFile(filepath.Join(dir, "destruction", "certificates", c.ID))
	must(t, err)
	key := storage.CertificateKey(ring)
	if _, err := storage.ParseCertificate(b, key); err != nil {
		t.Fatal(err)
	}
	for i := range b {
		for bit := range 8 {
			b[i] ^= 1 << bit
			if _, err := storage.ParseCertificate(b, key); !errors.Is(err, storage.ErrCertificate) {
				t.Fatalf("verifies with bit %d of byte %d changed", bit, i)
			}
			b[i] ^= 1 << bit
		}
	}
}
