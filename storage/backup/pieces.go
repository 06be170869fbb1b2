package backup

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"hash"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
)

// maxBlob bounds a blob, so that a run that is cut off has not far to go again.
const maxBlob = 64 << 20

// pieces makes the blobs of a file: those of the run before as far as they still hold, and
// new ones for the rest.
func (m *maker) pieces(f *os.File, out *File) error {
	whole := sha256.New()
	at := int64(0)
	if b := m.before.find(out.Path); b != nil && b.Size <= out.Size && m.has(b) {
		sum := sha256.New()
		if _, err := io.Copy(io.MultiWriter(sum, counter{m}), io.NewSectionReader(f, 0, b.Size)); err != nil {
			return err
		}
		if hex.EncodeToString(sum.Sum(nil)) == b.SHA256 {
			out.Blobs, at, whole = slices.Clone(b.Blobs), b.Size, sum
		} else {
			m.step(-b.Size)
		}
	}
	for at < out.Size {
		n := min(maxBlob, out.Size-at)
		b, err := m.blob(io.NewSectionReader(f, at, n), whole)
		if err != nil {
			return err
		}
		if b.Size != n {
			return errors.New("it became shorter while it was read; run the backup again")
		}
		out.Blobs = append(out.Blobs, b)
		at += n
	}
	out.SHA256 = hex.EncodeToString(whole.Sum(nil))
	return nil
}

// counter tells progress what goes by.
type counter struct{ m *maker }

func (c counter) Write(b []byte) (int, error) {
	c.m.step(int64(len(b)))
	return len(b), nil
}

// rootWords begin the file of a root key.
const rootWords = "linevault root key "

// blob copies what r gives into a blob, unless there is one of it already.
func (m *maker) blob(r *io.SectionReader, whole hash.Hash) (Blob, error) {
	head := make([]byte, len(rootWords))
	if n, _ := r.ReadAt(head, 0); string(head[:n]) == rootWords {
		return Blob{}, errors.New("this is a root key, and a root key is never copied to a backup: move the file elsewhere")
	}
	sum := sha256.New()
	n, err := io.Copy(io.MultiWriter(sum, whole, counter{m}), r)
	if err != nil {
		return Blob{}, err
	}
	b := Blob{SHA256: hex.EncodeToString(sum.Sum(nil)), Size: n}
	path := blobPath(m.folder, b.SHA256)
	if same, err := holds(path, b); same || err != nil {
		return b, err // of a run that was cut off, or of another file
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return b, err
	}
	err = putFrom(path, func(w io.Writer) error {
		again := sha256.New()
		if _, err := io.Copy(io.MultiWriter(w, again), io.NewSectionReader(r, 0, n)); err != nil {
			return err
		}
		if hex.EncodeToString(again.Sum(nil)) != b.SHA256 {
			return errors.New("it changed while it was read; run the backup again")
		}
		return nil
	})
	if err == nil {
		m.result.Copied += n
	}
	return b, err
}

// holds reports whether the blob at path is b, to the last byte.
func holds(path string, b Blob) (bool, error) {
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	defer f.Close()
	sum := sha256.New()
	n, err := io.Copy(sum, f)
	return n == b.Size && hex.EncodeToString(sum.Sum(nil)) == b.SHA256, err
}
