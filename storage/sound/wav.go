package sound

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"sort"

	"linevault/codec"
	"linevault/codec/opus"
	"linevault/codec/pcm"
	"linevault/codec/wav"
	"linevault/storage"
)

// WAV is a call as a WAV file: sample i of the file is position i of the call, gaps included.
// A sample is decoded from the last break before it on, so that the same place of the file has
// the same bytes however it is reached: reading on is cheap, reaching far into a call without
// a break is not. It belongs to one goroutine.
type WAV struct {
	src    source
	call   storage.Call
	runs   []storage.Run
	span   pcm.Span
	header []byte
	tone   []int16
	tag    string
	at     int64

	decoders []*opus.Decoder
	next     int // the run that the decoders are ready for
	legs     [][]int16
	have     pcm.Span // what made holds
	made     []byte
}

// NewWAV lays out the file of a call. No box is opened until its sound is read.
func NewWAV(p *storage.Playback) (*WAV, error) { return newWAV(p, p.Row().Call) }

func newWAV(src source, call storage.Call) (*WAV, error) {
	runs := src.Runs()
	if err := check(call, runs); err != nil {
		return nil, err
	}
	w := &WAV{
		src: src, call: call, runs: runs, span: span(runs), next: -1,
		tone: tone(call.Format), tag: tag("wav", call, runs),
		decoders: make([]*opus.Decoder, call.Format.Legs), legs: make([][]int16, call.Format.Legs),
	}
	var header bytes.Buffer
	if err := wav.WriteHeader(&header, call.Format, int64(w.span.Len())); err != nil {
		return nil, fmt.Errorf("playing call %s: %w", call.ID, err)
	}
	w.header = header.Bytes()
	return w, nil
}

// Size is how many bytes the file has.
func (w *WAV) Size() int64 { return wav.HeaderSize + int64(w.span.Len())*w.instant() }

// instant is how many bytes one sample of each leg takes.
func (w *WAV) instant() int64 { return 2 * int64(w.call.Format.Legs) }

// ETag names this very content, in the quotes of HTTP.
func (w *WAV) ETag() string { return w.tag }

// Seek implements io.Seeker.
func (w *WAV) Seek(offset int64, whence int) (at int64, err error) {
	w.at, err = seek(w.at, w.Size(), offset, whence)
	return w.at, err
}

// Read implements io.Reader. After a *storage.DamagedError the file is another: make it anew.
func (w *WAV) Read(b []byte) (int, error) {
	switch {
	case len(b) == 0:
		return 0, nil
	case w.at >= w.Size():
		return 0, io.EOF
	case w.at < wav.HeaderSize:
		n := copy(b, w.header[w.at:])
		w.at += int64(n)
		return n, nil
	}
	offset := w.at - wav.HeaderSize
	pos := w.span.From + pcm.Pos(offset/w.instant())
	if !w.have.Contains(pos) {
		if err := w.make(pos); err != nil {
			return 0, fmt.Errorf("playing call %s: %w", w.call.ID, err)
		}
	}
	n := copy(b, w.made[int64(pos-w.have.From)*w.instant()+offset%w.instant():])
	w.at += int64(n)
	return n, nil
}

// make makes the sound at pos, and some around it.
func (w *WAV) make(pos pcm.Pos) error {
	i := sort.Search(len(w.runs), func(i int) bool { return w.runs[i].Span.To > pos })
	w.have = pcm.Span{}
	if w.runs[i].Gap != nil {
		w.makeGap(w.runs[i].Span, pos)
		return nil
	}
	if i != w.next {
		first := i
		for !w.breaks(first) {
			first--
		}
		w.next = first
	}
	for w.next <= i {
		if err := w.decode(w.next); err != nil {
			w.next = -1
			return err
		}
		w.next++
	}
	w.weave(w.runs[i].Span)
	return nil
}

// breaks reports whether the decoder of run i forgets what was before it.
func (w *WAV) breaks(i int) bool {
	return i == 0 || w.runs[i].Restart || w.runs[i-1].Gap != nil
}

// decode decodes run i into legs.
func (w *WAV) decode(i int) error {
	if w.breaks(i) {
		for leg := range w.decoders {
			d, err := opus.NewDecoder(w.call.Format.Rate)
			if err != nil {
				return err
			}
			w.decoders[leg] = d
		}
	}
	for leg := range w.legs {
		w.legs[leg] = w.legs[leg][:0]
	}
	err := sound(w.src, i, func(p codec.Packet) (err error) {
		if int(p.Leg) >= len(w.legs) {
			return fmt.Errorf("a packet of leg %d of %d", p.Leg, len(w.legs))
		}
		w.legs[p.Leg], err = w.decoders[p.Leg].Decode(p, w.legs[p.Leg])
		return err
	})
	if err != nil {
		return err
	}
	for leg, s := range w.legs {
		if want := w.runs[i].Span.Len(); pcm.Pos(len(s)) != want {
			return fmt.Errorf("leg %d of run %d has %d samples where the index of its boxes says %d", leg, i, len(s), want)
		}
	}
	return nil
}

// weave makes the bytes of s out of the legs.
func (w *WAV) weave(s pcm.Span) {
	w.have, w.made = s, w.made[:0]
	for i := range s.Len() {
		for _, leg := range w.legs {
			w.made = binary.LittleEndian.AppendUint16(w.made, uint16(leg[i]))
		}
	}
}

// makeGap makes a second of a gap at most, from pos on.
func (w *WAV) makeGap(gap pcm.Span, pos pcm.Pos) {
	w.have = pcm.Span{From: pos, To: min(gap.To, pos+pcm.Pos(w.call.Format.Rate))}
	w.made = w.made[:0]
	n := pcm.Pos(len(w.tone))
	for p := w.have.From; p < w.have.To; p++ {
		var v int16
		switch {
		case !hasTones(w.call.Format, gap.Len()):
		case p-gap.From < n:
			v = w.tone[p-gap.From]
		case gap.To-p <= n:
			v = w.tone[n-(gap.To-p)]
		}
		for range w.legs {
			w.made = binary.LittleEndian.AppendUint16(w.made, uint16(v))
		}
	}
}
