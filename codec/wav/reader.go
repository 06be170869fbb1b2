package wav

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"

	"linevault/codec/g711"
	"linevault/codec/pcm"
)

// The encodings of a fmt chunk that are read.
const (
	linear     = 1
	aLaw       = 6
	muLaw      = 7
	extensible = 0xfffe
)

// subFormat is the tail of the GUID that WAVE_FORMAT_EXTENSIBLE wraps an encoding in.
const subFormat = "\x00\x00\x00\x00\x10\x00\x80\x00\x00\xaa\x00\x38\x9b\x71"

// maxFormat is the most of a fmt chunk that is looked at; real ones have 16, 18 or 40 bytes.
const maxFormat = 1 << 10

// Reader reads the samples of a WAV file from its beginning to its end.
type Reader struct {
	r        io.Reader
	at       int64 // bytes read of r
	format   pcm.Format
	encoding uint16
	left     int64 // bytes of sound not read yet
	whole    bool  // the file says how much sound it has
	buf      [4096]byte
}

// NewReader reads the header of a WAV file. It reads a little more at a time than is asked
// of it, and never more than the file's sound.
func NewReader(r io.Reader) (*Reader, error) {
	w := &Reader{r: r}
	var h [12]byte
	if err := w.fill(h[:], "the RIFF header"); err != nil {
		return nil, err
	}
	if string(h[:4]) != "RIFF" || string(h[8:]) != "WAVE" {
		return nil, fmt.Errorf("wav: byte 0: this is not a WAV file: it begins %q", h[:])
	}
	for {
		id, size, err := w.chunk()
		if err != nil {
			return nil, err
		}
		switch {
		case id == "fmt ":
			err = w.readFormat(size)
		case id != "data":
			err = w.skip(size)
		case w.format.Legs == 0:
			err = fmt.Errorf("wav: byte %d: sound comes before the fmt chunk that describes it", w.at-8)
		default:
			w.begin(size)
			return w, nil
		}
		if err != nil {
			return nil, err
		}
	}
}

// Format is the file's rate and how many channels it has, whatever those are.
func (w *Reader) Format() pcm.Format { return w.format }

// Read fills dst with samples, interleaved, always whole instants, and says how many samples
// those are. The error is io.EOF after the last.
func (w *Reader) Read(dst []int16) (int, error) {
	size := w.sampleSize()
	instant := size * w.format.Legs
	want := min(len(dst)*size, len(w.buf)) / instant * instant
	if len(dst) > 0 && want == 0 {
		return 0, io.ErrShortBuffer
	}
	want = int(min(int64(want), w.left/int64(instant)*int64(instant)))
	if want == 0 {
		if len(dst) == 0 {
			return 0, nil
		}
		return 0, io.EOF
	}
	got, err := io.ReadFull(w.r, w.buf[:want])
	w.at += int64(got)
	w.left -= int64(got)
	got -= got % instant
	w.convert(dst, w.buf[:got])
	clear(w.buf[:want]) // what is read next may be shorter, and would leave the rest
	switch {
	case err == nil:
		return got / size, nil
	case !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF):
		return got / size, fmt.Errorf("wav: byte %d: %w", w.at, err)
	case w.whole:
		return got / size, fmt.Errorf("wav: byte %d: the file is cut off: %d bytes of sound are missing", w.at, w.left)
	}
	w.left = 0
	if got == 0 {
		return 0, io.EOF
	}
	return got / size, nil
}

func (w *Reader) sampleSize() int {
	if w.encoding == linear {
		return 2
	}
	return 1
}

func (w *Reader) convert(dst []int16, src []byte) {
	switch w.encoding {
	case aLaw:
		g711.DecodeA(dst, src)
	case muLaw:
		g711.DecodeU(dst, src)
	default:
		for i := range len(src) / 2 {
			dst[i] = int16(binary.LittleEndian.Uint16(src[2*i:]))
		}
	}
}

// chunk reads the head of the next chunk.
func (w *Reader) chunk() (id string, size int64, err error) {
	var h [8]byte
	if err := w.fill(h[:], "the next chunk; no sound was found before it"); err != nil {
		return "", 0, err
	}
	return string(h[:4]), int64(binary.LittleEndian.Uint32(h[4:])), nil
}

// skip passes over a chunk that says nothing to us, and the byte that makes its length even.
func (w *Reader) skip(size int64) error {
	n, err := io.CopyN(io.Discard, w.r, size+size&1)
	w.at += n
	if err != nil {
		return fmt.Errorf("wav: byte %d: the file ends inside a chunk of %d bytes: %w", w.at, size, noEOF(err))
	}
	return nil
}

// begin notes how much sound follows. A program that writes to a pipe cannot know and puts
// 0, nearly 2 GiB (SoX) or nearly 4 GiB (FFmpeg): then the sound lasts as long as the file.
func (w *Reader) begin(size int64) {
	const margin = 1 << 12
	w.left, w.whole = size, true
	if size == 0 || size >= math.MaxUint32-margin || size >= math.MaxInt32-margin && size <= math.MaxInt32 {
		w.left, w.whole = math.MaxInt64, false
	}
}

// readFormat reads a fmt chunk.
func (w *Reader) readFormat(size int64) error {
	at := w.at
	if size < 16 || size > maxFormat {
		return fmt.Errorf("wav: byte %d: a fmt chunk of %d bytes; 16, 18 and 40 are usual", at, size)
	}
	b := make([]byte, size)
	if err := w.fill(b, "the fmt chunk"); err != nil {
		return err
	}
	if size&1 == 1 {
		if err := w.skip(1); err != nil {
			return err
		}
	}
	encoding, width := binary.LittleEndian.Uint16(b), binary.LittleEndian.Uint16(b[14:])
	if encoding == extensible {
		if size < 40 || string(b[26:40]) != subFormat {
			return fmt.Errorf("wav: byte %d: an extensible fmt chunk without a sub-format that is known", at)
		}
		encoding = binary.LittleEndian.Uint16(b[24:])
	}
	want := uint16(8)
	switch encoding {
	case linear:
		want = 16
	case aLaw, muLaw:
	default:
		return fmt.Errorf("wav: byte %d: encoding %#x cannot be read: only 16-bit linear, A-law and mu-law", at, encoding)
	}
	if width != want {
		return fmt.Errorf("wav: byte %d: samples of %d bits where %d are needed", at, width, want)
	}
	f := pcm.Format{
		Legs: int(binary.LittleEndian.Uint16(b[2:])),
		Rate: int(binary.LittleEndian.Uint32(b[4:])),
	}
	if f.Legs == 0 || f.Legs > 256 || f.Rate == 0 || f.Rate > 768000 {
		return fmt.Errorf("wav: byte %d: %d channels at %d samples a second make no sense", at, f.Legs, f.Rate)
	}
	if block := int(binary.LittleEndian.Uint16(b[12:])); block != f.Legs*int(want)/8 {
		return fmt.Errorf("wav: byte %d: %d bytes to an instant of %d channels of %d bits", at, block, f.Legs, want)
	}
	w.format, w.encoding = f, encoding
	return nil
}

// fill reads all of b, or says that the file ends in what.
func (w *Reader) fill(b []byte, what string) error {
	n, err := io.ReadFull(w.r, b)
	w.at += int64(n)
	if err != nil {
		return fmt.Errorf("wav: byte %d: the file ends where %s should be: %w", w.at, what, noEOF(err))
	}
	return nil
}

// noEOF keeps a cut-off header from looking like an orderly end.
func noEOF(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}
