// Package pcap reads packet capture files, classic and pcapng, as tcpdump, Wireshark and DAHDI's
// tools write them.
package pcap

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"time"
)

// MaxPacket is the longest packet that is believed.
const MaxPacket = 1 << 18

// Link types of captured D channels (the tcpdump registry of link-layer header types).
const (
	LinuxLAPD = 177 // a pseudo header with the direction, then the frame
	LAPD      = 203 // the frame
)

// Packet is one captured packet.
type Packet struct {
	At     time.Time
	Link   int
	Offset int64  // where its record begins in the file
	Cut    bool   // it was longer than what was captured
	Data   []byte // good until the next call of Next
}

// FormatError says where a file is wrong.
type FormatError struct {
	Offset int64
	Why    string
}

func (e *FormatError) Error() string { return fmt.Sprintf("byte %d: %s", e.Offset, e.Why) }

// Reader reads one capture.
type Reader struct {
	r      *bufio.Reader
	offset int64
	order  binary.ByteOrder
	next   func() (Packet, error)
	buf    []byte
	nano   bool // of a classic file
	link   int
	faces  []face // of a pcapng section
}

// Magic numbers, as a little endian reader sees them.
const (
	micro        = 0xA1B2C3D4
	nano         = 0xA1B23C4D
	microSwapped = 0xD4C3B2A1
	nanoSwapped  = 0x4D3CB2A1
	sectionBlock = 0x0A0D0D0A
	classicHead  = 24
	recordHead   = 16
)

// NewReader tells which format r has and reads its header.
func NewReader(r io.Reader) (*Reader, error) {
	p := &Reader{r: bufio.NewReaderSize(r, 1<<16)}
	m, err := p.r.Peek(4)
	if err != nil {
		return nil, &FormatError{0, "too short to be a capture"}
	}
	switch binary.LittleEndian.Uint32(m) {
	case micro, nano:
		p.order = binary.LittleEndian
	case microSwapped, nanoSwapped:
		p.order = binary.BigEndian
	case sectionBlock:
		p.next = p.nextBlock
		return p, nil
	default:
		return nil, &FormatError{0, fmt.Sprintf("no capture begins with % x", m)}
	}
	h, err := p.take(classicHead)
	if err != nil {
		return nil, err
	}
	p.nano = p.order.Uint32(h) == nano
	p.link = int(p.order.Uint32(h[20:]) & 0x0FFFFFFF) // the top bits tell of a check sequence
	p.next = p.nextRecord
	return p, nil
}

// Next is the next packet, or io.EOF.
func (p *Reader) Next() (Packet, error) { return p.next() }

// take reads n bytes into the buffer. Only where nothing at all is left does it say io.EOF.
func (p *Reader) take(n int) ([]byte, error) {
	if cap(p.buf) < n {
		p.buf = make([]byte, max(n, 512))
	}
	b := p.buf[:n]
	got, err := io.ReadFull(p.r, b)
	at := p.offset
	p.offset += int64(got)
	switch {
	case err == nil:
		return b, nil
	case errors.Is(err, io.EOF):
		return nil, io.EOF
	case errors.Is(err, io.ErrUnexpectedEOF):
		return nil, &FormatError{at, "the file is cut off here"}
	}
	return nil, fmt.Errorf("byte %d: %w", at, err)
}

// rest is take where something must follow.
func (p *Reader) rest(n int) ([]byte, error) {
	b, err := p.take(n)
	if errors.Is(err, io.EOF) {
		return nil, &FormatError{p.offset, "the file is cut off here"}
	}
	return b, err
}

func (p *Reader) nextRecord() (Packet, error) {
	k := Packet{Link: p.link, Offset: p.offset}
	h, err := p.take(recordHead)
	if err != nil {
		return k, err
	}
	sec, frac := p.order.Uint32(h), p.order.Uint32(h[4:])
	kept, whole := p.order.Uint32(h[8:]), p.order.Uint32(h[12:])
	if kept > MaxPacket {
		return k, &FormatError{k.Offset, fmt.Sprintf("a packet of %d bytes is not believed", kept)}
	}
	if !p.nano {
		frac = min(frac, 999_999) * 1000
	}
	k.At = time.Unix(int64(sec), int64(frac))
	k.Cut = whole > kept
	k.Data, err = p.rest(int(kept))
	return k, err
}
