package replay

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"math"

	"linevault/codec/pcm"
	"linevault/hal"
)

// A block file is what a line gave at a bench, to be replayed as a test or a support case. It
// is not encrypted: it is for lines on which nobody speaks in confidence.
//
//	0  8  magic and version, "LVBLOCK1"
//	8  4  rate
//	12 1  legs
//	13 1  length of the line's ID, which follows
//
// Then block after block: the length of its body, the body's CRC-32C, and the body:
//
//	0  4  epoch
//	4  8  position
//	12 8  captured
//	20 2  number of signals, each of: position 8, kind 1, length 2, data
//	..    samples, interleaved by leg
//
// All numbers are little endian.
const (
	blockMagic = "LVBLOCK1"
	blockHead  = 22
	signalHead = 11
	maxBody    = 1 << 18
	maxRate    = 192000
	maxPos     = math.MaxInt64 / 2
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// BlockWriter writes a block file.
type BlockWriter struct {
	w      io.Writer
	format pcm.Format
	buf    []byte
}

// NewBlockWriter begins a file of what l gives.
func NewBlockWriter(w io.Writer, l hal.Line) (*BlockWriter, error) {
	id, f := l.ID(), l.Format()
	if len(id) > math.MaxUint8 {
		return nil, fmt.Errorf("block file: the line's ID has %d characters", len(id))
	}
	head := append([]byte(nil), blockMagic...)
	head = binary.LittleEndian.AppendUint32(head, uint32(f.Rate))
	head = append(head, byte(f.Legs), byte(len(id)))
	head = append(head, id...)
	if _, err := w.Write(head); err != nil {
		return nil, fmt.Errorf("block file: %w", err)
	}
	return &BlockWriter{w: w, format: f}, nil
}

// Write adds a block, and keeps nothing of it.
func (w *BlockWriter) Write(b *hal.Block) error {
	body := append(w.buf[:0], make([]byte, 8)...)
	body = binary.LittleEndian.AppendUint32(body, uint32(b.Frame.Epoch))
	body = binary.LittleEndian.AppendUint64(body, uint64(b.Frame.Pos))
	body = binary.LittleEndian.AppendUint64(body, uint64(b.Captured))
	body = binary.LittleEndian.AppendUint16(body, uint16(len(b.Signals)))
	for _, s := range b.Signals {
		body = binary.LittleEndian.AppendUint64(body, uint64(s.At))
		body = append(body, byte(s.Kind))
		body = binary.LittleEndian.AppendUint16(body, uint16(len(s.Data)))
		body = append(body, s.Data...)
	}
	for _, s := range b.Frame.PCM {
		body = binary.LittleEndian.AppendUint16(body, uint16(s))
	}
	w.buf = body
	size := len(body) - 8
	if size > maxBody || len(b.Signals) > math.MaxUint16 {
		return fmt.Errorf("block file: a block of %d bytes: at most %d are allowed", size, maxBody)
	}
	binary.LittleEndian.PutUint32(body, uint32(size))
	binary.LittleEndian.PutUint32(body[4:], crc32.Checksum(body[8:], castagnoli))
	if _, err := w.w.Write(body); err != nil {
		return fmt.Errorf("block file: %w", err)
	}
	return nil
}

// blockReader reads the blocks of a file, and lets none pass that a line could not have given.
type blockReader struct {
	r        io.Reader
	id       pcm.LineID
	format   pcm.Format
	body     []byte
	n        int // blocks read
	epoch    pcm.Epoch
	end      pcm.Pos
	captured pcm.Mono
}

func newBlockReader(r io.Reader) (*blockReader, error) {
	var h [14]byte
	if _, err := io.ReadFull(r, h[:]); err != nil {
		return nil, fmt.Errorf("block file: its head: %w", err)
	}
	if string(h[:8]) != blockMagic {
		return nil, fmt.Errorf("block file: it begins %q: it is none, or of another version", h[:8])
	}
	f := pcm.Format{Rate: int(binary.LittleEndian.Uint32(h[8:])), Legs: int(h[12])}
	if f.Legs < 1 || f.Legs > pcm.MaxLegs || f.Rate < 8000 || f.Rate > maxRate {
		return nil, fmt.Errorf("block file: it has %s", describe(f))
	}
	id := make([]byte, h[13])
	if _, err := io.ReadFull(r, id); err != nil {
		return nil, fmt.Errorf("block file: its line's ID: %w", err)
	}
	return &blockReader{r: r, id: pcm.LineID(id), format: f}, nil
}

// next fills b, reusing its memory, but for the data of signals.
func (r *blockReader) next(b *hal.Block) error {
	var h [8]byte
	if _, err := io.ReadFull(r.r, h[:]); errors.Is(err, io.EOF) {
		return io.EOF
	} else if err != nil {
		return r.fault(err)
	}
	size := int(binary.LittleEndian.Uint32(h[:]))
	if size < blockHead || size > maxBody {
		return r.fault(fmt.Errorf("%d bytes", size))
	}
	if cap(r.body) < size {
		r.body = make([]byte, size)
	}
	r.body = r.body[:size]
	if _, err := io.ReadFull(r.r, r.body); err != nil {
		return r.fault(fmt.Errorf("the file is cut off: %w", err))
	}
	if crc32.Checksum(r.body, castagnoli) != binary.LittleEndian.Uint32(h[4:]) {
		return r.fault(errors.New("its checksum is wrong"))
	}
	if err := r.parse(b, r.body); err != nil {
		return r.fault(err)
	}
	r.n++
	return nil
}

func (r *blockReader) fault(err error) error { return fmt.Errorf("block file: block %d: %w", r.n, err) }

func (r *blockReader) parse(b *hal.Block, body []byte) error {
	b.Reset()
	b.Frame = pcm.Frame{
		Epoch:  pcm.Epoch(binary.LittleEndian.Uint32(body)),
		Pos:    pcm.Pos(binary.LittleEndian.Uint64(body[4:])),
		Format: r.format, PCM: b.Frame.PCM,
	}
	b.Captured = pcm.Mono(binary.LittleEndian.Uint64(body[12:]))
	signals := int(binary.LittleEndian.Uint16(body[20:]))
	for body = body[blockHead:]; signals > 0; signals-- {
		if len(body) < signalHead {
			return errors.New("a signal is cut off")
		}
		data := int(binary.LittleEndian.Uint16(body[9:]))
		if len(body) < signalHead+data {
			return errors.New("a signal is cut off")
		}
		b.Signals = append(b.Signals, hal.Signal{
			At: pcm.Pos(binary.LittleEndian.Uint64(body)), Kind: hal.SignalKind(body[8]),
			Data: append([]byte(nil), body[signalHead:signalHead+data]...),
		})
		body = body[signalHead+data:]
	}
	if len(body)%(2*r.format.Legs) != 0 {
		return errors.New("a sample is cut off")
	}
	for ; len(body) > 0; body = body[2:] {
		b.Frame.PCM = append(b.Frame.PCM, int16(binary.LittleEndian.Uint16(body)))
	}
	return r.possible(b)
}

// possible: whatever reads a line relies on this.
func (r *blockReader) possible(b *hal.Block) error {
	f := b.Frame
	same := r.n > 0 && f.Epoch == r.epoch
	switch {
	case f.Pos < 0 || f.Pos > maxPos || f.Len() > r.format.Samples(hal.MaxBlock):
		return fmt.Errorf("%d samples at %d", f.Len(), f.Pos)
	case same && f.Pos != r.end, r.n > 0 && !same && (f.Epoch < r.epoch || f.Pos < r.end):
		return fmt.Errorf("position %d of epoch %d, after %d of epoch %d", f.Pos, f.Epoch, r.end, r.epoch)
	case b.Captured < r.captured:
		return fmt.Errorf("captured before the block before it")
	}
	at := f.Pos
	for _, s := range b.Signals {
		if s.At < at || s.At > f.Span().To || s.Kind.String() == "" {
			return fmt.Errorf("a signal of kind %d at %d", s.Kind, s.At)
		}
		at = s.At
	}
	r.epoch, r.end, r.captured = f.Epoch, f.Span().To, b.Captured
	return nil
}
