package opus

import (
	"fmt"
	"slices"

	"github.com/hraban/opus"

	"linevault/codec"
	"linevault/codec/pcm"
)

// Decoder turns the packets of one leg back into samples.
type Decoder struct {
	rate int
	dec  *opus.Decoder
	skip int // samples of look-ahead still to drop
}

// NewDecoder makes a decoder of one leg: 8 or 16 kHz, or whatever else Opus decodes to.
func NewDecoder(rate int) (*Decoder, error) {
	d := &Decoder{rate: rate}
	if err := d.reset(); err != nil {
		return nil, err
	}
	return d, nil
}

// reset forgets everything. The binding cannot reset a decoder, so there is a new one.
func (d *Decoder) reset() error {
	dec, err := opus.NewDecoder(d.rate, 1)
	if err != nil {
		return fmt.Errorf("opus decoder at %d samples a second: %w", d.rate, err)
	}
	d.dec = dec
	return nil
}

// Decode appends the samples of p.Span to dst: exactly as many as the span is long. The
// packets of a run must come in order, from the one with Restart on. After an error the
// decoder must be given a Restart before anything else.
func (d *Decoder) Decode(p codec.Packet, dst []int16) ([]int16, error) {
	if p.Restart {
		if err := d.reset(); err != nil {
			return dst, err
		}
		d.skip = int(Lookahead(d.rate))
	}
	n, err := Samples(p.Data, d.rate)
	if err != nil {
		return dst, fmt.Errorf("opus decoder: packet of %v: %w", p.Span, err)
	}
	drop := min(d.skip, n)
	if p.Span.Len() > pcm.Pos(n-drop) {
		return dst, fmt.Errorf("opus decoder: packet of %v holds %d samples only", p.Span, n-drop)
	}
	start := len(dst)
	dst = slices.Grow(dst, n)[:start+n]
	got, err := d.dec.Decode(p.Data, dst[start:start+n:start+n])
	if err != nil {
		return dst[:start], fmt.Errorf("opus decoder: packet of %v: %w", p.Span, err)
	}
	if got != n {
		return dst[:start], fmt.Errorf("opus decoder: packet of %v: %d samples where its header says %d", p.Span, got, n)
	}
	d.skip -= drop
	size := int(p.Span.Len())
	copy(dst[start:], dst[start+drop:start+drop+size])
	return dst[:start+size], nil
}
