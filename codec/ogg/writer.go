package ogg

import (
	"errors"
	"fmt"
	"io"
)

// Writer writes one stream from its beginning to its end.
type Writer struct {
	w     io.Writer
	legs  int
	page  Page
	count int   // lacing values on the page
	begun int64 // granule at which the page began
	at    int64 // granule so far, the pre-skip included
	out   []byte
}

// NewWriter writes the headers of a stream of so many legs, sampled at rate, to w.
func NewWriter(w io.Writer, legs, rate int, serial uint32, tags map[string]string) (*Writer, error) {
	header, err := Header(legs, rate, serial, tags)
	if err != nil {
		return nil, err
	}
	if _, err := w.Write(header); err != nil {
		return nil, fmt.Errorf("ogg: writing the headers: %w", err)
	}
	return &Writer{w: w, legs: legs, page: Page{Serial: serial, Sequence: HeaderPages}}, nil
}

// Packet adds the packets of one instant, one per leg, which decode to raw48k samples at
// 48 kHz. It keeps nothing of them.
func (w *Writer) Packet(raw48k int, legs ...[]byte) error {
	if len(legs) != w.legs {
		return fmt.Errorf("ogg: %d packets for %d legs", len(legs), w.legs)
	}
	if raw48k <= 0 {
		return fmt.Errorf("ogg: a packet of %d samples", raw48k)
	}
	before := len(w.page.Body)
	body, err := Join(w.page.Body, legs...)
	if err != nil {
		return err
	}
	n := len(body) - before
	if w.count+segments(n) > MaxSegments || w.at-w.begun >= int64(PageLength.Seconds()*Clock) {
		if err := w.flush(); err != nil {
			return err
		}
		body = append(w.page.Body, body[before:]...)
	}
	w.page.Body = body
	w.page.Sizes = append(w.page.Sizes, n)
	w.count += segments(n)
	w.at += int64(raw48k)
	return nil
}

// flush writes the page.
func (w *Writer) flush() error {
	w.page.Granule = w.at
	w.out = w.page.Append(w.out[:0])
	if _, err := w.w.Write(w.out); err != nil {
		return fmt.Errorf("ogg: writing page %d: %w", w.page.Sequence, err)
	}
	w.page.Sequence++
	w.page.Body, w.page.Sizes = w.page.Body[:0], w.page.Sizes[:0]
	w.count, w.begun = 0, w.at
	return nil
}

// Close writes the last page, which says that the sound is total48k samples long at 48 kHz,
// the pre-skip not counted: what decodes beyond that is not played. It does not close what
// the writer writes to.
func (w *Writer) Close(total48k int64) error {
	end := PreSkip + total48k
	if end > w.at {
		return fmt.Errorf("ogg: the packets hold %d samples, not %d", w.at-PreSkip, total48k)
	}
	if end < w.begun {
		return errors.New("ogg: the sound ends before the last page: packets beyond the end were added")
	}
	w.at = end
	w.page.Last = true
	return w.flush()
}
