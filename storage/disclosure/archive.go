package disclosure

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
)

// The names of what is in a pack, in the order in which it is there.
const (
	NameStatement  = "statement.txt"
	NamePage       = "statement.html"
	NameManifest   = "manifest.json"
	NameOgg        = "call.ogg"
	NameWAV        = "call.wav"
	NameLedger     = "ledger.json"
	NameCheckpoint = "checkpoint.txt"
	NameKey        = "key.txt"
	NameSums       = "SHA256SUMS"
)

var names = []string{
	NameStatement, NamePage, NameManifest, NameOgg, NameWAV, NameLedger, NameCheckpoint, NameKey, NameSums,
}

// A pack is a zip file that stores and does not compress, and whose every byte follows from
// what it holds: no comments, no extra fields, no times, nothing between the files. So a
// change of any byte of it can be told, and no two readers see different files in it.
const (
	localSize   = 30
	centralSize = 46
	endSize     = 22
)

// member is one file of a pack, as its headers have it.
type member struct {
	name   string
	crc    uint32
	size   int64
	offset int64 // of its local header
}

func (m member) data() int64 { return m.offset + localSize + int64(len(m.name)) }
func (m member) end() int64  { return m.data() + m.size }

// common is what both headers have: versions, flags, method, time, sizes and name.
func (m member) common(b []byte) []byte {
	b = binary.LittleEndian.AppendUint16(b, 20)             // version to extract: 2.0
	b = binary.LittleEndian.AppendUint16(b, 0)              // flags
	b = binary.LittleEndian.AppendUint16(b, 0)              // stored
	b = binary.LittleEndian.AppendUint16(b, 0)              // time
	b = binary.LittleEndian.AppendUint16(b, 1<<5|1)         // date: 1980-01-01, the first there is
	b = binary.LittleEndian.AppendUint32(b, m.crc)          //
	b = binary.LittleEndian.AppendUint32(b, uint32(m.size)) // compressed
	b = binary.LittleEndian.AppendUint32(b, uint32(m.size)) // and not
	b = binary.LittleEndian.AppendUint16(b, uint16(len(m.name)))
	return binary.LittleEndian.AppendUint16(b, 0) // extra fields
}

func (m member) local() []byte {
	return append(m.common([]byte("PK\x03\x04")), m.name...)
}

func (m member) central() []byte {
	b := m.common([]byte("PK\x01\x02\x14\x00")) // made by version 2.0
	b = append(b, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0) // comment, disk, attributes
	b = binary.LittleEndian.AppendUint32(b, uint32(m.offset))
	return append(b, m.name...)
}

// directory is the end of a pack: what it holds, and where that list begins.
func directory(members []member) []byte {
	var b []byte
	for _, m := range members {
		b = append(b, m.central()...)
	}
	from := members[len(members)-1].end()
	n := uint16(len(members))
	end := []byte("PK\x05\x06\x00\x00\x00\x00")
	end = binary.LittleEndian.AppendUint16(end, n)
	end = binary.LittleEndian.AppendUint16(end, n)
	end = binary.LittleEndian.AppendUint32(end, uint32(len(b)))
	end = binary.LittleEndian.AppendUint32(end, uint32(from))
	end = append(end, 0, 0)
	return append(b, end...)
}

// errPack is what is said of a file that is no pack as one is written.
type errPack struct{ text string }

func (e errPack) Error() string { return e.text }

func notPack(format string, a ...any) error { return errPack{fmt.Sprintf(format, a...)} }

// maxDirectory bounds the list of files.
const maxDirectory = 4 << 10

// openArchive reads the headers of a pack, and checks every byte that is not a file's own.
func openArchive(r io.ReaderAt, size int64) ([]member, error) {
	if size < endSize || size > math.MaxUint32 {
		return nil, notPack("it is no disclosure pack: it has %d bytes", size)
	}
	end := make([]byte, endSize)
	if err := readAt(r, end, size-endSize); err != nil {
		return nil, err
	}
	length, from := int64(binary.LittleEndian.Uint32(end[12:])), int64(binary.LittleEndian.Uint32(end[16:]))
	if !bytes.HasPrefix(end, []byte("PK\x05\x06")) || length > maxDirectory || from+length+endSize != size {
		return nil, notPack("its end is not that of a disclosure pack: it was cut short, lengthened or changed")
	}
	list := make([]byte, length+endSize)
	if err := readAt(r, list, from); err != nil {
		return nil, err
	}
	members, err := readDirectory(list[:length])
	if err != nil {
		return nil, err
	}
	if err := checkNames(members); err != nil {
		return nil, err
	}
	if !bytes.Equal(list, directory(members)) {
		return nil, notPack("its list of files was changed")
	}
	for _, m := range members {
		local := make([]byte, localSize+len(m.name))
		if err := readAt(r, local, m.offset); err != nil {
			return nil, err
		}
		if !bytes.Equal(local, m.local()) {
			return nil, notPack("what stands before %s is not what its list of files says: it was changed", m.name)
		}
	}
	return members, nil
}

// readDirectory reads what the list of files says, which need not be true.
func readDirectory(list []byte) ([]member, error) {
	var members []member
	at := int64(0)
	for len(list) > 0 {
		if len(list) < centralSize {
			return nil, notPack("its list of files was changed")
		}
		n := int(binary.LittleEndian.Uint16(list[28:]))
		if len(list) < centralSize+n {
			return nil, notPack("its list of files was changed")
		}
		m := member{
			name: string(list[centralSize : centralSize+n]), crc: binary.LittleEndian.Uint32(list[16:]),
			size: int64(binary.LittleEndian.Uint32(list[24:])), offset: at,
		}
		members = append(members, m)
		at = m.end()
		list = list[centralSize+n:]
	}
	return members, nil
}

// checkNames checks that a pack has the files of a pack, in their order.
func checkNames(members []member) error {
	seen := map[string]bool{}
	for _, m := range members {
		if seen[m.name] {
			return notPack("%q is in it twice", m.name)
		}
		seen[m.name] = true
	}
	for _, name := range names {
		if !seen[name] {
			return notPack("%s is missing from it", name)
		}
		delete(seen, name)
	}
	for name := range seen {
		return notPack("%q does not belong in it", name)
	}
	for i, m := range members {
		if m.name != names[i] {
			return notPack("its files are not in their order: %s is where %s belongs", m.name, names[i])
		}
	}
	return nil
}

func readAt(r io.ReaderAt, b []byte, at int64) error {
	if _, err := r.ReadAt(b, at); err != nil && (!errors.Is(err, io.EOF) || len(b) > 0) {
		if errors.Is(err, io.EOF) {
			return notPack("it ends where more should come")
		}
		return fmt.Errorf("read the pack: %w", err)
	}
	return nil
}
