// Package codec holds what every codec and container here agrees on: the packet, and the
// encoder that makes packets of frames.
package codec

import "linevault/codec/pcm"

// Packet is one Opus packet of one leg.
type Packet struct {
	Leg   pcm.Leg
	Epoch pcm.Epoch
	// Span is the real audio in the packet. At a break a packet may decode to more samples
	// than that; the surplus at its end is padding. See Encoder for where decoding begins.
	Span pcm.Span
	// Restart is true on the first packet after the encoder forgot all state: a decoder
	// must forget, too, and drop the codec's look-ahead (opus.Lookahead) from its start.
	Restart bool
	Data    []byte // borrowed by the callee until it returns
}

// Encoder turns a line's frames into packets, all legs in step: for every packet of the near
// leg there is one of the far leg with the same span. It is not safe for concurrent use.
type Encoder interface {
	// Encode takes a copy of f, which follows on from the audio before it, and emits each
	// packet that is complete. An error of emit is returned as it is.
	Encode(f pcm.Frame, emit func(Packet) error) error
	// Break emits what is pending, in packets no longer than need be, then forgets all
	// state, even when emit fails: nothing of the sound before a break can colour what is
	// encoded after it. Where emit is nil, what is pending is dropped.
	Break(emit func(Packet) error) error
	// Close frees the encoder. It does not emit.
	Close() error
}
