// Package wav reads and writes RIFF WAVE files: 16-bit linear, and A-law and mu-law when
// reading.
package wav

import (
	"encoding/binary"
	"fmt"
	"io"
	"math"

	"linevault/codec/pcm"
)

// HeaderSize is how many bytes WriteHeader writes.
const HeaderSize = 44

// MaxSamples is how many sample instants of the given number of legs a file can hold: its
// lengths are 32-bit.
func MaxSamples(legs int) int64 {
	return (math.MaxUint32 - HeaderSize) / int64(2*legs)
}

// WriteHeader writes what comes before the given number of sample instants of linear audio:
// little-endian 16-bit samples, interleaved by leg.
func WriteHeader(w io.Writer, f pcm.Format, samples int64) error {
	if samples < 0 || samples > MaxSamples(f.Legs) {
		return fmt.Errorf("wav: %d samples of %d legs do not fit a WAV file, which holds 4 GiB at the most", samples, f.Legs)
	}
	block := 2 * f.Legs
	size := uint32(samples) * uint32(block)
	var h [HeaderSize]byte
	copy(h[0:], "RIFF")
	binary.LittleEndian.PutUint32(h[4:], HeaderSize-8+size)
	copy(h[8:], "WAVEfmt ")
	binary.LittleEndian.PutUint32(h[16:], 16)
	binary.LittleEndian.PutUint16(h[20:], linear)
	binary.LittleEndian.PutUint16(h[22:], uint16(f.Legs))
	binary.LittleEndian.PutUint32(h[24:], uint32(f.Rate))
	binary.LittleEndian.PutUint32(h[28:], uint32(f.Rate*block))
	binary.LittleEndian.PutUint16(h[32:], uint16(block))
	binary.LittleEndian.PutUint16(h[34:], 16)
	copy(h[36:], "data")
	binary.LittleEndian.PutUint32(h[40:], size)
	_, err := w.Write(h[:])
	return err
}
