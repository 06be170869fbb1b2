package disclosure

import (
	"fmt"
	"io"
	"os"

	"linevault/storage/certificate"
	"linevault/storage/checkpoint"
)

// Found is what the verification of a file found.
type Found interface {
	OK() bool
	Print(w io.Writer) error
}

// VerifyFile verifies the pack or the exported certificate of destruction in a file, by the key
// in another or, if that has no name, by the one in the file.
func VerifyFile(name, keyFile string) (Found, error) {
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
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%s is no file", name)
	}
	// A certificate of which the first bytes were changed is refused as a pack that is none.
	head := make([]byte, 64)
	n, err := f.ReadAt(head, 0)
	if err != nil && err != io.EOF {
		return nil, err
	}
	if !certificate.Is(head[:n]) || info.Size() > certificate.MaxSize {
		return Verify(f, info.Size(), key)
	}
	b, err := io.ReadAll(io.NewSectionReader(f, 0, info.Size()))
	if err != nil {
		return nil, err
	}
	return certificate.Verify(b, key), nil
}
