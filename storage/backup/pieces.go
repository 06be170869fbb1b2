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
)

// maxBlob bounds a blob, so that a run that is cut off has not far to go again.
const maxBlob = 64 << 20

// pieces makes the blobs of a file: those of the run before as far as they still hold, again where
// the folder has lost one, and new ones for the rest.
func (m *maker) pieces(f *os.File, out *File) error {
	whole := sha256.New()
	at := int64(0)
	if b := m.before.find(out.Path); b != nil && b.Size <= out.Size {
		sum := sha256.New()
		if _, err := io.Copy(io.MultiWriter(sum, counter{m}), io.NewSectionReader(f, 0, b.Size)); err != nil {
			return err
		}
		if hex.EncodeToString(sum.Sum(nil)) == b.SHA256 {
			blobs, err := m.mend(f, b.Blobs)
			if err != nil {
				return err
			}
			out.Blobs, at, whole = blobs, b.Size, sum
		} else {
			m.step(-b.Size)
		}
	}
	for at < out.Size {
		n := min(maxBlob, out.Size-at)
		blobs, err := m.span(f, at, n, whole)
		if err != nil {
			return err
		}
		out.Blobs = append(out.Blobs, blobs...)
		at += n
	}
	out.SHA256 = hex.EncodeToString(whole.Sum(nil))
	return nil
}

// mend is blobs that a file begins with, of which those that the folder has lost are copied again:
// under the same name, so that earlier runs are whole again, too.
func (m *maker) mend(f *os.File, blobs []Blob) (mended []Blob, err error) {
	at := int64(0)
	for _, b := range blobs {
		if m.hasBlob(b) {
			mended = append(mended, b)
		} else {
			again, err := m.span(f, at, b.Size, sha256.New())
			if err != nil {
				return nil, err
			}
			m.step(-b.Size) // it was told of already
			mended = append(mended, again...)
		}
		at += b.Size
	}
	return mended, nil
}

// span copies a span of a file into a blob. Where the name of that blob is taken by a damaged one
// that cannot be set aside, it makes two: halves have names of their own.
func (m *maker) span(f *os.File, at, n int64, whole hash.Hash) ([]Blob, error) {
	b, err := m.blob(io.NewSectionReader(f, at, n), whole)
	if _, kept := errors.AsType[*keptError](err); kept && n > 1 {
		m.step(-n)
		first, err := m.span(f, at, n/2, sha256.New())
		if err != nil {
			return nil, err
		}
		second, err := m.span(f, at+n/2, n-n/2, sha256.New())
		return append(first, second...), err
	}
	if err == nil && b.Size != n {
		err = errors.New("it became shorter while it was read; run the backup again")
	}
	return []Blob{b}, err
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
	if err := setAside(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return b, err
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
