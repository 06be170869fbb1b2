package pcap

import (
	"encoding/binary"
	"fmt"
	"math/bits"
	"time"
)

// face is an interface of a pcapng section.
type face struct {
	link   int
	perSec uint64 // timestamp units in a second
}

// Block types and limits of pcapng (draft-ietf-opsawg-pcapng).
const (
	faceBlock     = 1
	packetBlock   = 6
	byteOrder     = 0x1A2B3C4D
	maxBlock      = 1 << 20
	maxFaces      = 64
	optionUnit    = 9
	sectionFields = 16
	faceFields    = 8
	packetFields  = 20
)

// nextBlock reads blocks until one holds a packet.
func (p *Reader) nextBlock() (Packet, error) {
	for {
		at := p.offset
		h, err := p.take(8)
		if err != nil {
			return Packet{}, err
		}
		if binary.LittleEndian.Uint32(h) == sectionBlock {
			if err := p.section(at, [4]byte(h[4:8])); err != nil {
				return Packet{}, err
			}
			continue
		}
		if p.order == nil {
			return Packet{}, &FormatError{at, "no section begins here"}
		}
		kind, size := p.order.Uint32(h), p.order.Uint32(h[4:])
		b, err := p.body(at, size)
		if err != nil {
			return Packet{}, err
		}
		switch kind {
		case faceBlock:
			if err := p.face(at, b); err != nil {
				return Packet{}, err
			}
		case packetBlock:
			return p.packet(at, b)
		}
	}
}

// section reads the rest of a section header, which tells the byte order of its own length.
func (p *Reader) section(at int64, size [4]byte) error {
	b, err := p.rest(4)
	if err != nil {
		return err
	}
	switch {
	case binary.LittleEndian.Uint32(b) == byteOrder:
		p.order = binary.LittleEndian
	case binary.BigEndian.Uint32(b) == byteOrder:
		p.order = binary.BigEndian
	default:
		return &FormatError{at, "a section without byte order"}
	}
	p.faces = p.faces[:0]
	n := p.order.Uint32(size[:])
	if n < 12+sectionFields || n > maxBlock || n%4 != 0 {
		return &FormatError{at, fmt.Sprintf("a block of %d bytes is not believed", n)}
	}
	_, err = p.rest(int(n) - 12)
	return err
}

// body reads a block's contents and the length after them.
func (p *Reader) body(at int64, size uint32) ([]byte, error) {
	if size < 12 || size > maxBlock || size%4 != 0 {
		return nil, &FormatError{at, fmt.Sprintf("a block of %d bytes is not believed", size)}
	}
	b, err := p.rest(int(size) - 8)
	if err != nil {
		return nil, err
	}
	b, tail := b[:len(b)-4], b[len(b)-4:]
	if p.order.Uint32(tail) != size {
		return nil, &FormatError{at, "a block's two lengths differ"}
	}
	return b, nil
}

// face reads an interface description and the unit of its timestamps.
func (p *Reader) face(at int64, b []byte) error {
	if len(b) < faceFields || len(p.faces) >= maxFaces {
		return &FormatError{at, "an interface description that cannot be read"}
	}
	f := face{link: int(p.order.Uint16(b)), perSec: 1_000_000}
	for b = b[faceFields:]; len(b) >= 4; {
		code, n := p.order.Uint16(b), int(p.order.Uint16(b[2:]))
		padded := 4 + (n+3)&^3
		if code == 0 || padded > len(b) {
			break
		}
		if code == optionUnit && n == 1 {
			f.perSec = unit(b[4])
		}
		b = b[padded:]
	}
	p.faces = append(p.faces, f)
	return nil
}

// unit reads a timestamp resolution: a power of ten, or of two. What is finer than a nanosecond is
// not believed.
func unit(r byte) uint64 {
	if e := r & 0x7F; r&0x80 != 0 && e <= 30 {
		return 1 << e
	} else if r&0x80 == 0 && e <= 9 {
		n := uint64(1)
		for range e {
			n *= 10
		}
		return n
	}
	return 1_000_000
}

func (p *Reader) packet(at int64, b []byte) (Packet, error) {
	k := Packet{Offset: at}
	if len(b) < packetFields {
		return k, &FormatError{at, "a packet block that is too short"}
	}
	i := p.order.Uint32(b)
	kept := p.order.Uint32(b[12:])
	if uint64(i) >= uint64(len(p.faces)) || uint64(kept) > uint64(len(b)-packetFields) {
		return k, &FormatError{at, "a packet block that contradicts itself"}
	}
	f := p.faces[i]
	stamp := uint64(p.order.Uint32(b[4:]))<<32 | uint64(p.order.Uint32(b[8:]))
	hi, lo := bits.Mul64(stamp%f.perSec, uint64(time.Second))
	ns, _ := bits.Div64(hi, lo, f.perSec)
	k.At = time.Unix(int64(stamp/f.perSec), int64(ns))
	k.Link = f.link
	k.Cut = p.order.Uint32(b[16:]) > kept
	k.Data = b[packetFields : packetFields+int(kept)]
	return k, nil
}
