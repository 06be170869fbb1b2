package sound

import (
	"bytes"
	"fmt"
	"sync"

	"linevault/codec"
	"linevault/codec/ogg"
	"linevault/codec/opus"
	"linevault/codec/pcm"
)

// packet is one packet of all legs, as it lies in a page.
type packet struct {
	data []byte
	raw  pcm.Pos // samples that it decodes to
}

// filler has the packets that stand in for gaps. Fresh encoders made them, so nothing of any
// call is in them, and they are always the same. Nobody changes a filler once it is made.
type filler struct {
	format  pcm.Format
	silence []packet // longest first
	tone    []packet
	toneRaw pcm.Pos
}

// fillers keeps what fillerFor made.
var fillers sync.Map // of pcm.Format to *filler

// fillerFor is the filler of a format, made when first asked for.
func fillerFor(f pcm.Format) (*filler, error) {
	if fill, ok := fillers.Load(f); ok {
		return fill.(*filler), nil
	}
	fill, err := newFiller(f)
	if err != nil {
		return nil, err
	}
	fillers.Store(f, fill)
	return fill, nil
}

// newFiller makes packets of silence from 60 ms down to 2.5 ms, and the tone.
func newFiller(f pcm.Format) (*filler, error) {
	fill := &filler{format: f}
	for _, n := range []int{f.Rate * 3 / 50, f.Rate / 25, f.Rate / 50, f.Rate / 100, f.Rate / 200, f.Rate / 400} {
		one, err := opus.Silence(f.Rate, n)
		if err != nil {
			return nil, err
		}
		data, err := join(f.Legs, one)
		if err != nil {
			return nil, err
		}
		fill.silence = append(fill.silence, packet{data: data, raw: pcm.Pos(n)})
	}
	if err := fill.makeTone(); err != nil {
		return nil, fmt.Errorf("encoding the tone of a gap: %w", err)
	}
	return fill, nil
}

// join is one packet for so many legs, all the same.
func join(legs int, one []byte) ([]byte, error) {
	all := make([][]byte, legs)
	for i := range all {
		all[i] = one
	}
	return ogg.Join(nil, all...)
}

func (fill *filler) makeTone() error {
	mono := pcm.Format{Rate: fill.format.Rate, Legs: 1}
	e, err := opus.NewEncoder(mono)
	if err != nil {
		return err
	}
	defer e.Close()
	emit := func(p codec.Packet) error {
		n, err := opus.Samples(p.Data, mono.Rate)
		if err != nil {
			return err
		}
		data, err := join(fill.format.Legs, bytes.Clone(p.Data))
		fill.tone = append(fill.tone, packet{data: data, raw: pcm.Pos(n)})
		fill.toneRaw += pcm.Pos(n)
		return err
	}
	if err := e.Encode(pcm.Frame{Format: mono, PCM: tone(mono)}, emit); err != nil {
		return err
	}
	return e.Break(emit)
}

// unit is the shortest packet there is: 2.5 ms. All others are multiples of it.
func (fill *filler) unit() pcm.Pos { return fill.silence[len(fill.silence)-1].raw }

// plan is the packets that fill one gap: a few, then so many times 60 ms, then a few.
type plan struct {
	head, tail []packet
	middle     packet
	times      int
}

// plan fills a gap with packets that decode to n samples, a multiple of unit.
func (fill *filler) plan(n pcm.Pos, tones bool) plan {
	p := plan{middle: fill.silence[0]}
	if tones = tones && n >= 2*fill.toneRaw; tones {
		n -= 2 * fill.toneRaw
		p.head = fill.tone
	}
	p.times = int(n / p.middle.raw)
	n -= p.middle.raw * pcm.Pos(p.times)
	for _, s := range fill.silence {
		for ; n >= s.raw; n -= s.raw {
			p.tail = append(p.tail, s)
		}
	}
	if tones {
		p.tail = append(p.tail, fill.tone...)
	}
	return p
}

// len is how many packets there are.
func (p plan) len() int { return len(p.head) + p.times + len(p.tail) }

// at is packet i.
func (p plan) at(i int) packet {
	switch {
	case i < len(p.head):
		return p.head[i]
	case i < len(p.head)+p.times:
		return p.middle
	}
	return p.tail[i-len(p.head)-p.times]
}
