package storage

import (
	"crypto/aes"
	"crypto/cipher"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"linevault/storage/durable"
	"linevault/storage/internal/crash"
	"linevault/storage/keys"
)

// destructionDir holds what is known of destructions: the one under way, holds, certificates.
const destructionDir = "destruction"

// stateVersion begins a sealed state file.
const stateVersion = 1

// state is a small sealed file of the desk, DIR/destruction/NAME, replaced whole.
type state struct {
	dir, name string
	aead      cipher.AEAD
}

// stateFile is the file of that name. The key comes of the store's own secret.
func stateFile(dir, name string, ring *keys.Ring) state {
	key := ring.Derive("destruction")
	block, err := aes.NewCipher(key[:])
	if err != nil {
		panic("storage: " + err.Error()) // the key's length is right
	}
	aead, err := cipher.NewGCMWithRandomNonce(block)
	if err != nil {
		panic("storage: " + err.Error()) // an AES block cipher always has a GCM
	}
	return state{filepath.Join(dir, destructionDir), name, aead}
}

func (f state) path() string { return filepath.Join(f.dir, f.name) }

func (f state) additional() []byte { return []byte("linevault state v1\x00" + f.name) }

// read fills v, and reports false where there is no file.
func (f state) read(v any) (bool, error) {
	b, err := os.ReadFile(f.path())
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	damaged := fmt.Errorf("%s is damaged: put it back from your backup", f.path())
	if len(b) == 0 {
		return false, damaged
	}
	if b[0] > stateVersion {
		return false, fmt.Errorf("%s: %w", f.path(), keys.ErrNewer)
	}
	plain, err := f.aead.Open(nil, nil, b[1:], f.additional())
	if err != nil {
		return false, damaged
	}
	if err := json.Unmarshal(plain, v); err != nil {
		return false, damaged
	}
	return true, nil
}

// write puts v in the place of what the file says.
func (f state) write(v any) error {
	plain, err := json.Marshal(v)
	if err != nil {
		return err
	}
	return replaceFile(f.path(), append([]byte{stateVersion}, f.aead.Seal(nil, nil, plain, f.additional())...))
}

// remove removes the file.
func (f state) remove() error {
	crash.At("remove " + f.name)
	if err := os.Remove(f.path()); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return durable.SyncFolder(f.dir)
}

// replaceFile puts b in the place of a file, and makes its folder where there is none.
func replaceFile(path string, b []byte) error {
	dir := filepath.Dir(path)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	if err := durable.SyncFolder(filepath.Dir(dir)); err != nil {
		return err
	}
	crash.At("write " + filepath.Base(path))
	return durable.Fill(path, 0o600, func(f *os.File) error {
		_, err := f.Write(b)
		crash.At("rename " + filepath.Base(path))
		return err
	})
}
