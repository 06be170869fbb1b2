package storage

import (
	"encoding/binary"

	"linevault/codec/dsp"
	"linevault/codec/pcm"
)

// levels are the heights of the waveform that are kept, in half a byte each. They are 2 dB
// apart where it is loud and more below, down to -48 dB: a player draws the loudest of a call
// as high as there is room, so that steps must be small beside it whether it is loud or not. In
// calls of -1 to -22 dB the error is 1.0 to 1.7 px of 35 (RMS; with steps of one size in
// decibels 1.7 to 2.6). A value that is not zero never becomes zero, and a zero always stays one.
var levels = [...]uint8{0, 1, 3, 7, 12, 18, 26, 36, 48, 63, 81, 103, 130, 163, 204, 255}

// stepOf is the step whose level is nearest to a value.
func stepOf(v uint8) (step byte) {
	for int(step) < len(levels)-1 && int(levels[step])+int(levels[step+1]) < 2*int(v) {
		step++
	}
	return step
}

// binOf is the bin of the waveform that pos lies in.
func binOf(f pcm.Format, pos pcm.Pos) int64 { return floorDiv(pos, binSize(f)) }

func binSize(f pcm.Format) pcm.Pos { return pcm.Pos(f.Rate / dsp.PeaksPerSecond) }

// peakRun is bins that follow each other: a step for each leg, side by side.
type peakRun struct {
	first int64
	steps []byte
}

// peak notes one value of the waveform. The larger one holds where a bin comes twice.
func (b *builder) peak(leg pcm.Leg, bin int64, v uint8) {
	r := &b.peaks
	n := int64(len(r.steps) / b.format.Legs)
	at := bin - r.first
	if n == 0 || at < 0 || at > n || at == maxPeaks {
		b.tail = b.appendPeaks(b.tail)
		r.first, at, n = bin, 0, 0
	}
	if at == n {
		for range b.format.Legs {
			r.steps = append(r.steps, 0)
		}
	}
	step := &r.steps[int(at)*b.format.Legs+int(leg)]
	*step = max(*step, stepOf(v))
}

// appendPeaks ends the record of the bins so far.
func (b *builder) appendPeaks(to []byte) []byte {
	r := &b.peaks
	if len(r.steps) == 0 {
		return to
	}
	to = append(to, tagPeaks)
	to = binary.AppendVarint(to, r.first-binOf(b.format, b.from))
	to = binary.AppendUvarint(to, uint64(len(r.steps)/b.format.Legs))
	for i, step := range r.steps {
		if i%2 == 0 {
			to = append(to, step)
		} else {
			to[len(to)-1] |= step << 4
		}
	}
	r.steps = r.steps[:0]
	return to
}

// peaks reads such a record of a box that begins at from.
func (p *parser) peaks(f pcm.Format, from pcm.Pos, peak func(pcm.Leg, int64, uint8) error) error {
	bin := binOf(f, from) + p.varint()
	values := p.uvarint(maxPeaks) * uint64(f.Legs)
	packed := p.take((values + 1) / 2)
	if p.fail || peak == nil {
		return nil
	}
	for i := range int(values) {
		step := packed[i/2] >> (i % 2 * 4) & 15
		if err := peak(pcm.Leg(i%f.Legs), bin+int64(i/f.Legs), levels[step]); err != nil {
			return err
		}
	}
	return nil
}
