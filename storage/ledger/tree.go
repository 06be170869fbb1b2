package ledger

import (
	"encoding/binary"
	"errors"
	"io"
	"os"
	"path/filepath"

	"golang.org/x/mod/sumdb/tlog"
	"golang.org/x/sys/unix"
)

// tree is the two files that follow from entries: hashes, the Merkle tree as package tlog
// stores it, 32 bytes a hash; index, where each entry begins, 8 bytes big endian. They are
// not fsynced with each entry. Before entry 1024, 2048 and so on is added they are, so what
// a power cut can have spoilt lies at or after the last such entry of index.
type tree struct{ hashes, index *os.File }

const treeSync = 1024

// missing stands in index for an entry that is in the tree and no longer in entries.
const missing = -1

func openTree(dir string) (*tree, error) {
	t := new(tree)
	var err error
	for _, f := range []struct {
		name string
		file **os.File
	}{{"hashes", &t.hashes}, {"index", &t.index}} {
		*f.file, err = os.OpenFile(filepath.Join(dir, f.name), os.O_RDWR|os.O_CREATE|unix.O_NOFOLLOW, 0o600)
		if err != nil {
			return t, err
		}
	}
	return t, nil
}

func (t *tree) close() error {
	var errs []error
	for _, f := range []*os.File{t.hashes, t.index} {
		if f != nil {
			errs = append(errs, f.Close())
		}
	}
	return errors.Join(errs...)
}

// add takes in the entry that follows on. Doing it again changes nothing.
func (t *tree) add(index, at int64, leaf tlog.Hash) error {
	hashes, err := tlog.StoredHashesForRecordHash(index, leaf, t)
	if err != nil {
		return err
	}
	b := make([]byte, 0, len(hashes)*tlog.HashSize)
	for _, h := range hashes {
		b = append(b, h[:]...)
	}
	if index%treeSync == 0 && index > 0 {
		if err := errors.Join(datasync(t.hashes), datasync(t.index)); err != nil {
			return err
		}
	}
	if _, err := t.hashes.WriteAt(b, tlog.StoredHashIndex(0, index)*tlog.HashSize); err != nil {
		return err
	}
	return t.setAt(index, at)
}

func (t *tree) setAt(index, at int64) error {
	_, err := t.index.WriteAt(binary.BigEndian.AppendUint64(nil, uint64(at)), index*8)
	return err
}

// at is where an entry begins, or missing.
func (t *tree) at(index int64) (int64, error) {
	var b [8]byte
	if _, err := t.index.ReadAt(b[:], index*8); err != nil {
		return 0, err
	}
	return int64(binary.BigEndian.Uint64(b[:])), nil
}

// indexed is how many entries index has.
func (t *tree) indexed() (int64, error) {
	info, err := t.index.Stat()
	if err != nil {
		return 0, err
	}
	return info.Size() / 8, nil
}

// hashed reports whether hashes has all the hashes of a tree of n entries.
func (t *tree) hashed(n int64) (bool, error) {
	info, err := t.hashes.Stat()
	if err != nil {
		return false, err
	}
	return info.Size()/tlog.HashSize >= tlog.StoredHashCount(n), nil
}

// knows reports whether both files have the entry index.
func (t *tree) knows(index int64) (bool, error) {
	n, err := t.indexed()
	if err != nil || index >= n {
		return false, err
	}
	return t.hashed(index + 1)
}

// ReadHashes is what package tlog asks of a tree.
func (t *tree) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	hs := make([]tlog.Hash, len(indexes))
	for i, index := range indexes {
		if _, err := t.hashes.ReadAt(hs[i][:], index*tlog.HashSize); err != nil {
			if err == io.EOF {
				err = io.ErrUnexpectedEOF
			}
			return nil, err
		}
	}
	return hs, nil
}
