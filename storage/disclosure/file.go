package disclosure

import (
	"fmt"
	"io"
	"os"

	"linevault/storage/checkpoint"
)

// VerifyFile verifies the pack in a file, by the key in another or, if that has no name, by
// the one in the pack.
func VerifyFile(pack, keyFile string) (*Result, error) {
	var key checkpoint.PublicKey
	if keyFile != "" {
		f, err := os.Open(keyFile)
		if err != nil {
			return nil, err
		}
		b, err := io.ReadAll(io.LimitReader(f, 1<<16))
		_ = f.Close() // it was only read
		if err != nil {
			return nil, err
		}
		if key, err = checkpoint.ParsePublicKey(b); err != nil {
			return nil, fmt.Errorf("%s: %w", keyFile, err)
		}
	}
	f, err := os.Open(pack)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%s is no file", pack)
	}
	return Verify(f, info.Size(), key)
}
