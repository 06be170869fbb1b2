package opus

import (
	"errors"
	"fmt"

	"github.com/hraban/opus"

	"linevault/codec"
	"linevault/codec/pcm"
)

// Encoder makes one mono stream per leg, the legs in step. Between two breaks lies a run:
// its packets decode to look-ahead, then the sound, then less than 10 ms of padding.
type Encoder struct {
	format pcm.Format
	legs   []*opus.Encoder
	frame  int // samples in a whole packet
	step   int // samples in the shortest packet: 10 ms, as SILK has none shorter

	epoch   pcm.Epoch
	first   pcm.Pos // where the run began
	next    pcm.Pos // where the frame that follows must begin
	out     pcm.Pos // where the next packet's decoded sound begins; the look-ahead lies before first
	running bool
	restart bool      // no packet of this run is out yet
	pending [][]int16 // per leg, less than a whole packet
	packet  []byte
}

var _ codec.Encoder = (*Encoder)(nil)

// NewEncoder makes an encoder for frames of format f: 8 or 16 kHz, one or two legs.
func NewEncoder(f pcm.Format) (*Encoder, error) {
	if f.Rate != 8000 && f.Rate != 16000 {
		return nil, fmt.Errorf("opus encoder: %d samples a second: only 8000 and 16000 are possible", f.Rate)
	}
	if f.Legs < 1 || f.Legs > pcm.MaxLegs {
		return nil, fmt.Errorf("opus encoder: %d legs: only 1 and 2 are possible", f.Legs)
	}
	e := &Encoder{
		format: f,
		frame:  int(f.Samples(FrameLength)),
		step:   f.Rate / 100,
		packet: make([]byte, maxPacket),
	}
	for range f.Legs {
		l, err := newLeg(f.Rate)
		if err != nil {
			return nil, fmt.Errorf("opus encoder: %w", err)
		}
		e.legs = append(e.legs, l)
		e.pending = append(e.pending, make([]int16, 0, e.frame+e.step))
	}
	return e, nil
}

// newLeg makes the encoder of one leg. VBR because libopus reaches a constant rate by
// encoding again and again, at 1.6 to 1.9 times the cost.
func newLeg(rate int) (*opus.Encoder, error) {
	l, err := opus.NewEncoder(rate, 1, opus.AppVoIP)
	if err != nil {
		return nil, err
	}
	for _, set := range []func() error{
		func() error { return l.SetBitrate(Bitrate) },
		func() error { return l.SetVBR(true) },
		func() error { return l.SetDTX(false) },
		func() error { return l.SetInBandFEC(false) },
		func() error { return l.SetComplexity(Complexity) },
	} {
		if err := set(); err != nil {
			return nil, err
		}
	}
	return l, nil
}

// SetComplexity changes how hard the encoder tries from the next packet on, 0 to 10. It is
// the valve for a machine that is behind, and makes no break.
func (e *Encoder) SetComplexity(n int) error {
	for _, l := range e.legs {
		if err := l.SetComplexity(n); err != nil {
			return fmt.Errorf("opus encoder: complexity %d: %w", n, err)
		}
	}
	return nil
}

// SetBitrate changes what each leg gets from the next packet on, in bits per second. It is the
// valve for a disk that fills up, and makes no break.
func (e *Encoder) SetBitrate(n int) error {
	for _, l := range e.legs {
		if err := l.SetBitrate(n); err != nil {
			return fmt.Errorf("opus encoder: %d bits per second: %w", n, err)
		}
	}
	return nil
}

// Encode implements codec.Encoder.
func (e *Encoder) Encode(f pcm.Frame, emit func(codec.Packet) error) error {
	if f.Format != e.format {
		return fmt.Errorf("opus encoder: frame of %v for an encoder of %v", f.Format, e.format)
	}
	if len(f.PCM)%e.format.Legs != 0 {
		return fmt.Errorf("opus encoder: frame of %d samples for %d legs", len(f.PCM), e.format.Legs)
	}
	if f.Len() == 0 {
		return nil
	}
	if e.running && (f.Pos != e.next || f.Epoch != e.epoch) {
		return fmt.Errorf("opus encoder: frame at %d of epoch %d does not follow on from %d of epoch %d without a break",
			f.Pos, f.Epoch, e.next, e.epoch)
	}
	if !e.running {
		e.start(f)
	}
	e.next = f.Pos + f.Len()
	for in := f.PCM; len(in) > 0; {
		n := min(len(in)/e.format.Legs, e.frame-len(e.pending[0]))
		e.take(in[:n*e.format.Legs])
		in = in[n*e.format.Legs:]
		if len(e.pending[0]) == e.frame {
			if err := e.emit(e.frame, emit); err != nil {
				return err
			}
		}
	}
	return nil
}

// start begins a run at f.
func (e *Encoder) start(f pcm.Frame) {
	e.running, e.restart = true, true
	e.epoch, e.first = f.Epoch, f.Pos
	e.out = f.Pos - Lookahead(e.format.Rate)
}

// take sorts interleaved samples into the legs' pending ones.
func (e *Encoder) take(in []int16) {
	if e.format.Legs == 1 {
		e.pending[0] = append(e.pending[0], in...)
		return
	}
	near, far := e.pending[0], e.pending[1]
	for i := 0; i+1 < len(in); i += 2 {
		near, far = append(near, in[i]), append(far, in[i+1])
	}
	e.pending[0], e.pending[1] = near, far
}

// Break implements codec.Encoder. The last samples come out of the decoder a look-ahead
// late, so that much silence follows them, and more to the end of a packet: at most two
// packets, whose lengths sum to the next whole 10 ms. Shorter packets would be CELT ones,
// and each change between SILK and CELT is heard. The state is forgotten even when emit fails.
func (e *Encoder) Break(emit func(codec.Packet) error) error {
	if !e.running {
		return nil
	}
	var failed error
	for emit != nil && e.out < e.next && failed == nil {
		failed = e.emit(e.fit(int(e.next-e.out)), emit)
	}
	e.running = false
	for i, l := range e.legs {
		clear(e.pending[i][:cap(e.pending[i])])
		e.pending[i] = e.pending[i][:0]
		if err := l.Reset(); err != nil {
			failed = errors.Join(failed, fmt.Errorf("opus encoder: reset: %w", err))
		}
	}
	return failed
}

// fit is the longest packet that want samples fill, but for less than 10 ms.
func (e *Encoder) fit(want int) int {
	for _, steps := range [...]int{6, 4, 2} {
		if want > (steps-1)*e.step {
			return steps * e.step
		}
	}
	return e.step
}

// emit encodes n pending samples of each leg, with silence after them where there are fewer.
// When emit fails, the legs stay in step all the same.
func (e *Encoder) emit(n int, emit func(codec.Packet) error) error {
	span := pcm.Span{From: max(e.first, e.out), To: min(e.next, e.out+pcm.Pos(n))}
	restart := e.restart
	e.restart = false
	e.out += pcm.Pos(n)
	var failed error
	for i, l := range e.legs {
		p := e.pending[i]
		for len(p) < n {
			p = append(p, 0)
		}
		// The binding passes cap to libopus, not len.
		size, err := l.Encode(p[:n:n], e.packet[:maxPacket:maxPacket])
		e.pending[i] = p[:copy(p, p[n:])]
		switch {
		case failed != nil:
		case err != nil:
			failed = fmt.Errorf("opus encoder: %v: %w", span, err)
		default:
			failed = emit(codec.Packet{
				Leg: pcm.Leg(i), Epoch: e.epoch, Span: span, Restart: restart,
				Data: e.packet[:size:size],
			})
		}
	}
	return failed
}

// Close implements codec.Encoder. libopus's state is in Go's memory: nothing is left behind.
func (e *Encoder) Close() error {
	e.legs, e.pending, e.running = nil, nil, false
	return nil
}
