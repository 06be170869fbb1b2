// Package journal is files that only ever grow, record by record, and outlive torn writes.
//
// A record is the letters LJ, the format version, the payload's length (4 bytes, big
// endian), the payload, and the CRC-32C of all that.
//
// The procedure for a torn tail is to step over it. A crash can leave any part of the last
// records, or garbage, at the end of the file. Nobody cuts that off: the next record goes
// after it, and a reader that meets bytes which are no record looks for the next place
// where a whole record begins. So recovery cannot delete anything, and damage in the middle
// of a file costs the records that it hit and no others.
//
// What is torn may look whole: of those records that lack their last byte, one in 256 ends as the
// next record begins. So a record whose last bytes are the first ones of another whole record is
// a tear.
package journal

import (
	"bufio"
	"bytes"
	"cmp"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
)

// Version is the format that Append writes.
const Version = 1

// MaxPayload is the longest payload of a record.
const MaxPayload = 64 << 10

// Overhead is how much longer a record is than its payload.
const Overhead = headSize + sumSize

const (
	headSize = 2 + 1 + 4
	sumSize  = 4
)

// ErrNewer says that a record was written by a newer version of this program.
var ErrNewer = errors.New("written by a newer version of this program: update it")

// ErrTorn says that there is no whole record where one was looked for.
var ErrTorn = errors.New("no whole record here")

var (
	magic = []byte("LJ")
	table = crc32.MakeTable(crc32.Castagnoli)
)

// Append appends the record of payload to dst. A payload over MaxPayload is a bug and panics.
func Append(dst, payload []byte) []byte {
	if len(payload) > MaxPayload {
		panic("journal: payload too long")
	}
	from := len(dst)
	dst = append(dst, magic...)
	dst = append(dst, Version)
	dst = binary.BigEndian.AppendUint32(dst, uint32(len(payload)))
	dst = append(dst, payload...)
	return binary.BigEndian.AppendUint32(dst, crc32.Checksum(dst[from:], table))
}

// Tear is a stretch of a file that holds no record.
type Tear struct{ At, Bytes int64 }

// Scan emits each whole record of r between the offsets from and to, in order, with its
// offset; payload is borrowed until emit returns. It returns the tears that it stepped over.
// An error of emit ends the scan and is returned as it is.
func Scan(r io.ReaderAt, from, to int64, emit func(at int64, payload []byte) error) ([]Tear, error) {
	in := bufio.NewReaderSize(io.NewSectionReader(r, from, to-from), 2*(MaxPayload+Overhead))
	var tears []Tear
	at := from
	for {
		payload, err := next(in)
		if err == io.EOF {
			return tears, nil
		}
		if err == ErrTorn {
			n, err := skip(in)
			if err != nil {
				return tears, err
			}
			if last := len(tears) - 1; last >= 0 && tears[last].At+tears[last].Bytes == at {
				tears[last].Bytes += n
			} else {
				tears = append(tears, Tear{At: at, Bytes: n})
			}
			at += n
			continue
		}
		if err != nil {
			return tears, err
		}
		if err := emit(at, payload); err != nil {
			return tears, err
		}
		n, err := in.Discard(len(payload) + Overhead)
		if err != nil {
			return tears, err
		}
		at += int64(n)
	}
}

// next is the payload of the record that in stands at, without moving in.
func next(in *bufio.Reader) ([]byte, error) {
	head, err := in.Peek(headSize)
	if len(head) == 0 && err == io.EOF {
		return nil, io.EOF
	}
	if err == io.EOF {
		return nil, ErrTorn
	}
	if err != nil {
		return nil, err
	}
	n := binary.BigEndian.Uint32(head[3:])
	if !bytes.HasPrefix(head, magic) || n > MaxPayload {
		return nil, ErrTorn
	}
	size := int(n) + Overhead
	b, err := in.Peek(size)
	if err == io.EOF {
		return nil, ErrTorn
	}
	if err != nil {
		return nil, err
	}
	if _, err := check(b); err != nil {
		return nil, err
	}
	if completed, err := completedByNext(in, size); err != nil || completed {
		return nil, cmp.Or(err, ErrTorn)
	}
	b, err = in.Peek(size) // which may have moved
	return b[headSize : size-sumSize], err
}

// completedByNext reports whether the whole record that in stands at was torn within its
// checksum, and made whole by what was appended after it.
func completedByNext(in *bufio.Reader, size int) (bool, error) {
	for lacks := 1; lacks <= sumSize; lacks++ {
		b, err := in.Peek(size - lacks + headSize)
		if err == io.EOF {
			return false, nil // and nothing whole follows
		}
		if err != nil {
			return false, err
		}
		head := b[size-lacks:]
		n := binary.BigEndian.Uint32(head[3:])
		if !bytes.HasPrefix(head, magic) || n > MaxPayload {
			continue
		}
		b, err = in.Peek(size - lacks + int(n) + Overhead)
		if err == io.EOF {
			continue
		}
		if err != nil {
			return false, err
		}
		if _, err := check(b[size-lacks:]); err != ErrTorn {
			return true, nil
		}
	}
	return false, nil
}

// check is the payload of the record that b is, whole.
func check(b []byte) ([]byte, error) {
	end := len(b) - sumSize
	if !bytes.HasPrefix(b, magic) || int64(binary.BigEndian.Uint32(b[3:])) != int64(end-headSize) ||
		crc32.Checksum(b[:end], table) != binary.BigEndian.Uint32(b[end:]) {
		return nil, ErrTorn
	}
	if v := b[2]; v != Version {
		return nil, fmt.Errorf("record of format %d: %w", v, ErrNewer)
	}
	return b[headSize:end], nil
}

// skip moves in past at least one byte, to where the next record may begin, and returns how
// far it moved.
func skip(in *bufio.Reader) (int64, error) {
	b, err := in.Peek(max(in.Buffered(), headSize))
	if err != nil && err != io.EOF {
		return 0, err
	}
	n := len(b)
	if i := bytes.Index(b[1:], magic); i >= 0 {
		n = 1 + i
	} else if n > 1 && b[n-1] == magic[0] {
		n-- // the second letter may follow
	}
	_, err = in.Discard(n)
	return int64(n), err
}

// At is the payload of the record that begins at the offset at, for a reader that knows
// where it lies.
func At(r io.ReaderAt, at int64) ([]byte, error) {
	var head [headSize]byte
	if _, err := r.ReadAt(head[:], at); err != nil {
		return nil, err
	}
	n := min(binary.BigEndian.Uint32(head[3:]), MaxPayload)
	b := make([]byte, int(n)+Overhead)
	if _, err := r.ReadAt(b, at); err != nil {
		return nil, err
	}
	return check(b)
}
