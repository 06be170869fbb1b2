package auth

import (
	"crypto/aes"
	"crypto/cipher"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"linevault/storage/durable"
)

// record is an account as it is kept: with the hash of its password.
type record struct {
	Account
	Hash string `json:"hash"` // empty until its owner has chosen a password
	// The hash of the code with which the owner chooses one, and until when it is good.
	Code      string    `json:"code,omitempty"`
	CodeUntil time.Time `json:"code_until,omitzero"`
}

// accountsFile is the plain text inside the sealed file.
type accountsFile struct {
	Version  int      `json:"version"`
	Accounts []record `json:"accounts"`
}

const (
	accountsVersion = 1
	// accountsLabel is authenticated with the file, so that no other sealed file can stand
	// in its place.
	accountsLabel = "linevault accounts 1"
)

func accountsPath(dir string) string { return filepath.Join(dir, "accounts.sealed") }

func readAccounts(path string, key [32]byte) ([]record, error) {
	sealed, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("accounts: %w", err)
	}
	aead, err := accountsAEAD(key)
	if err != nil {
		return nil, err
	}
	plain, err := aead.Open(nil, nil, sealed, []byte(accountsLabel))
	if err != nil {
		return nil, fmt.Errorf("accounts: %s was changed, or sealed under another store's key; "+
			"restore it from the backup of this store", path)
	}
	var f accountsFile
	if err := json.Unmarshal(plain, &f); err != nil {
		return nil, fmt.Errorf("accounts: read %s: %w", path, err)
	}
	if f.Version != accountsVersion {
		return nil, fmt.Errorf("accounts: %s has version %d; this software knows version %d: "+
			"update it", path, f.Version, accountsVersion)
	}
	return f.Accounts, nil
}

func writeAccounts(path string, key [32]byte, all []record) error {
	plain, err := json.Marshal(accountsFile{Version: accountsVersion, Accounts: all})
	if err != nil {
		return fmt.Errorf("accounts: %w", err)
	}
	aead, err := accountsAEAD(key)
	if err != nil {
		return err
	}
	if err := durable.Write(path, aead.Seal(nil, nil, plain, []byte(accountsLabel))); err != nil {
		return fmt.Errorf("accounts: %w", err)
	}
	return nil
}

func accountsAEAD(key [32]byte) (cipher.AEAD, error) {
	block, err := aes.NewCipher(key[:])
	if err != nil {
		return nil, fmt.Errorf("accounts: %w", err)
	}
	aead, err := cipher.NewGCMWithRandomNonce(block)
	if err != nil {
		return nil, fmt.Errorf("accounts: %w", err)
	}
	return aead, nil
}
