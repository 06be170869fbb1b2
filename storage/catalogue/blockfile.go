package catalogue

import (
	"bufio"
	"crypto/aes"
	"crypto/cipher"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"slices"
	"sync"
)

// A block's file, which is never written again:
//
//	magic 16 | name 16 | sealed rows ... | sealed index | where the index begins, its length: 8 bytes each
//
// All is sealed by AES-256-GCM with random nonces under a key of the file's own; the
// name, what it is, and the number of a row are authenticated with it.
const (
	blockMagic  = "linevault cat 1\n"
	blockSuffix = ".block"
	headSize    = 32
	tailSize    = 16
)

func fileName(name [16]byte) string { return hex.EncodeToString(name[:]) + blockSuffix }

// sealer is the cipher of one file.
func sealer(key [32]byte) (cipher.AEAD, error) {
	c, err := aes.NewCipher(key[:])
	if err != nil {
		return nil, err
	}
	return cipher.NewGCMWithRandomNonce(c)
}

// place is what is authenticated with row i; -1 is the index.
func place(name [16]byte, i int) []byte {
	return binary.LittleEndian.AppendUint64(name[:], uint64(i))
}

// fileRows is rows on disk.
type fileRows struct {
	f    *os.File
	aead cipher.AEAD
	name [16]byte
	ends []uint32 // in the file, from headSize
}

// together is how far apart two rows may be that are read at once.
const together = 8 << 10

func (r *fileRows) begin(i int) uint32 {
	if i == 0 {
		return 0
	}
	return r.ends[i-1]
}

func (r *fileRows) read(places []int, row func(k int, b []byte)) error {
	at := place(r.name, 0)
	room := 0
	for _, i := range places {
		room += int(r.ends[i] - r.begin(i))
	}
	all := make([]byte, 0, room) // enough but where rows between are read, too
	for k := 0; k < len(places); {
		// Newest first: the run goes towards the front of the file.
		from, to, run := r.begin(places[k]), r.ends[places[k]], k+1
		for run < len(places) && places[run] < places[run-1] && from-r.ends[places[run]] <= together {
			from = r.begin(places[run])
			run++
		}
		all = slices.Grow(all, int(to-from))
		b := all[len(all):][:to-from]
		all = all[:len(all)+len(b)]
		if _, err := r.f.ReadAt(b, headSize+int64(from)); err != nil {
			if errors.Is(err, io.EOF) {
				err = ErrDamaged
			}
			return fmt.Errorf("read a row of the catalogue: %w", err)
		}
		for ; k < run; k++ {
			i := places[k]
			binary.LittleEndian.PutUint64(at[len(r.name):], uint64(i))
			sealed := b[r.begin(i)-from : r.ends[i]-from : r.ends[i]-from]
			plain, err := r.aead.Open(sealed[:0], nil, sealed, at)
			if err != nil {
				return fmt.Errorf("open a row of the catalogue: %w", ErrDamaged)
			}
			row(k, plain)
		}
	}
	return nil
}

// close has nothing to say: the file was only read.
func (r *fileRows) close() { _ = r.f.Close() }

// write puts a block with these rows into its file, and returns them as they are there. The
// disk may not have it yet.
func (x *Index) write(b *block, rows heldRows) (_ *fileRows, err error) {
	if err := os.MkdirAll(x.folder, 0o700); err != nil {
		return nil, err
	}
	aead, err := sealer(b.key)
	if err != nil {
		return nil, err
	}
	path := x.path(fileName(b.name))
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, f.Close(), os.Remove(path))
		}
	}()
	w := bufio.NewWriterSize(f, 1<<20)
	head := append([]byte(blockMagic), b.name[:]...)
	_, err = w.Write(head)
	ends := make([]uint32, len(b.ids))
	at := 0
	var sealed []byte
	for i := range ends {
		sealed = aead.Seal(sealed[:0], nil, rows[i], place(b.name, i))
		if at += len(sealed); at > math.MaxUint32 {
			return nil, errors.New("the rows of a block are over 4 GiB")
		}
		_, werr := w.Write(sealed)
		err = errors.Join(err, werr)
		ends[i] = uint32(at)
	}
	index := aead.Seal(nil, nil, b.encode(ends), place(b.name, -1))
	_, werr := w.Write(index)
	var tail []byte
	tail = binary.LittleEndian.AppendUint64(tail, uint64(headSize+at))
	tail = binary.LittleEndian.AppendUint64(tail, uint64(len(index)))
	_, terr := w.Write(tail)
	if err = errors.Join(err, werr, terr, w.Flush()); err != nil {
		return nil, err
	}
	b.size = int64(headSize + at + len(index) + tailSize)
	return &fileRows{f, aead, b.name, ends}, nil
}

// scratches lends memory to read into.
var scratches = sync.Pool{New: func() any { return new([]byte) }}

// fetch is the reverse of write: it reads what b outlines.
func (x *Index) fetch(b *block) error {
	scratch := scratches.Get().(*[]byte)
	defer scratches.Put(scratch)
	full, err := x.read(b, scratch)
	if err != nil {
		if errors.Is(err, fs.ErrNotExist) {
			err = ErrDamaged // a manifest without a block of its
		}
		return fmt.Errorf("catalogue in %s: %w", x.from, err)
	}
	b.ids, b.start, b.length, b.byLength = full.ids, full.start, full.length, full.byLength
	b.far, b.own, b.terms, b.rows, b.points = full.far, full.own, full.terms, full.rows, full.points
	return nil
}

func (x *Index) read(of *block, scratch *[]byte) (b *block, err error) {
	name := of.name
	f, err := os.Open(filepath.Join(x.from, fileName(name)))
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, f.Close())
		}
	}()
	stat, err := f.Stat()
	if err != nil {
		return nil, err
	}
	var head [headSize]byte
	var tail [tailSize]byte
	if stat.Size() < headSize+tailSize {
		return nil, ErrDamaged
	}
	_, err = f.ReadAt(head[:], 0)
	_, terr := f.ReadAt(tail[:], stat.Size()-tailSize)
	if err = errors.Join(err, terr); err != nil {
		return nil, err
	}
	from, size := binary.LittleEndian.Uint64(tail[:]), binary.LittleEndian.Uint64(tail[8:])
	if string(head[:16]) != blockMagic || [16]byte(head[16:]) != name || from < headSize ||
		from > uint64(stat.Size()) || size != uint64(stat.Size())-tailSize-from {
		return nil, ErrDamaged
	}
	*scratch = slices.Grow((*scratch)[:0], int(size))
	sealed := (*scratch)[:size]
	if _, err := f.ReadAt(sealed, int64(from)); err != nil {
		return nil, err
	}
	aead, err := sealer(of.key)
	if err != nil {
		return nil, err
	}
	plain, err := aead.Open(sealed[:0], nil, sealed, place(name, -1))
	if err != nil {
		return nil, ErrDamaged
	}
	b, ends, err := decodeBlock(plain)
	if err != nil {
		return nil, err
	}
	least := uint32(0)
	for _, end := range ends {
		if end < least || uint64(end) > from-headSize {
			return nil, ErrDamaged
		}
		least = end
	}
	b.size = of.size
	if b.outlined() != of.outline {
		return nil, ErrDamaged
	}
	b.rows = &fileRows{f, aead, name, ends}
	return b, nil
}
