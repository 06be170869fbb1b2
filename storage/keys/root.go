package keys

import (
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"
)

// secret is bytes that no fmt verb and no encoder reaches: they see a function.
type secret func() []byte

func hidden(b []byte) secret { return func() []byte { return b } }

// root is the root key. It is only ever used to derive from.
type root struct {
	secret secret
	at     place // where it was read
}

// rootFirstLine begins the file of the root key. The second line is the key in hex, the
// third the first 4 bytes of its SHA-256, which find a slip of the pen in a paper copy.
const rootFirstLine = "linevault root key "

const rootVersion = "1"

func newSecret() secret {
	b := make([]byte, 32)
	rand.Read(b) // never fails
	return hidden(b)
}

func newRoot() root {
	return root{secret: newSecret()}
}

// derive is the key for one purpose.
func (r root) derive(label string) []byte { return derive(r.secret(), label) }

func derive(secret []byte, label string) []byte {
	b, err := hkdf.Key(sha256.New, secret, nil, label, 32)
	if err != nil {
		panic("keys: " + err.Error()) // the lengths are right
	}
	return b
}

// id tells one root key from another and nothing else of it.
func (r root) id() string { return hex.EncodeToString(r.derive("linevault root id v1")[:8]) }

func (r root) check() string {
	sum := sha256.Sum256(r.secret())
	return hex.EncodeToString(sum[:4])
}

func (r root) write(folder, name string) error {
	text := rootFirstLine + rootVersion + "\n" + hex.EncodeToString(r.secret()) + "\n" + r.check() + "\n"
	if err := write(folder, name, []byte(text)); err != nil {
		return fmt.Errorf("write the root key: %w", err)
	}
	return nil
}

// readRoot reads keys/root, and the TPM if that says so. What is wrong with it is said without a word of what is in it.
func readRoot(folder string) (root, os.FileInfo, error) {
	path := filepath.Join(folder, rootName)
	f, err := os.OpenFile(path, os.O_RDONLY|unix.O_NOFOLLOW, 0)
	if errors.Is(err, fs.ErrNotExist) {
		return root{}, nil, fmt.Errorf("%s: %w", path, ErrRootMissing)
	}
	if err != nil {
		return root{}, nil, fmt.Errorf("root key: %w", err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return root{}, nil, fmt.Errorf("root key: %w", err)
	}
	if mode := info.Mode().Perm(); mode&0o077 != 0 {
		return root{}, nil, fmt.Errorf("others than its owner may use the root key %s (mode %04o): run: chmod 600 %[1]s", path, mode)
	}
	b, err := io.ReadAll(io.LimitReader(f, 1024))
	if err != nil {
		return root{}, nil, fmt.Errorf("root key: %w", err)
	}
	defer clear(b)
	r, err := parseRoot(string(b))
	if err == nil && r.secret == nil {
		r, err = r.at.fetch()
	}
	if err != nil {
		return root{}, nil, fmt.Errorf("%s: %w", path, err)
	}
	return r, info, nil
}

var errRootDamaged = errors.New("the root key is damaged: put keys/root back from your backup")

// parseRoot reads the file of a root key; one that is in a TPM has no secret yet.
func parseRoot(text string) (root, error) {
	lines := strings.Split(strings.TrimSuffix(text, "\n"), "\n")
	version, ok := strings.CutPrefix(lines[0], rootFirstLine)
	if !ok {
		return root{}, errRootDamaged
	}
	if version == lockedVersion {
		return root{}, readLocked(text)
	}
	if version == tpmVersion {
		at, err := parsePlace(text)
		return root{at: at}, err
	}
	if version != rootVersion {
		return root{}, fmt.Errorf("the root key is %w", ErrNewer)
	}
	if len(lines) != 3 {
		return root{}, errRootDamaged
	}
	b, err := hex.DecodeString(lines[1])
	if err != nil || len(b) != 32 {
		return root{}, errRootDamaged
	}
	r := root{secret: hidden(b)}
	if r.check() != lines[2] {
		return root{}, errRootDamaged
	}
	return r, nil
}
