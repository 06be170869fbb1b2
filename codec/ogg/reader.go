package ogg

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

// maxPacket is the longest packet of sound that makes sense: 120 ms of each of two legs, with
// padding. Longer ones are taken for damage.
const maxPacket = 1 << 16

// Packet is the packets of one instant, one per leg.
type Packet struct {
	Legs [][]byte
	// Granule is the position at its end if it ends its page, else -1.
	Granule int64
	Last    bool // the stream ends with it
}

// Reader reads a stream that has nothing else in its file.
type Reader struct {
	r        *bufio.Reader
	head     Head
	at       int64 // bytes read
	serial   uint32
	sequence uint32
	granule  int64
	last     bool
	lacing   []byte // not used up yet
	storage  [MaxSegments]byte
	body     []byte // what the lacing values describe
	partial  []byte // a packet that goes on
}

// NewReader reads the headers of a file.
func NewReader(r io.Reader) (*Reader, error) {
	o := &Reader{r: bufio.NewReader(r)}
	first, _, err := o.packet()
	if err != nil {
		return nil, noEOF(err)
	}
	head, err := parseHead(first)
	if err != nil {
		return nil, err
	}
	second, _, err := o.packet()
	if err != nil {
		return nil, noEOF(err)
	}
	if head.Tags, err = parseTags(second); err != nil {
		return nil, err
	}
	o.head = head
	return o, nil
}

// Head is what the headers say.
func (o *Reader) Head() Head { return o.head }

// Next returns the packets of the next instant; they are the caller's. The error is io.EOF
// after the last.
func (o *Reader) Next() (Packet, error) {
	b, ends, err := o.packet()
	if err != nil {
		return Packet{}, err
	}
	legs, err := Split(b, o.head.Legs)
	if err != nil {
		return Packet{}, fmt.Errorf("byte %d: %w", o.at, err)
	}
	p := Packet{Legs: legs, Granule: -1}
	if ends {
		p.Granule, p.Last = o.granule, o.last
	}
	return p, nil
}

// packet returns the next packet, and whether it is the last to end on its page.
func (o *Reader) packet() (b []byte, ends bool, err error) {
	for {
		for len(o.lacing) > 0 {
			n := int(o.lacing[0])
			o.lacing = o.lacing[1:]
			o.partial = append(o.partial, o.body[:n]...)
			o.body = o.body[n:]
			if n < 255 {
				b, o.partial = o.partial, nil
				return b, !o.more(), nil
			}
			if len(o.partial) > maxPacket {
				return nil, false, fmt.Errorf("ogg: byte %d: a packet longer than %d bytes", o.at, maxPacket)
			}
		}
		if err := o.page(); err != nil {
			return nil, false, err
		}
	}
}

// more reports whether another packet ends on the page.
func (o *Reader) more() bool {
	for _, n := range o.lacing {
		if n < 255 {
			return true
		}
	}
	return false
}

// page reads the next page and checks it.
func (o *Reader) page() error {
	var h [PageOverhead]byte
	start := o.at
	if n, err := io.ReadFull(o.r, h[:]); err != nil {
		o.at += int64(n)
		switch {
		case n == 0 && errors.Is(err, io.EOF) && o.last && len(o.partial) == 0:
			return io.EOF
		case errors.Is(err, io.EOF):
			return fmt.Errorf("ogg: byte %d: the file ends without its last page: %w", start, io.ErrUnexpectedEOF)
		}
		return fmt.Errorf("ogg: byte %d: %w", start, err)
	}
	o.at += PageOverhead
	if string(h[:5]) != "OggS\x00" {
		return fmt.Errorf("ogg: byte %d: no page begins here", start)
	}
	o.lacing = o.storage[:h[26]]
	if err := o.fill(o.lacing); err != nil {
		return err
	}
	size := 0
	for _, n := range o.lacing {
		size += int(n)
	}
	o.body = make([]byte, size)
	if err := o.fill(o.body); err != nil {
		return err
	}
	sum := binary.LittleEndian.Uint32(h[22:])
	clear(h[22:26])
	if checksum(checksum(checksum(0, h[:]), o.lacing), o.body) != sum {
		return fmt.Errorf("ogg: byte %d: the checksum of a page is wrong", start)
	}
	return o.follow(start, h)
}

// follow checks that a page of header h is the one that was due.
func (o *Reader) follow(start int64, h [PageOverhead]byte) error {
	flags, serial := h[5], binary.LittleEndian.Uint32(h[14:])
	sequence := binary.LittleEndian.Uint32(h[18:])
	if first := start == 0; first != (flags&flagFirst != 0) {
		return fmt.Errorf("ogg: byte %d: a stream begins where none should, or does not where one should", start)
	} else if first {
		o.serial, o.sequence = serial, sequence
	}
	switch {
	case o.last:
		return fmt.Errorf("ogg: byte %d: a page after the last", start)
	case serial != o.serial:
		return fmt.Errorf("ogg: byte %d: a page of another stream", start)
	case sequence != o.sequence:
		return fmt.Errorf("ogg: byte %d: page %d where %d was due", start, sequence, o.sequence)
	case (flags&flagContinued != 0) != (len(o.partial) > 0):
		return fmt.Errorf("ogg: byte %d: a packet is cut in two", start)
	}
	o.sequence++
	o.granule = int64(binary.LittleEndian.Uint64(h[6:]))
	o.last = flags&flagLast != 0
	return nil
}

func (o *Reader) fill(b []byte) error {
	n, err := io.ReadFull(o.r, b)
	o.at += int64(n)
	if err != nil {
		return fmt.Errorf("ogg: byte %d: the file ends within a page: %w", o.at, noEOF(err))
	}
	return nil
}

// noEOF keeps a cut-off file from looking like an orderly end.
func noEOF(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}
