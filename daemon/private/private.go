// Package private is the recorder's own secret. What it must find again after a restart, and nobody
// may read on the disk, it writes down with a key that comes of it. It opens no recording.
package private

import (
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"linevault/storage/durable"
)

// Secret is the recorder's own.
type Secret struct{ secret []byte }

// size is that of the secret, in bytes.
const size = 32

// Open reads the secret from the folder tls of a data folder, where the recorder's other keys
// lie. If there is none, or none that is whole, it makes one: what was written with another
// cannot be read then.
func Open(dir string) (*Secret, error) {
	path := filepath.Join(dir, "tls", "recorder.secret")
	b, err := os.ReadFile(path)
	if err == nil && len(b) == size {
		return &Secret{b}, nil
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("the recorder's secret: %w", err)
	}
	b = make([]byte, size)
	_, _ = rand.Read(b) // it never fails
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, fmt.Errorf("the recorder's secret: make one: %w", err)
	}
	if err := durable.Write(path, b); err != nil {
		return nil, fmt.Errorf("the recorder's secret: make one: %w", err)
	}
	return &Secret{b}, nil
}

// Key is the key for one use.
func (s *Secret) Key(use string) []byte {
	k, err := hkdf.Key(sha256.New, s.secret, nil, "linevault recorder "+use, size)
	if err != nil {
		panic("private: " + err.Error()) // it is not too long
	}
	return k
}

// Format hides the secret from whoever prints it.
func (s *Secret) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte("Secret(…)")) }
