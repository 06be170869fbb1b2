package analogue

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"strings"

	"linevault/codec/pcm"
)

// A record is what the child passes to its parent: a header, then its body.
//
//	0  4  magic and version, "LVC1"
//	4  2  flags
//	6  2  channels
//	8  8  CLOCK_MONOTONIC when the read returned, ns
//	16 4  length of the body in bytes
//	20    body: interleaved samples, or, in a fault, its text
//
// All numbers are little endian.
type record struct {
	Mono     pcm.Mono
	Overflow bool    // the device dropped audio just before this record
	PCM      []int16 // interleaved by channel
	Fault    *fault  // why the child ends; such a record has no audio
}

// fault is a child's last word.
type fault struct{ Text, Hint string }

func (f *fault) Error() string { return f.Text }

const (
	magic      = "LVC1"
	headerSize = 20
	maxFault   = 8 << 10
)

// The flags of a record.
const (
	flagOverflow = 1 << iota
	flagFault
	knownFlags = flagOverflow | flagFault
)

var errRecord = errors.New("not a record of this version")

// appendRecord adds r as it goes over the pipe.
func appendRecord(dst []byte, channels int, r *record) []byte {
	flags, size := 0, 2*len(r.PCM)
	var text string
	if r.Overflow {
		flags |= flagOverflow
	}
	if r.Fault != nil {
		flags |= flagFault
		text = r.Fault.Text + "\x00" + r.Fault.Hint
		text = text[:min(len(text), maxFault)]
		size = len(text)
	}
	dst = append(dst, magic...)
	dst = binary.LittleEndian.AppendUint16(dst, uint16(flags))
	dst = binary.LittleEndian.AppendUint16(dst, uint16(channels))
	dst = binary.LittleEndian.AppendUint64(dst, uint64(r.Mono))
	dst = binary.LittleEndian.AppendUint32(dst, uint32(size))
	if r.Fault != nil {
		return append(dst, text...)
	}
	for _, s := range r.PCM {
		dst = binary.LittleEndian.AppendUint16(dst, uint16(s))
	}
	return dst
}

// recordReader reads the records of one child. It trusts nothing: a child that went mad must
// not take the recorder with it.
type recordReader struct {
	r        io.Reader
	channels int
	frames   int // in every record
	head     [headerSize]byte
	body     []byte
}

// next fills r, reusing its memory. At a clean end it returns io.EOF.
func (d *recordReader) next(r *record) error {
	if _, err := io.ReadFull(d.r, d.head[:]); err != nil {
		return err
	}
	h := d.head[:]
	flags := binary.LittleEndian.Uint16(h[4:])
	channels := int(binary.LittleEndian.Uint16(h[6:]))
	mono := binary.LittleEndian.Uint64(h[8:])
	size := int64(binary.LittleEndian.Uint32(h[16:]))
	if string(h[:4]) != magic || flags&^knownFlags != 0 || mono>>63 != 0 {
		return errRecord
	}
	if flags&flagFault != 0 {
		return d.fault(r, size)
	}
	if channels != d.channels || size != int64(2*d.channels*d.frames) {
		return fmt.Errorf("%d bytes of %d channels: %w", size, channels, errRecord)
	}
	if err := d.read(size); err != nil {
		return err
	}
	r.Mono, r.Overflow, r.Fault = pcm.Mono(mono), flags&flagOverflow != 0, nil
	r.PCM = r.PCM[:0]
	for i := 0; i < len(d.body); i += 2 {
		r.PCM = append(r.PCM, int16(binary.LittleEndian.Uint16(d.body[i:])))
	}
	return nil
}

// wipe clears the audio of r, and what it was made of.
func (d *recordReader) wipe(r *record) {
	clear(r.PCM)
	clear(d.body)
}

func (d *recordReader) fault(r *record, size int64) error {
	if size > maxFault {
		return fmt.Errorf("a fault of %d bytes: %w", size, errRecord)
	}
	if err := d.read(size); err != nil {
		return err
	}
	text, hint, _ := strings.Cut(strings.ToValidUTF8(string(d.body), "?"), "\x00")
	*r = record{PCM: r.PCM[:0], Fault: &fault{Text: text, Hint: hint}}
	return nil
}

func (d *recordReader) read(size int64) error {
	if int64(cap(d.body)) < size {
		d.body = make([]byte, size)
	}
	d.body = d.body[:size]
	if _, err := io.ReadFull(d.r, d.body); err != nil {
		if errors.Is(err, io.EOF) {
			err = io.ErrUnexpectedEOF
		}
		return err
	}
	return nil
}
