package disclosure

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash"
	"hash/crc32"
	"io"
	"math"
)

// Content is a file to be put in a pack, and what is known of it before it is there.
type Content struct {
	Name   string
	Size   int64
	SHA256 string
	crc    uint32
	open   func() (io.Reader, error)
}

// File is what the manifest says of it.
func (c Content) File() File { return File{c.Name, c.Size, c.SHA256} }

// Bytes is content that lies in memory.
func Bytes(name string, b []byte) Content {
	sum := sha256.Sum256(b)
	return Content{
		Name: name, Size: int64(len(b)), SHA256: hex.EncodeToString(sum[:]), crc: crc32.ChecksumIEEE(b),
		open: func() (io.Reader, error) { return bytes.NewReader(b), nil },
	}
}

// Measure is content that is made as it is read, twice: now, to measure it, and when it is
// packed.
func Measure(name string, open func() (io.Reader, error)) (Content, error) {
	r, err := open()
	if err != nil {
		return Content{}, err
	}
	m := newMeter()
	n, err := io.Copy(m, r)
	return Content{Name: name, Size: n, SHA256: m.sha(), crc: m.crc, open: open}, err
}

// meter measures what is written to it.
type meter struct {
	sum hash.Hash
	crc uint32
	n   int64
}

func newMeter() *meter { return &meter{sum: sha256.New()} }

func (m *meter) Write(b []byte) (int, error) {
	m.sum.Write(b)
	m.crc = crc32.Update(m.crc, crc32.IEEETable, b)
	m.n += int64(len(b))
	return len(b), nil
}

func (m *meter) sha() string { return hex.EncodeToString(m.sum.Sum(nil)) }

// sums is the file SHA256SUMS of some contents, as sha256sum writes and checks it.
func sums(contents []Content) []byte {
	var b []byte
	for _, c := range contents {
		b = fmt.Appendf(b, "%s  %s\n", c.SHA256, c.Name)
	}
	return b
}

// Write writes a pack of all files but SHA256SUMS, which it makes, in their order.
func Write(w io.Writer, contents []Content) error {
	contents = append(contents[:len(contents):len(contents)], Bytes(NameSums, sums(contents)))
	members := layout(contents)
	if err := checkNames(members); err != nil {
		return err
	}
	return writeArchive(w, contents, members)
}

// layout is where contents come to lie.
func layout(contents []Content) []member {
	var members []member
	at := int64(0)
	for _, c := range contents {
		m := member{name: c.Name, crc: c.crc, size: c.Size, offset: at}
		members = append(members, m)
		at = m.end()
	}
	return members
}

func writeArchive(w io.Writer, contents []Content, members []member) error {
	at := members[len(members)-1].end()
	list := directory(members)
	if at+int64(len(list)) > math.MaxUint32 {
		return fmt.Errorf("the pack would have %d bytes and %d is the most: the call is too long", at+int64(len(list)), int64(math.MaxUint32))
	}
	for i, c := range contents {
		if _, err := w.Write(members[i].local()); err != nil {
			return err
		}
		r, err := c.open()
		if err != nil {
			return err
		}
		m := newMeter()
		if _, err := io.Copy(io.MultiWriter(w, m), r); err != nil {
			return err
		}
		if m.n != c.Size || m.sha() != c.SHA256 {
			return fmt.Errorf("%s is not what it was a moment ago: try again", c.Name)
		}
	}
	_, err := w.Write(list)
	return err
}

// Encode is the manifest as it goes into a pack.
func (m *Manifest) Encode() ([]byte, error) { return write(m) }

// Encode is the proofs as they go into a pack.
func (p *Proofs) Encode() ([]byte, error) { return write(p) }
