package keys

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"

	"linevault/storage/keys/journal"
)

// Still runs f while nobody changes the root key or the keyring of the store in dir: what f copies
// of them belongs together.
func Still(dir string, f func() error) error {
	unlock, err := journal.Lock(filepath.Join(folder(dir), lockName))
	if errors.Is(err, unix.EROFS) {
		return f() // nobody changes anything
	}
	if err != nil {
		return err
	}
	defer unlock()
	return f()
}

// RingRoot is the id of the root key that a ring's file belongs to, or nothing.
func RingRoot(file []byte) string {
	line, _, _ := bytes.Cut(file, []byte("\n"))
	words := strings.Fields(string(line))
	if !bytes.HasPrefix(line, []byte(ringFirstLine)) || len(words) != 5 {
		return ""
	}
	return words[4]
}

// FileRoot is the id of the root key in a file that was copied from keys/root.
func FileRoot(path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", fmt.Errorf("the root key: %w", err)
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, 1024))
	if err != nil {
		return "", fmt.Errorf("the root key: %w", err)
	}
	defer clear(b)
	r, err := parseRoot(string(b))
	if err == nil && r.secret == nil {
		err = errors.New("it says that the root key is in a TPM")
	}
	if err != nil {
		return "", fmt.Errorf("%s: %w", path, err)
	}
	return r.id(), nil
}
